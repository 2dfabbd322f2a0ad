//! Runs a plan: stages one after another, every step and batch journalled before and after.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::base::command::Runner;
use crate::plan::{OnFailure, Outcome, Stage, Step, Work};
use crate::store::{AccountList, Event, Journal, Story};

pub mod accounts;
mod batches;
mod envelope;
pub mod judge;
pub mod orphans;
pub mod pool;
mod power_off;
pub mod progress;
mod promotion;
pub mod recover;
mod step;
mod switch;

#[cfg(test)]
mod tests;

/// What a plan is run with.
#[derive(Debug)]
pub struct Tools<'a> {
    /// Starts programs.
    pub runner: Runner,
    /// Batches side by side, at the most.
    pub width: usize,
    /// Shows how far a long stage is.
    pub progress: progress::Progress,
    /// Which of a step's variants is the right one, once it is known.
    pub variant: AtomicUsize,
    /// The journal and the account list of a promotion; other plans have none.
    pub ledger: Option<Ledger<'a>>,
    /// Where it is written down which processes are ours, so that the next run finds them if this
    /// one is killed.
    pub children: Option<&'a Journal>,
}

/// [`Tools::variant`] before it is known.
pub const VARIANT_UNKNOWN: usize = usize::MAX;

/// How long a request to stop may go unnoticed.
const PAUSE_SLICE: Duration = Duration::from_millis(50);

/// The journal and the account list of a promotion.
#[derive(Debug)]
pub struct Ledger<'a> {
    /// Written before and after each effect.
    pub journal: &'a Journal,
    /// What earlier runs did of this promotion.
    pub story: &'a Story,
    /// Whom it is about.
    pub accounts: AccountList,
}

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deeds {
    /// One entry per step, or per stage that works in batches, in order.
    pub steps: Vec<Deed>,
    /// The accounts, when the plan was about accounts.
    pub accounts: Option<Tally>,
    /// How it ended.
    pub end: End,
}

/// How a plan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All of it is done.
    Complete,
    /// Something is left to do: what.
    Incomplete(String),
    /// The stage that makes sure that the old active cannot serve failed; nothing after it ran.
    FenceFailed(String),
    /// What it needs is not there yet, and nothing was touched: what.
    NotReady(String),
    /// It failed and was undone, or could not be; nothing is tried again before `habeat ack`: why.
    GivenUp(String),
    /// We were asked to stop.
    Stopped,
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

/// What came of one stage.
struct StageEnd {
    steps: Vec<Deed>,
    end: End,
}

/// Runs the stages in order. Stages that the journal knows as done are passed over.
pub fn act(stages: &[Stage], tools: &mut Tools<'_>) -> Deeds {
    let mut deeds = Deeds {
        steps: Vec::new(),
        accounts: None,
        end: End::Complete,
    };
    let mut tally = is_about_accounts(stages).then(Tally::default);
    for stage in stages {
        if tools.is_done(stage) {
            log::info!("stage={} outcome=\"done by an earlier run\"", stage.name);
            continue;
        }
        let StageEnd { steps, end } = run_stage(stage, tools, tally.as_mut());
        deeds.steps.extend(steps);
        let end = match end {
            End::Complete => tools.note_stage(stage),
            End::Incomplete(_)
            | End::NotReady(_)
            | End::FenceFailed(_)
            | End::GivenUp(_)
            | End::Stopped => end,
        };
        let stops = match (&end, stage.on_failure) {
            (End::Complete, _) | (End::Incomplete(_), OnFailure::GoOn) => false,
            (End::Stopped | End::NotReady(_) | End::FenceFailed(_) | End::GivenUp(_), _)
            | (End::Incomplete(_), OnFailure::Stop | OnFailure::Latch) => true,
        };
        if end != End::Complete {
            deeds.end = worse(deeds.end, end);
        }
        if stops {
            break;
        }
    }
    if let (Some(tally), Some(ledger)) = (&mut tally, &tools.ledger) {
        tally.total = ledger.accounts.count();
    }
    deeds.accounts = tally;
    deeds
}

fn is_about_accounts(stages: &[Stage]) -> bool {
    stages.iter().any(|stage| match stage.work {
        Work::Promote { .. } | Work::Batches { .. } => true,
        Work::Sequence(_)
        | Work::Switch { .. }
        | Work::PowerOff { .. }
        | Work::Recover(_)
        | Work::Restore(_) => false,
    })
}

/// Being stopped outranks a failure: it is no failed try.
fn worse(so_far: End, new: End) -> End {
    match (so_far, new) {
        (End::Incomplete(first), End::Incomplete(second)) => {
            End::Incomplete(format!("{first}; {second}"))
        }
        (_, new) => new,
    }
}

fn run_stage(stage: &Stage, tools: &mut Tools<'_>, tally: Option<&mut Tally>) -> StageEnd {
    let mut unused = Tally::default();
    let tally = tally.unwrap_or(&mut unused);
    match &stage.work {
        Work::Sequence(steps) => sequence(stage, steps, tools),
        Work::Switch { commands, verify } => switch::run(stage, [commands, verify], tools),
        Work::PowerOff {
            vcenter,
            hosts,
            deadline,
        } => power_off::run(vcenter, hosts, *deadline, tools),
        Work::Recover(recovery) => recover::run(recovery, tools),
        Work::Restore(recovery) => recover::restore(recovery, tools),
        Work::Promote {
            host,
            list,
            promote,
            operations,
        } => promotion::run(host, [list, promote, operations], tools, tally),
        Work::Batches { .. } => batches::run(stage, tools, tally),
    }
}

fn sequence(stage: &Stage, steps: &[Step], tools: &Tools<'_>) -> StageEnd {
    let mut deeds = Vec::new();
    for step in steps {
        let (deed, _) = tools.run(step);
        let outcome = deed.outcome.clone();
        deeds.push(deed);
        let why = format!("{}: {outcome}", step.name);
        let end = match outcome {
            Outcome::Ok => continue,
            Outcome::Stopped | Outcome::Skipped(_) => End::Stopped,
            // What was never run is no fence that failed: the next run tries it.
            Outcome::Unjournalled(_) => End::Incomplete(why),
            Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::SpawnFailed(_)
            | Outcome::BadOutput(_) => match stage.on_failure {
                OnFailure::Latch => End::FenceFailed(why),
                OnFailure::Stop | OnFailure::GoOn => End::Incomplete(why),
            },
        };
        return StageEnd { steps: deeds, end };
    }
    StageEnd {
        steps: deeds,
        end: End::Complete,
    }
}

impl Tools<'_> {
    fn is_done(&self, stage: &Stage) -> bool {
        let ledger = self.ledger.as_ref();
        ledger.is_some_and(|ledger| ledger.story.stages.contains(stage.name))
    }

    fn note_stage(&self, stage: &Stage) -> End {
        // May be needed again, as often as a run is killed.
        if let Work::Restore(_) = stage.work {
            return End::Complete;
        }
        let done = Event::StageDone {
            stage: stage.name.into(),
        };
        match self.note(&done) {
            Ok(()) => End::Complete,
            Err(why) => End::Incomplete(why),
        }
    }

    /// Whether nobody was ever listed for this promotion.
    fn is_without_accounts(&self) -> bool {
        self.ledger
            .as_ref()
            .is_some_and(|ledger| ledger.accounts.count() == 0)
    }

    fn is_stopping(&self) -> bool {
        self.runner.stop.load(Ordering::Relaxed)
    }

    /// Waits, or less when we are asked to stop.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_stopping() {
            std::thread::sleep(PAUSE_SLICE);
        }
    }

    /// Journals an event, where there is a journal.
    fn note(&self, event: &Event) -> Result<(), String> {
        match &self.ledger {
            Some(ledger) => ledger
                .journal
                .append(event)
                .map_err(|error| format!("the journal could not be written: {error}")),
            None => Ok(()),
        }
    }
}
