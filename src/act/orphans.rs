//! Finds what a killed run left running, waits for it, and ends it.
//!
//! An orphan is a process of a step that was begun and has no end in the journal, or one that such
//! a process has started. What a step that ended has left behind, it left on purpose: it is none.
//!
//! Whom a process started is seen by four signs: it is in the control group that we made for it; it
//! is in its process group or session; its parent is one of them. Nobody else can bear the first,
//! and no environment is needed for any. What leaves all of them, as a daemon does where we cannot
//! make control groups, is not found.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Signal, geteuid};

use crate::base::clock::Now;
use crate::base::command::group;
use crate::base::process::{Process, Stat};
use crate::core::story::Child;

/// Between two looks, at first and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// Between the two looks that find nobody.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// How long SIGKILL may take. Only a process in an uninterruptible system call takes longer.
const REAP: Duration = Duration::from_secs(2);

/// A process that a killed run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The step it works for.
    pub step: String,
    /// Who it is.
    pub stat: Stat,
}

/// Returns who is left of `children` and of what they have started.
///
/// # Errors
/// When the kernel does not say: they may be there.
pub fn find(children: &[Child]) -> io::Result<Vec<Orphan>> {
    let mut found = look(children)?;
    if found.is_empty() && !children.is_empty() {
        // One that was born while the list was read, of a parent that ended meanwhile, is not on it.
        thread::sleep(SECOND_LOOK);
        found = look(children)?;
    }
    if found.is_empty() {
        group::sweep();
    }
    Ok(found)
}

/// Waits until none is left, it is `until`, or we are asked to stop; returns who is left.
///
/// # Errors
/// As [`find`].
pub fn await_gone(
    children: &[Child],
    until: Instant,
    stop: &AtomicBool,
) -> io::Result<Vec<Orphan>> {
    watch(children, until, stop, |_| {})
}

/// Ends them: SIGTERM, after `grace` SIGKILL; gives up when we are asked to stop before that.
/// Returns who is left.
///
/// # Errors
/// As [`find`].
pub fn end(children: &[Child], grace: Duration, stop: &AtomicBool) -> io::Result<Vec<Orphan>> {
    find(children)?
        .iter()
        .for_each(|orphan| send(Signal::TERM, orphan));
    let left = watch(children, after(grace), stop, |_| {})?;
    if left.is_empty() || stop.load(Ordering::Relaxed) {
        return Ok(left);
    }
    // Again and again: one that forks has a child that got no signal.
    watch(children, after(REAP), &AtomicBool::new(false), |left| {
        left.iter().for_each(|orphan| send(Signal::KILL, orphan));
    })
}

fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now)
}

fn watch(
    children: &[Child],
    until: Instant,
    stop: &AtomicBool,
    each_time: impl Fn(&[Orphan]),
) -> io::Result<Vec<Orphan>> {
    let mut pause = LOOK.0;
    loop {
        let left = find(children)?;
        each_time(&left);
        let patience = until.saturating_duration_since(Instant::now());
        if left.is_empty() || patience.is_zero() || stop.load(Ordering::Relaxed) {
            return Ok(left);
        }
        thread::sleep(pause.min(patience));
        pause = (pause * 2).min(LOOK.1);
    }
}

fn send(signal: Signal, orphan: &Orphan) {
    let (pid, step) = (orphan.stat.pid, &orphan.step);
    match orphan.stat.signal(signal) {
        Ok(()) => {
            log::warn!(
                "step={step} pid={pid} signal={} cause=\"left from an earlier run\"",
                signal.as_raw()
            );
        }
        Err(Errno::SRCH) => {}
        Err(err) => log::warn!("step={step} pid={pid} cause=\"cannot be ended: {err}\""),
    }
}

fn look(children: &[Child]) -> io::Result<Vec<Orphan>> {
    let boot_id = Now::read().boot_id;
    let possible = |child: &&Child| child.process.is_of_boot(&boot_id);
    let children: Vec<&Child> = children.iter().filter(possible).collect();
    if children.is_empty() {
        return Ok(Vec::new());
    }
    let own = std::process::id();
    let mut all = Stat::all()?;
    all.retain(|stat| u32::try_from(stat.pid) != Ok(own));
    let mut found: Vec<Orphan> = Vec::new();
    for child in children {
        for stat in family(&child.process, &all)? {
            if found.iter().all(|orphan| orphan.stat.pid != stat.pid) {
                found.push(Orphan {
                    step: child.step.clone(),
                    stat: stat.clone(),
                });
            }
        }
    }
    Ok(found)
}

/// Returns a process and whom it started, as far as they are among `all`.
fn family<'a>(process: &Process, all: &'a [Stat]) -> io::Result<Vec<&'a Stat>> {
    let members: BTreeSet<i32> = match &process.group {
        Some(group) => group::members(group)?.into_iter().collect(),
        None => BTreeSet::new(),
    };
    let holder = all.iter().find(|stat| stat.pid == process.pid);
    let mut found: Vec<&Stat> = all
        .iter()
        .filter(|stat| {
            stat.started >= process.started
                && (members.contains(&stat.pid)
                    || stat.pid == process.pid && stat.started == process.started
                    || is_in_session(stat, process, holder))
        })
        .collect();
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let is_new = |stat: &&Stat| found.iter().all(|known| known.pid != stat.pid);
        let born = |stat: &&Stat| stat.parent == parent.pid && stat.started >= parent.started;
        let children: Vec<&Stat> = all.iter().filter(born).filter(is_new).collect();
        found.extend(children);
    }
    Ok(found)
}

/// Whether a process is in the group or session of one of ours, whose number `holder` has now.
///
/// Once all of them are gone, somebody else may get the number, and lead a group by it. So without
/// its leader only processes of our own user count.
fn is_in_session(stat: &Stat, process: &Process, holder: Option<&Stat>) -> bool {
    if stat.group != process.pid && stat.session != process.pid {
        return false;
    }
    match holder {
        Some(holder) => holder.started == process.started,
        None => stat.user() == Some(geteuid().as_raw()),
    }
}

#[cfg(test)]
mod tests;
