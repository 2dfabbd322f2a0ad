//! A report for a person.

use crate::plan::Argv;
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
            if let Some(on_promotion) = &would_run.on_promotion {
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

/// Quotes a word as a shell would need it, so that a line can be pasted.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+<>".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
