//! When a command is told to end, and by what.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::base::command::Outcome;

/// Between SIGTERM and SIGKILL when we are ourselves asked to stop: whoever asked is waiting.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// How long SIGKILL may take. Only a process in an uninterruptible system call takes longer.
const REAP: Duration = Duration::from_secs(2);

/// Stands for "never" where a deadline is beyond what the clock can count.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Holds a command's process group to its time.
#[derive(Debug)]
pub(super) struct Leash {
    group: Option<Pid>,
    grace: Duration,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// It runs in its own time.
    Free { until: Instant },
    /// We were asked to stop; it may still end by itself.
    Leaving { until: Instant },
    /// It got SIGTERM.
    Told { until: Instant, why: Outcome },
    /// It got SIGKILL.
    Killed { until: Instant, why: Outcome },
}

impl Leash {
    pub(super) fn new(
        group: Option<Pid>,
        started: Instant,
        deadline: Duration,
        grace: Duration,
    ) -> Self {
        let until = later(started, deadline);
        Self {
            group,
            grace,
            phase: Phase::Free { until },
        }
    }

    /// Returns when [`Leash::pull`] has to be called next, unless `stop` is set before.
    pub(super) fn next(&self) -> Instant {
        match self.phase {
            Phase::Free { until }
            | Phase::Leaving { until }
            | Phase::Told { until, .. }
            | Phase::Killed { until, .. } => until,
        }
    }

    /// Does what is due, and returns whether a signal was sent.
    pub(super) fn pull(&mut self, now: Instant, stop: bool) -> bool {
        let due = now >= self.next();
        match &self.phase {
            Phase::Free { .. } if due => self.tell(Outcome::TimedOut, later(now, self.grace)),
            Phase::Free { until } if stop => {
                let until = later(now, self.grace).min(*until);
                self.phase = Phase::Leaving { until };
                false
            }
            Phase::Leaving { .. } if due => self.tell(Outcome::Stopped, later(now, STOP_GRACE)),
            Phase::Told { why, .. } if due => {
                let (why, until) = (why.clone(), later(now, REAP));
                self.signal(Signal::KILL);
                self.phase = Phase::Killed { until, why };
                true
            }
            Phase::Free { .. }
            | Phase::Leaving { .. }
            | Phase::Told { .. }
            | Phase::Killed { .. } => false,
        }
    }

    /// Returns what became of the command once it is over; `ended` is how its leader ended.
    ///
    /// A command that we end is over when nobody is left in its group, or all got SIGKILL.
    pub(super) fn outcome(&self, ended: Option<&Outcome>, now: Instant) -> Option<Outcome> {
        match &self.phase {
            Phase::Free { .. } => ended.cloned(),
            Phase::Leaving { .. } => ended.map(|how| {
                if how.is_ok() {
                    Outcome::Ok
                } else {
                    Outcome::Stopped
                }
            }),
            Phase::Told { why, .. } => {
                (ended.is_some() && self.group_is_gone()).then(|| why.clone())
            }
            Phase::Killed { why, .. } if ended.is_some() => Some(why.clone()),
            Phase::Killed { until, why } => (now >= *until).then(|| {
                log::warn!(
                    "group={} survives SIGKILL: a disk or mount hangs",
                    self.name()
                );
                why.clone()
            }),
        }
    }

    fn tell(&mut self, why: Outcome, until: Instant) -> bool {
        self.signal(Signal::TERM);
        self.phase = Phase::Told { until, why };
        true
    }

    fn signal(&self, signal: Signal) {
        let Some(group) = self.group else { return };
        match kill_process_group(group, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(err) => log::warn!("group={group} cannot be signalled: {err} (CAP_KILL?)"),
        }
    }

    fn group_is_gone(&self) -> bool {
        self.group
            .is_none_or(|group| test_kill_process_group(group) == Err(Errno::SRCH))
    }

    fn name(&self) -> String {
        self.group
            .map_or_else(String::new, |group| group.to_string())
    }
}

fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from + FAR)
}

#[cfg(test)]
#[path = "leash_tests.rs"]
mod tests;
