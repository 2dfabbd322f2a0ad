//! A report for a person.

use crate::act::Argv;
use crate::base::logging::one_line;
use crate::report::record::Report;

impl Report {
    /// Renders a dry run for a person.
    pub fn dry_run_text(&self) -> String {
        let mut text = format!(
            "decision={} reason={}: {}\nwould exit with {}\n",
            self.decision, self.reason, self.detail, self.exit
        );
        if let Some(would_run) = &self.would_run {
            text += &commands("would run now", &would_run.now);
            // One list is enough: what is run now is what would be run on a death, or after it.
            if let (Some(on_promotion), []) = (&would_run.on_promotion, would_run.now.as_slice()) {
                text += &commands(would_run.when, on_promotion);
            }
        }
        text
    }
}

fn commands(title: &str, commands: &[Argv]) -> String {
    if commands.is_empty() {
        return format!("{title}: nothing\n");
    }
    let lines = commands
        .iter()
        .map(|argv| format!("  {}\n", shell_line(argv)));
    format!("{title}, in this order:\n{}", lines.collect::<String>())
}

/// Returns a command as a line that can be pasted into a shell.
pub fn shell_line(argv: &[String]) -> String {
    let words: Vec<String> = argv.iter().map(|word| quote(word)).collect();
    words.join(" ")
}

/// Quotes a word as a shell would need it, so that a line can be pasted, and stays one line.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let escaped = one_line(word);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if escaped == word {
        format!("'{}'", word.replace('\'', "'\\''"))
    } else {
        let word = word.replace('\\', "\\\\").replace('\'', "\\'");
        format!("$'{}'", in_dollar_quotes(&word))
    }
}

/// Escapes what breaks a line as the shell's `$'…'` reads it.
fn in_dollar_quotes(word: &str) -> String {
    word.chars()
        .map(|c| match one_line(c.encode_utf8(&mut [0; 4])) {
            same if same.starts_with(c) => same,
            _ => format!("\\U{:08x}", u32::from(c)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shell_line;

    #[test]
    fn a_line_can_be_pasted_into_a_shell_and_is_one_line() {
        for (word, due) in [
            ("plain-1.2_x/y:z=a@b%c+d,e", "plain-1.2_x/y:z=a@b%c+d,e"),
            ("", "''"),
            ("two words", "'two words'"),
            ("a>b", "'a>b'"),
            ("<in", "'<in'"),
            ("$(x)", "'$(x)'"),
            ("it's", "'it'\\''s'"),
            ("a\nb'c\\d", "$'a\\U0000000ab\\'c\\\\d'"),
            ("a\u{2028}b", "$'a\\U00002028b'"),
        ] {
            assert_eq!(shell_line(&[word.to_owned()]), due);
        }
    }
}
