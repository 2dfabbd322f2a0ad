//! The rule of the irreversible step, in its one place: what cannot be taken back is begun only on
//! evidence that is young, that supports it, and after which nothing has happened but writing.

use super::{Machine, Purpose};
use crate::base::clock::Now;
use crate::core::effect::{Effect, End, Task};
use crate::core::plan::Class;

/// Looks in a row that may turn out too old before the run holds: one may meet a slow moment.
const STALE_LOOKS: u32 = 2;

/// What the last look is worth by now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Evidence {
    /// When its first question was sent.
    since: Now,
    freshness: Freshness,
}

/// What has happened since the look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Freshness {
    /// Nothing but writing.
    Fresh,
    /// Something was run.
    Spent,
    /// There was a wait.
    Waited,
}

impl Evidence {
    pub(super) fn new(since: Now) -> Self {
        Self {
            since,
            freshness: Freshness::Fresh,
        }
    }
}

impl Machine<'_> {
    /// Returns the boot time after which a step of this class may not be begun; `None` = it may be
    /// begun at any time.
    ///
    /// # Errors
    /// When the evidence is not good enough for it: what to do instead.
    pub(super) fn gate(&mut self, class: Class, task: Task) -> Result<Option<u64>, Effect> {
        let worst = match class {
            Class::Query | Class::Undo => return Ok(None),
            Class::Irreversible => Freshness::Fresh,
            Class::Reversible => Freshness::Spent,
        };
        let age = self.setup.policy.evidence_max_age.as_millis();
        let age = u64::try_from(age).unwrap_or(u64::MAX);
        if let Some(evidence) = &self.run.evidence
            && evidence.freshness <= worst
        {
            let not_after = evidence.since.boot_ms.saturating_add(age);
            if self.at.boot_ms <= not_after {
                return Ok(Some(not_after));
            }
        }
        if self.run.stale_looks >= STALE_LOOKS {
            let age = self.setup.policy.evidence_max_age.as_secs();
            return Err(self.settle(End::Withheld(format!(
                "no look at the peer was younger than policy.evidence_max_age ({age} s) when the \
                 step was to begin"
            ))));
        }
        self.run.stale_looks += 1;
        Err(self.observe(Purpose::Begin(task)))
    }

    /// Every effect but a write makes the evidence less than it was.
    pub(super) fn spend(&mut self, effect: &Effect) {
        let to = match effect {
            Effect::Recall | Effect::Observe | Effect::Write(_) | Effect::End(_) => return,
            Effect::AwaitOrphans(_) | Effect::EndOrphans | Effect::Wait(_) => Freshness::Waited,
            Effect::FindOrphans => Freshness::Spent,
            Effect::Run(order) => match order.task {
                Task::AwaitOperations => Freshness::Waited,
                Task::Command(_)
                | Task::Operations
                | Task::List
                | Task::Promote
                | Task::Sweep
                | Task::Prepare
                | Task::Recover
                | Task::Restore => Freshness::Spent,
            },
        };
        if let Some(evidence) = &mut self.run.evidence {
            evidence.freshness = evidence.freshness.max(to);
        }
    }

    pub(super) fn is_waited(&self) -> bool {
        self.run
            .evidence
            .as_ref()
            .is_none_or(|evidence| evidence.freshness == Freshness::Waited)
    }
}
