//! Starts programs: own process group, deadline, TERM → grace → KILL, bounded capture.
//!
//! The only place that starts a program. What a command is told or says never passes a shell.

mod capture;
mod leash;
mod outcome;

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use self::capture::{Capture, Heard, Spool};
use self::leash::Leash;
pub use self::outcome::Outcome;

/// Where programs are looked for: what systemd gives to services (systemd.exec(5)), with the
/// older folders that a distribution may still keep apart.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The standard output that is kept: three times the answer for 100 000 accounts.
const KEPT_OUTPUT: u64 = 256 << 20;

/// The longest time without a look at the child and at `stop`.
const TICK: Duration = Duration::from_millis(50);

/// The first look after a pipe closed or a signal was sent: an exit follows within microseconds.
const FIRST_LOOK: Duration = Duration::from_micros(50);

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
    /// How it ended, before its output is judged: `BadOutput` only if the kernel would not say.
    pub outcome: Outcome,
    /// Its standard output, spooled to an unlinked file, rewound. None if it was not started.
    pub stdout: Option<File>,
    /// The last bytes (8 KiB) of its standard error, as text.
    pub stderr: String,
    /// Whether standard output was longer than the bound, or could not be kept, and is cut.
    pub truncated: bool,
    /// From start to end.
    pub took: Duration,
}

impl Finished {
    fn not_started(outcome: Outcome) -> Self {
        Self {
            outcome,
            stdout: None,
            stderr: String::new(),
            truncated: false,
            took: Duration::ZERO,
        }
    }
}

impl Runner {
    /// Runs one command to its end, whichever it is.
    ///
    /// The end is that of the process, not of its pipes: what it leaves behind in the background
    /// does not hold us, and is left alone. When we end it ourselves, its whole process group
    /// goes: at `deadline`, SIGTERM, after `grace` SIGKILL; asked to stop, it may go on for
    /// `grace`, then SIGTERM, after 2 s SIGKILL. A child that even SIGKILL does not end, in an
    /// uninterruptible system call, is left behind after 2 s more.
    #[must_use]
    pub fn run(&self, argv: &[String], deadline: Duration) -> Finished {
        self.run_keeping(KEPT_OUTPUT, argv, deadline)
    }

    /// The same, but keeps only the first `kept` bytes of standard output.
    #[must_use]
    pub(crate) fn run_keeping(&self, kept: u64, argv: &[String], deadline: Duration) -> Finished {
        if self.stop.load(Ordering::Relaxed) {
            return Finished::not_started(Outcome::Skipped("asked to stop".to_owned()));
        }
        let started = Instant::now();
        match self.start(argv, kept) {
            Ok((child, capture)) => self.finish(child, capture, started, deadline),
            Err(why) => Finished::not_started(Outcome::SpawnFailed(why)),
        }
    }

    fn start(&self, argv: &[String], kept: u64) -> Result<(Child, Capture), String> {
        let (program, arguments) = argv.split_first().ok_or("the command is empty")?;
        let spool = Spool::create(&self.spool_dir, kept).map_err(|err| {
            let folder = self.spool_dir.display();
            format!("{program}: no file for its output can be made in {folder}: {err}")
        })?;
        let mut child = self
            .command(program, arguments)
            .spawn()
            .map_err(|err| format!("{program}: {err}"))?;
        log::debug!(
            "command={program:?} arguments={} pid={}",
            arguments.len(),
            child.id()
        );
        let capture = Capture::new(&mut child, spool);
        Ok((child, capture))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the only place that starts a program"
    )]
    fn command(&self, program: &str, arguments: &[String]) -> Command {
        let home = std::env::var_os("HOME").unwrap_or_else(|| OsString::from("/root"));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("HOME", home)
            .env("TERM", "dumb")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn finish(
        &self,
        mut child: Child,
        mut capture: Capture,
        started: Instant,
        deadline: Duration,
    ) -> Finished {
        let outcome = self.attend(&mut child, &mut capture, started, deadline);
        capture.drain();
        let (stdout, stderr, truncated) = capture.into_parts();
        let took = started.elapsed();
        log::debug!(
            "pid={} outcome={:?} took={}ms",
            child.id(),
            outcome.to_string(),
            took.as_millis()
        );
        Finished {
            outcome,
            stdout,
            stderr,
            truncated,
            took,
        }
    }

    /// Waits for the child, taking in what it says, and ends it when its time is up.
    fn attend(
        &self,
        child: &mut Child,
        capture: &mut Capture,
        started: Instant,
        deadline: Duration,
    ) -> Outcome {
        let mut leash = Leash::new(group_of(child), started, deadline, self.grace);
        let mut ended = None;
        let mut pause = TICK;
        loop {
            ended = ended.or_else(|| look(child));
            let now = Instant::now();
            if let Some(outcome) = leash.outcome(ended.as_ref(), now) {
                return outcome;
            }
            if leash.pull(now, self.stop.load(Ordering::Relaxed)) {
                pause = FIRST_LOOK;
            }
            let left = leash.next().saturating_duration_since(now);
            pause = match capture.listen(pause.min(left)) {
                Heard::End => FIRST_LOOK,
                Heard::Output | Heard::Nothing => (pause * 2).min(TICK),
            };
        }
    }
}

/// The child leads its own group (`process_group(0)`), so that its number is the group's.
fn group_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Looks whether the child has ended.
fn look(child: &mut Child) -> Option<Outcome> {
    match child.try_wait() {
        Ok(status) => status.map(outcome_of),
        Err(err) => Some(Outcome::BadOutput(format!(
            "how it ended is not known: {err}"
        ))),
    }
}

fn outcome_of(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(0), _) => Outcome::Ok,
        (Some(code), _) => Outcome::Exit(code),
        (None, signal) => Outcome::Signal(signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
