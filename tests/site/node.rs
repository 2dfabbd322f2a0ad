//! A node of the surviving site: habeat on its own timer, and what each run said.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::network::{Host, Network};

/// The timer; five minutes in the shipped unit.
const PERIOD: Duration = Duration::from_secs(3);
/// A run that lasts longer is killed, and the story does not come to its end.
const TIMEOUT: [&str; 2] = ["--kill-after=5", "300"];
/// How soon a node notices that it is to end.
const TICK: Duration = Duration::from_millis(20);

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) exit: Option<i32>,
    /// `decision/reason`.
    pub(crate) said: String,
    pub(crate) log: String,
}

/// The node's timer at work.
pub(crate) struct Node {
    pub(crate) role: &'static str,
    ended: Arc<AtomicBool>,
    runs: Arc<Mutex<Vec<Run>>>,
    timer: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts the timer; its first tick comes after `phase`.
    pub(crate) fn start(
        network: &Arc<Network>,
        host: Host,
        role: &'static str,
        folder: &Path,
        phase: Duration,
    ) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let runs = Arc::new(Mutex::new(Vec::new()));
        let timer = Timer {
            network: Arc::clone(network),
            host,
            folder: folder.to_owned(),
            ended: Arc::clone(&ended),
            runs: Arc::clone(&runs),
        };
        Self {
            role,
            ended,
            runs,
            timer: Some(thread::spawn(move || timer.tick(Instant::now() + phase))),
        }
    }

    /// Returns the runs that began after `since`.
    pub(crate) fn runs(&self, since: Instant) -> Vec<Run> {
        let runs = self.runs.lock().unwrap();
        runs.iter()
            .filter(|run| run.begun > since)
            .cloned()
            .collect()
    }

    /// Counts the runs after `since` that said this.
    pub(crate) fn count(&self, since: Instant, said: &str) -> usize {
        let runs = self.runs(since);
        runs.iter().filter(|run| run.said == said).count()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if self.timer.take().is_some_and(|timer| timer.join().is_err()) {
            eprintln!("the timer of the {} panicked", self.role);
        }
    }
}

struct Timer {
    network: Arc<Network>,
    host: Host,
    folder: PathBuf,
    ended: Arc<AtomicBool>,
    runs: Arc<Mutex<Vec<Run>>>,
}

impl Timer {
    /// Runs habeat at each tick; ticks that meet a run are dropped, as systemd drops them.
    fn tick(&self, mut next: Instant) {
        while !self.ended.load(Ordering::Relaxed) {
            if Instant::now() < next {
                thread::sleep(TICK);
                continue;
            }
            let run = self.run();
            self.runs.lock().unwrap().push(run);
            while next < Instant::now() {
                next += PERIOD;
            }
        }
    }

    fn run(&self) -> Run {
        let begun = Instant::now();
        let output = self
            .network
            .with_bgp(self.host.name, "timeout")
            .args(TIMEOUT)
            .arg(env!("CARGO_BIN_EXE_habeat"))
            .arg("--json")
            .arg("--config")
            .arg(self.folder.join("habeat.yml"))
            .arg("--log")
            .arg(self.folder.join("habeat.log"))
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let word = |name: &str| report[name].as_str().unwrap_or("?").to_owned();
        Run {
            begun,
            ended: Instant::now(),
            exit: output.status.code(),
            said: format!("{}/{}", word("decision"), word("reason")),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Writes a program of the lab.
pub(crate) fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
