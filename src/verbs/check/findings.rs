//! What was found, by how much it matters.

use crate::config::Problem;

/// Errors and warnings, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What keeps habeat from doing what it is there for.
    pub errors: Vec<Problem>,
    /// What an admin should look at.
    pub warnings: Vec<Problem>,
}

impl Findings {
    /// Notes an error; `key` says what it is about.
    pub(super) fn error(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push(problem(key, message.into()));
    }

    /// Notes a warning; `key` says what it is about.
    pub(super) fn warn(&mut self, key: &str, message: impl Into<String>) {
        self.warnings.push(problem(key, message.into()));
    }
}

fn problem(key: &str, message: String) -> Problem {
    Problem {
        line: None,
        key: key.to_owned(),
        message,
    }
}
