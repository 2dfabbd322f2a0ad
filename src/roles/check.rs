//! What `habeat check` finds, as far as a role finds it.

use serde::Serialize;

use crate::config::Problem;

pub mod programs;

/// Errors and warnings, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Findings {
    /// What keeps habeat from doing what it is there for.
    pub errors: Vec<Problem>,
    /// What an admin should look at.
    pub warnings: Vec<Problem>,
}

impl Findings {
    /// Notes an error; `key` says what it is about.
    pub fn error(&mut self, key: &str, message: impl Into<String>) {
        self.errors.push(problem(key, message.into()));
    }

    /// Notes a warning; `key` says what it is about.
    pub fn warn(&mut self, key: &str, message: impl Into<String>) {
        self.warnings.push(problem(key, message.into()));
    }
}

/// One question, and what came of it.
#[derive(Debug, Serialize)]
pub struct Online {
    /// `probe`, `anchor`, `witness`, `leader` or `accounts`.
    pub asked: &'static str,
    /// Who was asked.
    pub name: String,
    /// The answer.
    pub said: String,
    /// Whether it is the one to be wished for.
    pub mark: Mark,
}

/// How an answer is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Nothing was said.
    Unknown,
}

impl Mark {
    /// Returns the sign that stands before the line.
    pub fn sign(self) -> char {
        match self {
            Self::Good => '+',
            Self::Bad => 'x',
            Self::Unknown => '?',
        }
    }
}

fn problem(key: &str, message: String) -> Problem {
    Problem {
        line: None,
        key: key.to_owned(),
        message,
    }
}
