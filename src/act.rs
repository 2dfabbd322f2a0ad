//! Runs what the machine orders: one step, or one stage of batches.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::base::clock::Now;
use crate::base::command::Outcome;
use crate::base::command::Runner;
use crate::base::refusal::Refusal;
use crate::core::effect::Order;
use crate::core::event::{Finding, Ran};
use crate::core::story::Story;
use crate::store::{AccountList, Journal};

mod batches;
pub(crate) mod envelope;
pub mod judge;
pub mod orphans;
pub mod pool;
mod power_off;
pub mod progress;
pub(crate) mod step;

pub use batches::{Batches, Names};
pub use judge::Judge;
pub use power_off::PowerOff;
pub use step::{Argv, Step};

/// What steps are run with.
#[derive(Debug)]
pub struct Tools {
    /// What the names of journal and account list begin with.
    pub record: PathBuf,
    /// Starts programs.
    pub runner: Runner,
    /// Batches side by side, at the most.
    pub width: usize,
    /// Shows how far a long stage is.
    pub progress: progress::Progress,
    /// Which of a step's variants is the right one, once it is known.
    pub variant: AtomicUsize,
    /// The journal, once it is written to.
    pub journal: Option<Journal>,
    /// The account list, once it is needed.
    pub accounts: Option<AccountList>,
    /// Whether the journal is to know the processes that are started: the next run must find them.
    pub is_tracked: bool,
}

/// [`Tools::variant`] before it is known.
pub const VARIANT_UNKNOWN: usize = usize::MAX;

/// How long a request to stop may go unnoticed.
const PAUSE_SLICE: Duration = Duration::from_millis(50);

/// What was done in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deeds {
    /// One entry per step, or per stage that works in batches, in order.
    pub steps: Vec<Deed>,
    /// The accounts, when it was about accounts.
    pub accounts: Option<Tally>,
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Its name.
    pub step: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// From start to end.
    pub took: Duration,
    /// What the program complained of, if it did.
    pub complaint: Option<String>,
}

/// How many accounts, and how they fare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accounts of this promotion.
    pub total: usize,
    /// Accounts still on the dead host.
    pub left: usize,
    /// Accounts without an available replica when they were listed.
    pub without_replica: usize,
    /// Accounts whose replica lagged when they were listed.
    pub lagging: usize,
    /// Accounts done and failed per stage that works in batches.
    pub stages: Vec<(&'static str, usize, usize)>,
}

impl Tools {
    /// Runs a command, if its evidence is young enough by now.
    pub(crate) fn command(&self, step: &Step, order: &Order, deeds: &mut Deeds) -> Ran {
        if is_late(order) {
            return late();
        }
        let deed = self.step(step, order.within);
        let outcome = deed.outcome.clone();
        deeds.steps.push(deed);
        outcome.into()
    }

    /// Runs a step in its right variant, and tells what came of it.
    fn step(&self, step: &Step, within: Option<Duration>) -> Deed {
        let deadline = within.map_or(step.deadline, |within| within.min(step.deadline));
        log::info!(
            "step={} state=started deadline={}s",
            step.name,
            deadline.as_secs()
        );
        let step = Step {
            deadline,
            ..step.clone()
        };
        let (deed, _) = self.try_variants(&step, &[]);
        step::report(&deed);
        deed
    }

    /// Returns the journal, to be written to.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn journal(&mut self, story: &Story) -> Result<&Journal, Refusal> {
        if self.journal.is_none() {
            self.journal = Some(Journal::resume(&self.record, story)?);
        }
        let journal = self.journal.as_ref();
        journal.ok_or_else(|| Refusal::bug(anyhow::anyhow!("there is no journal")))
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.runner.stop.load(Ordering::Relaxed)
    }

    /// Waits, or less when we are asked to stop.
    pub fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_stopping() {
            std::thread::sleep(PAUSE_SLICE.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// Whether by now the evidence for a step is too old.
pub(crate) fn is_late(order: &Order) -> bool {
    order
        .not_after
        .is_some_and(|not_after| Now::read().boot_ms > not_after)
}

/// What a step comes to whose evidence is too old.
pub(crate) fn late() -> Ran {
    Ran {
        outcome: Outcome::Skipped("its evidence is too old by now".into()),
        finding: Finding::Late,
    }
}
