//! What becomes of a command.

use std::io::{self, ErrorKind};

/// What becomes of one command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Done, by its judge.
    Ok,
    /// It ended with this status.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// We ended it at its deadline.
    TimedOut,
    /// We ended it because we were asked to stop.
    Stopped,
    /// It could not be started: why.
    SpawnFailed(SpawnError),
    /// It was not run, because the journal could not be written first: why.
    Unjournalled(String),
    /// It ended well but said otherwise, or said nothing usable.
    BadOutput(String),
    /// It was not run: why.
    Skipped(String),
}

/// Why a command could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpawnError {
    /// What kind of error; `ArgumentListTooLong` is the one that fewer arguments mend.
    pub kind: ErrorKind,
    /// In words.
    pub why: String,
}

impl std::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl Outcome {
    /// `what` could not be started.
    pub(super) fn not_started(what: &str, error: &io::Error) -> Self {
        Self::SpawnFailed(SpawnError {
            kind: error.kind(),
            why: format!("{what}: {error}"),
        })
    }

    /// Whether the step is done.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Stopped => f.write_str("stopped"),
            Self::SpawnFailed(why) => write!(f, "could not start: {why}"),
            Self::Unjournalled(why) => write!(f, "not run: {why}"),
            Self::BadOutput(why) => write!(f, "bad output: {why}"),
            Self::Skipped(why) => write!(f, "skipped: {why}"),
        }
    }
}
