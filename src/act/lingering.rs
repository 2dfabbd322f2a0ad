//! Finds the commands that an earlier, killed run left behind, and outlives them.
//!
//! Every command carries a mark in its environment ([`Runner::environment`]), and so does all it
//! starts. A promotion is never started beside one that still runs.
//!
//! Reading another user's environment needs `CAP_SYS_PTRACE` (proc(5)), ending its processes
//! `CAP_KILL`. Where they are missing, what belongs to others is not seen, or is left.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpgid, getpgrp, getpid, kill_process, kill_process_group};

use crate::base::command::Runner;

/// The environment that is read of one process: many times what we give, since a wrapper may add.
const ENVIRONMENT: u64 = 1 << 20;

/// Between two looks, at first and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// Between the two looks that find nobody: many times what an exec takes.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// How long SIGKILL may take. Only a process in an uninterruptible system call takes longer.
const REAP: Duration = Duration::from_secs(2);

/// What became of the commands of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outlived {
    /// There are none: there were none, or they ended by themselves.
    Gone,
    /// We ended these; how far they got is not known.
    Ended(Vec<Pid>),
    /// We were asked to stop while these still ran.
    Stopped(Vec<Pid>),
    /// These cannot be ended.
    Left(Vec<Pid>),
}

/// Returns the processes, ourselves excepted, that carry the mark `(NAME, VALUE)` in the
/// environment they were started with. Those whose environment cannot be read are left out.
#[must_use]
pub fn lingering(mark: (&str, &str)) -> Vec<Pid> {
    let entry = format!("{}={}", mark.0, mark.1);
    let Ok(folders) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ours = getpid();
    folders
        .flatten()
        .filter_map(|folder| {
            let pid = folder.file_name().to_str()?.parse().ok()?;
            let pid = Pid::from_raw(pid).filter(|&pid| pid != ours)?;
            carries(&folder.path(), entry.as_bytes()).then_some(pid)
        })
        .collect()
}

fn carries(folder: &Path, entry: &[u8]) -> bool {
    let Ok(environment) = File::open(folder.join("environ")) else {
        return false;
    };
    BufReader::new(environment.take(ENVIRONMENT))
        .split(0)
        .map_while(Result::ok)
        .any(|found| found == entry)
}

/// Waits until no process carries the mark, ending those that still do after `deadline`:
/// SIGTERM, the runner's grace, SIGKILL. Gives up the waiting when the runner is asked to stop.
///
/// A signal goes to the process group where its leader carries the mark, else to the process.
pub fn outlive(mark: (&str, &str), deadline: Duration, runner: &Runner) -> Outlived {
    let mut ended = Vec::new();
    let stages = [
        (deadline, Some(Signal::TERM)),
        (runner.grace, Some(Signal::KILL)),
        (REAP, None),
    ];
    for (patience, then) in stages {
        let left = await_none(mark, patience, runner);
        if left.is_empty() {
            return if ended.is_empty() {
                Outlived::Gone
            } else {
                Outlived::Ended(ended)
            };
        }
        if runner.stop.load(Ordering::Relaxed) {
            return Outlived::Stopped(left);
        }
        let Some(signal) = then else {
            return Outlived::Left(left);
        };
        send(signal, &left);
        ended.extend(
            left.iter()
                .filter(|pid| !ended.contains(pid))
                .copied()
                .collect::<Vec<_>>(),
        );
    }
    Outlived::Left(lingering(mark))
}

/// Looks once more before it says that none is left: in the middle of an exec a process shows no
/// environment (proc(5)), and one that is born while the list is read may not be on it.
fn certainly(mark: (&str, &str)) -> Vec<Pid> {
    let left = lingering(mark);
    if !left.is_empty() {
        return left;
    }
    thread::sleep(SECOND_LOOK);
    lingering(mark)
}

/// Looks until none is left, time is up, or we are asked to stop; returns who is left.
fn await_none(mark: (&str, &str), patience: Duration, runner: &Runner) -> Vec<Pid> {
    let started = Instant::now();
    let mut pause = LOOK.0;
    loop {
        let left = certainly(mark);
        let waited = started.elapsed();
        if left.is_empty() || waited >= patience || runner.stop.load(Ordering::Relaxed) {
            return left;
        }
        thread::sleep(pause.min(patience - waited));
        pause = (pause * 2).min(LOOK.1);
    }
}

fn send(signal: Signal, to: &[Pid]) {
    for &pid in to {
        let group = getpgid(Some(pid)).ok();
        let led = group.is_some_and(|group| to.contains(&group) && group != getpgrp());
        let sent = match group {
            Some(group) if led && group != pid => continue, // It gets what its leader gets.
            Some(group) if led => kill_process_group(group, signal),
            Some(_) | None => kill_process(pid, signal),
        };
        match sent {
            Ok(()) | Err(Errno::SRCH) => {
                log::warn!(
                    "pid={pid} is left from an earlier run: signal {}",
                    signal.as_raw()
                );
            }
            Err(err) => log::warn!("pid={pid} is left from an earlier run, cannot end it: {err}"),
        }
    }
}

#[cfg(test)]
mod tests;
