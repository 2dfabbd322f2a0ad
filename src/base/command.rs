//! Starts programs: own process group, deadline, TERM → grace → KILL, bounded capture.
//!
//! The only place that starts a program. What a command is told or says never passes a shell.

mod capture;
pub(crate) mod environment;
pub mod gate;
pub(crate) mod group;
mod leash;
mod outcome;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use self::capture::{Capture, Heard, Spool};
use self::gate::Line;
use self::leash::Leash;
pub use self::outcome::{Outcome, SpawnError};
use crate::base::process::Process;

/// The standard output that is kept: twice the answer for 1 000 000 accounts, on disk.
const KEPT_OUTPUT: u64 = 2 << 30;

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
    /// The program that holds a command back until it is noted: [`gate::OURSELVES`]. Without one
    /// it is noted only once it runs.
    pub gate: Option<PathBuf>,
}

/// How a command is written down, so that a later run finds it if we are killed.
#[derive(Clone, Copy)]
pub struct Noted<'a> {
    /// Writes down who it is. What it cannot write down is not run.
    pub note: &'a dyn Fn(&Process) -> io::Result<()>,
    /// Whether it is to have a control group of its own, where that can be. The move into it takes
    /// up to 20 ms: too much for what is run ten thousand times.
    pub in_group: bool,
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

/// A command on its way.
#[derive(Debug)]
struct Running {
    program: String,
    child: Child,
    capture: Capture,
    line: Option<Line>,
    group: Option<PathBuf>,
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

    /// The same, but it is written down before it begins who it is.
    #[must_use]
    pub fn run_noted(&self, argv: &[String], deadline: Duration, noted: Noted<'_>) -> Finished {
        self.attempt(KEPT_OUTPUT, argv, deadline, Some(noted))
    }

    /// The same as [`Runner::run`], but keeps only the first `kept` bytes of standard output.
    #[must_use]
    pub(crate) fn run_keeping(&self, kept: u64, argv: &[String], deadline: Duration) -> Finished {
        self.attempt(kept, argv, deadline, None)
    }

    fn attempt(
        &self,
        kept: u64,
        argv: &[String],
        deadline: Duration,
        noted: Option<Noted<'_>>,
    ) -> Finished {
        if self.stop.load(Ordering::Relaxed) {
            return Finished::not_started(Outcome::Skipped("asked to stop".to_owned()));
        }
        let started = Instant::now();
        match self.start(argv, kept, noted) {
            Ok(running) => self.finish(running, started, deadline),
            // A Ctrl-C reaches one that does not yet lead a session of its own.
            Err(Outcome::SpawnFailed(_)) if self.stop.load(Ordering::Relaxed) => {
                Finished::not_started(Outcome::Skipped("asked to stop".to_owned()))
            }
            Err(outcome) => Finished::not_started(outcome),
        }
    }

    fn start(
        &self,
        argv: &[String],
        kept: u64,
        noted: Option<Noted<'_>>,
    ) -> Result<Running, Outcome> {
        let (program, arguments) = argv.split_first().ok_or_else(|| {
            Outcome::SpawnFailed(SpawnError {
                kind: ErrorKind::InvalidInput,
                why: "the command is empty".to_owned(),
            })
        })?;
        let spool = Spool::create(&self.spool_dir, kept).map_err(|err| {
            let folder = self.spool_dir.display();
            let what = format!("{program}: no file for its output can be made in {folder}");
            Outcome::not_started(&what, &err)
        })?;
        let failed = |err| Outcome::not_started(program, &err);
        let (mut child, line) = match (&self.gate, noted) {
            (Some(gate), Some(_)) => {
                let (child, line) = gate::start(gate.as_os_str(), argv, |gate, words| {
                    self.command(gate, &words)
                })
                .map_err(failed)?;
                (child, Some(line))
            }
            (None, Some(_)) | (_, None) => {
                let words: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
                let mut command = self.command(program.as_ref(), &words);
                // The gate begins a session instead.
                (command.process_group(0).spawn().map_err(failed)?, None)
            }
        };
        let group = match noted.map(|noted| note(&child, noted)).transpose() {
            Ok(group) => group.flatten(),
            Err(err) => {
                gate::never(line, &mut child);
                return Err(Outcome::Unjournalled(err.to_string()));
            }
        };
        if let Some(Err(err)) = line.as_ref().map(Line::go) {
            gate::never(line, &mut child);
            return Err(failed(err));
        }
        log::debug!(
            "command={program:?} arguments={} pid={}",
            arguments.len(),
            child.id()
        );
        Ok(Running {
            program: program.clone(),
            capture: Capture::new(&mut child, spool),
            child,
            line,
            group,
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the only place that starts a program"
    )]
    fn command(&self, program: &OsStr, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(environment::clean(std::env::vars_os()))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn finish(&self, running: Running, started: Instant, deadline: Duration) -> Finished {
        let Running {
            program,
            mut child,
            mut capture,
            line,
            group,
        } = running;
        let outcome = self.attend(&mut child, &mut capture, started, deadline);
        // What is in it on purpose keeps it.
        group.iter().for_each(|group| group::remove(group));
        if let Some(err) = line.and_then(|line| line.refusal()) {
            return Finished::not_started(Outcome::not_started(&program, &err));
        }
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

/// Writes down who a child is, and returns its control group, if it has one.
fn note(child: &Child, noted: Noted<'_>) -> io::Result<Option<PathBuf>> {
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    let mut process = Process::of(pid)?;
    if noted.in_group {
        process.group = group::make(&process);
    }
    (noted.note)(&process)?;
    Ok(process.group)
}

/// The child leads its own group, so that its number is the group's.
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
