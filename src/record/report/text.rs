//! A report for a person.

use crate::plan::Argv;
use crate::record::report::Report;

impl Report {
    /// Renders a dry run for a person.
    pub fn dry_run_text(&self) -> String {
        let mut text = format!(
            "decision={} reason={}: {}\nwould exit with {}\n",
            self.decision, self.reason, self.detail, self.exit
        );
        if let Some(would_run) = &self.would_run {
            text += &commands("would run now", &would_run.now);
            text += &commands("on a confirmed death it would run", &would_run.on_promotion);
        }
        text
    }
}

fn commands(title: &str, commands: &[Argv]) -> String {
    if commands.is_empty() {
        return format!("{title}: nothing\n");
    }
    let lines = commands.iter().map(|argv| {
        let words: Vec<String> = argv.iter().map(|word| quote(word)).collect();
        format!("  {}\n", words.join(" "))
    });
    format!("{title}, in this order:\n{}", lines.collect::<String>())
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
