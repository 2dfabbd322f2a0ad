//! A command as a line for a shell.

use super::logging::one_line;

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
