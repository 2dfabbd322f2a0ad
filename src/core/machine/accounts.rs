//! Promotes accounts: list, promote, list again until none is left.
//!
//! What the promoting command says of itself is not believed; the list is. An empty list is
//! believed where it follows from something, and never at once.

use std::time::Duration;

use super::{After, Machine, Place};
use crate::base::command::Outcome;
use crate::core::effect::{Effect, End, Fact, Task};
use crate::core::event::{Finding, Listed, Ran};
use crate::core::plan::PROMOTE_STEP;
use crate::core::story::Entry;

/// Between two lists of which the first was empty: a server that has just started knows nobody yet.
const LIST_AGAIN: Duration = Duration::from_secs(2);
/// After so many promotions in a row that moved nobody, the rest is left for the next run.
const STALLED: u32 = 2;

/// How far the promotion of this run is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Accounts {
    /// The boot time in milliseconds after which this run begins no other promotion.
    until: Option<u64>,
    /// Accounts that were left when they were listed last.
    left: Option<usize>,
    /// How the last promotion of this run ended.
    promoted: Option<Outcome>,
    /// Promotions in a row that moved nobody.
    stalled: u32,
    /// Whether the list was empty once.
    was_empty: bool,
    /// Whether a promotion of somebody else was waited for.
    was_awaited: bool,
}

impl Machine<'_> {
    pub(super) fn begin_accounts(&mut self) -> Effect {
        let budget = self.setup.promote_budget.as_millis();
        let budget = u64::try_from(budget).unwrap_or(u64::MAX);
        self.run.accounts = Accounts {
            until: Some(self.at.boot_ms.saturating_add(budget)),
            ..Accounts::default()
        };
        self.order(Task::Operations, None)
    }

    /// Returns what is left of the run's time for promoting.
    pub(super) fn time_left(&self, task: Task) -> Option<Duration> {
        match task {
            Task::Promote | Task::AwaitOperations => {
                let until = self.run.accounts.until?;
                Some(Duration::from_millis(until.saturating_sub(self.at.boot_ms)))
            }
            Task::Command(_)
            | Task::Operations
            | Task::List
            | Task::Sweep
            | Task::Prepare
            | Task::Recover
            | Task::Restore => None,
        }
    }

    /// What a server already works on is waited for, whoever began it. A server that cannot say is
    /// not: the list decides.
    pub(super) fn operations_asked(&mut self, task: Task, ran: &Ran) -> Effect {
        if self.run.stop {
            return self.settle(End::Stopped);
        }
        let under_way = match &ran.finding {
            Finding::Operations(under_way) => *under_way,
            Finding::Nothing
            | Finding::Late
            | Finding::Listed(_)
            | Finding::Swept { .. }
            // What was seen to work has not ended because it cannot be asked any more.
            | Finding::Recovery(..) => usize::from(task == Task::AwaitOperations),
        };
        if under_way == 0 {
            return self.order(Task::List, None);
        }
        if task == Task::Operations {
            self.run.accounts.was_awaited = true;
            return self.order(Task::AwaitOperations, None);
        }
        self.settle(End::Incomplete(
            "list-operations: a promotion is still under way on the server".into(),
        ))
    }

    pub(super) fn list_ran(&mut self, ran: Ran) -> Effect {
        match (ran.finding, ran.outcome) {
            (Finding::Listed(listed), Outcome::Ok) => {
                if listed.extent != self.memory.story.listed {
                    self.note(Entry::Listed(listed.extent.clone()));
                }
                if self.memory.has_begun(PROMOTE_STEP) {
                    let accounts = listed.total;
                    self.note(Entry::Left { accounts });
                }
                self.write_then(After::Listed(listed))
            }
            (_, Outcome::Stopped | Outcome::Skipped(_)) => self.settle(End::Stopped),
            (
                _,
                outcome @ (Outcome::Ok
                | Outcome::Exit(_)
                | Outcome::Signal(_)
                | Outcome::TimedOut
                | Outcome::SpawnFailed(_)
                | Outcome::Unjournalled(_)
                | Outcome::BadOutput(_)),
            ) => self.settle(End::Incomplete(format!("list-accounts: {outcome}"))),
        }
    }

    /// The accounts are listed, and that is durable.
    pub(super) fn listed(&mut self, listed: &Listed) -> Effect {
        if self.run.stop {
            return self.settle(End::Stopped);
        }
        let before = self.run.accounts.left.replace(listed.total);
        self.facts.push(Fact::Left(listed.clone(), before));
        if listed.total == 0 {
            return self.nobody_left();
        }
        let share = self.setup.require_replica;
        if !share.bears(listed.without_replica, listed.total) {
            return self.settle(End::Withheld(format!(
                "{} of {} accounts have no available replica (carbonio.require_replica)",
                listed.without_replica, listed.total
            )));
        }
        let promoted = self.run.accounts.promoted.clone();
        if let (Some(before), Some(outcome)) = (before, promoted) {
            let moved = listed.total < before;
            self.run.accounts.stalled = if moved {
                0
            } else {
                self.run.accounts.stalled + 1
            };
            let is_over = self.time_left(Task::Promote) == Some(Duration::ZERO);
            if outcome != Outcome::Ok || self.run.accounts.stalled >= STALLED || is_over {
                return self.settle(End::Incomplete(format!(
                    "{} of {} accounts are still on the dead host ({PROMOTE_STEP}: {outcome})",
                    listed.total, listed.extent.names
                )));
            }
        }
        self.begin(Task::Promote)
    }

    /// An empty list is an end where we have asked for the promotion, or waited for somebody else's of
    /// those who were listed before; and where it is the first of a run, only when it is empty twice.
    fn nobody_left(&mut self) -> Effect {
        if self.run.accounts.promoted.is_none() && !self.run.accounts.was_empty {
            self.run.accounts.was_empty = true;
            self.run.place = Place::ListAgain;
            return Effect::Wait(LIST_AGAIN);
        }
        // Whoever else promotes is seen at it.
        let was_moved = self.run.accounts.was_awaited && self.memory.story.listed.names > 0;
        if was_moved || self.memory.has_begun(PROMOTE_STEP) {
            return match self.run.plan.get(self.run.stage).cloned() {
                Some(stage) => self.stage_done(&stage),
                None => self.work(),
            };
        }
        self.settle(End::NoAccounts)
    }

    pub(super) fn promote_ran(&mut self, ran: &Ran) -> Effect {
        self.note(Entry::After {
            step: PROMOTE_STEP.to_owned(),
            outcome: ran.outcome.to_string(),
        });
        match &ran.outcome {
            Outcome::Stopped | Outcome::Skipped(_) => self.write_then(After::Settle(End::Stopped)),
            Outcome::Ok
            | Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::SpawnFailed(_)
            | Outcome::Unjournalled(_)
            | Outcome::BadOutput(_) => {
                self.run.accounts.promoted = Some(ran.outcome.clone());
                self.write_then(After::Run(Task::List, None))
            }
        }
    }
}
