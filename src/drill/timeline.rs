//! What a drill prints: one block per scenario, one aligned line per call.

use std::fmt;

use serde::Serialize;

use super::scenario::Scenario;

/// A scenario that was played.
#[derive(Debug, Serialize)]
pub(super) struct Played {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// Its story in one line.
    pub(super) title: &'static str,
    /// What happened, up to the first line that does not hold.
    pub(super) lines: Vec<Line>,
    /// What kept it from being played to the end, if not a line.
    pub(super) trouble: Vec<String>,
}

/// One call, and what came before it and of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// What happened in the lab before.
    pub(super) happened: String,
    /// What was called.
    pub(super) call: String,
    /// What it decided; empty where it could not say.
    pub(super) decision: String,
    /// The code of its reason.
    pub(super) reason: String,
    /// What it made of the evidence.
    pub(super) verdict: String,
    /// The exit code, or how it ended otherwise.
    pub(super) exit: String,
    /// What was done meanwhile.
    pub(super) done: Vec<String>,
    /// What is not as it must be.
    pub(super) mismatches: Vec<String>,
    /// The end of its log, where something is not as it must be.
    pub(super) last_words: Vec<String>,
}

impl Line {
    /// Starts a line.
    pub(super) fn new(number: usize, happened: String) -> Self {
        Self {
            number,
            happened,
            ..Self::default()
        }
    }

    /// Returns the last column.
    fn what_was_done(&self) -> String {
        if self.done.is_empty() {
            "nothing".to_owned()
        } else {
            self.done.join(", ")
        }
    }

    /// Returns the aligned columns; the last one is not aligned.
    fn columns(&self) -> [String; 5] {
        let decision = if self.decision.is_empty() {
            self.call.clone()
        } else {
            self.decision.clone()
        };
        [
            self.number.to_string(),
            self.happened.clone(),
            decision,
            self.reason.clone(),
            self.exit.clone(),
        ]
    }
}

impl Played {
    /// A scenario about to be played.
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self {
            name: scenario.name,
            title: scenario.title,
            lines: Vec::new(),
            trouble: Vec::new(),
        }
    }

    /// Returns whether everything was as it must be.
    pub(super) fn result(&self) -> Drilled {
        let holds = self.lines.iter().all(|line| line.mismatches.is_empty());
        if holds && self.trouble.is_empty() {
            Drilled::Passed
        } else {
            Drilled::Failed
        }
    }
}

/// What came of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Drilled {
    /// Everything was as it must be.
    Passed,
    /// Something was not.
    Failed,
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEAD: [&str; 5] = ["run", "what happened", "decision", "reason", "exit"];
        writeln!(f, "{}: {}", self.name, self.title)?;
        let rows: Vec<_> = self.lines.iter().map(Line::columns).collect();
        let mut widths = HEAD.map(str::len);
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        row(f, &widths, &HEAD.map(str::to_owned), "done")?;
        for (columns, line) in rows.iter().zip(&self.lines) {
            row(f, &widths, columns, &line.what_was_done())?;
            for wrong in &line.mismatches {
                writeln!(f, "       FAILED: {wrong}")?;
            }
            for word in &line.last_words {
                writeln!(f, "         | {word}")?;
            }
        }
        self.trouble
            .iter()
            .try_for_each(|trouble| writeln!(f, "       FAILED: {trouble}"))
    }
}

/// Writes one row: the run's number to the right, everything else to the left.
fn row(
    f: &mut fmt::Formatter<'_>,
    widths: &[usize; 5],
    cells: &[String; 5],
    done: &str,
) -> fmt::Result {
    let [number, happened, decision, reason, exit] = cells;
    let [w_number, w_happened, w_decision, w_reason, w_exit] = *widths;
    let line = format!(
        "  {number:>w_number$}  {happened:w_happened$}  {decision:w_decision$}  \
         {reason:w_reason$}  {exit:>w_exit$}  {done}"
    );
    writeln!(f, "{}", line.trim_end())
}

#[cfg(test)]
mod tests;
