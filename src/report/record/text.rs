//! A report for a person.

use crate::act::Argv;
use crate::base::shell::shell_line;
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
