//! A program under the orders of others, as systemd keeps one.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::network::command;

const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(10);

/// What plays `systemctl`, and systemd itself.
pub(crate) const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mesh/service");

/// The supervisor of one program, which ends with it.
pub(crate) struct Service {
    supervisor: Child,
    folder: PathBuf,
}

impl Service {
    /// Prepares a supervisor by `wrap`; its program is not started yet.
    pub(crate) fn new(wrap: impl Fn(&str) -> Command, folder: &Path, program: &[String]) -> Self {
        let mut supervisor = wrap(PROGRAM);
        supervisor.arg(folder).arg("supervise").args(program);
        let service = Self {
            supervisor: supervisor.stdin(Stdio::null()).spawn().unwrap(),
            folder: folder.to_owned(),
        };
        let end = Instant::now() + PATIENCE;
        while !folder.join("orders").exists() {
            assert!(Instant::now() < end, "the supervisor did not start");
            std::thread::sleep(TICK);
        }
        service
    }

    /// Starts the program, or stops it; returns when that is done.
    pub(crate) fn order(&self, verb: &str) {
        let done = command(PROGRAM).arg(&self.folder).arg(verb).status();
        assert!(done.unwrap().success(), "cannot {verb} the service");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
        if let Err(error) = self.supervisor.kill().and_then(|()| self.supervisor.wait()) {
            eprintln!("could not end a supervisor: {error}");
        }
    }
}
