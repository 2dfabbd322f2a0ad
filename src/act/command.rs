//! Starts programs: own process group, deadline, TERM → grace → KILL, bounded capture.
//!
//! The only place that starts a program.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::plan::Outcome;

/// What all commands of a run have in common.
#[derive(Debug, Clone)]
pub struct Runner {
    /// Set when we were asked to stop: nothing new starts, the command in hand gets `grace`.
    pub stop: Arc<AtomicBool>,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// Added to the environment of every command.
    pub environment: Vec<(String, String)>,
    /// Where the spool files of captured output are made (and unlinked at once).
    pub spool_dir: PathBuf,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended, before its output is judged: never `BadOutput`.
    pub outcome: Outcome,
    /// Its standard output, spooled to an unlinked file, rewound.
    pub stdout: Option<File>,
    /// The last bytes of its standard error, as text.
    pub stderr: String,
    /// Whether standard output was longer than the bound and is cut.
    pub truncated: bool,
    /// From start to end.
    pub took: Duration,
}

impl Runner {
    /// Runs one command to its end, whichever it is.
    pub fn run(&self, argv: &[String], deadline: Duration) -> Finished {
        todo!("{argv:?} {deadline:?}")
    }
}
