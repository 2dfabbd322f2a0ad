//! What the machine is told: the answer to its last effect. The events of a run are its record: the
//! same events lead to the same effects.

use crate::base::clock::Now;
use crate::base::command::Outcome;
use crate::core::Memory;
use crate::core::story::{Entry, Extent};
use crate::observe::Observation;

/// What happened, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it had happened.
    pub at: Now,
    /// Whether we were asked to stop by then.
    pub stop: bool,
    /// What.
    pub what: What,
}

/// What habeat was called for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Errand {
    /// A run, as by the timer.
    Run,
    /// The return, by the operator's word.
    Failback,
    /// The operator has seen it: why, and who.
    Ack(String),
    /// What failed may be tried again: why, and who.
    Retry(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Somebody called.
    Asked(Errand),
    /// What the last run left was read.
    Recalled(Box<Memory>),
    /// The peer was looked at.
    Observed {
        /// What was seen.
        seen: Box<Observation>,
        /// When the first question was sent: so old is the oldest of it.
        since: Now,
    },
    /// Something was to be made durable.
    Written(Result<(), NotWritten>),
    /// So many commands that a killed run left still run.
    Orphans(Vec<u32>),
    /// A step has ended.
    Ran(Ran),
    /// The time is over.
    Waited,
}

/// It could not be made durable: why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotWritten(pub String);

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// How the program ended, or what stood in for it.
    pub outcome: Outcome,
    /// What came of it, beyond that.
    pub finding: Finding,
}

/// What a step came to, and nothing beyond that.
impl From<Outcome> for Ran {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            finding: Finding::Nothing,
        }
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// What its outcome says.
    Nothing,
    /// It was not begun: by then its evidence was too old.
    Late,
    /// The accounts on the dead host were listed, and are durable.
    Listed(Listed),
    /// So many promotions are under way on the server.
    Operations(usize),
    /// So many accounts are done and not done.
    Swept {
        /// Done, by this run or an earlier one.
        done: usize,
        /// Not done.
        undone: usize,
    },
    /// What became of the mesh's recovery, and what was journalled meanwhile.
    Recovery(Recovery, Vec<Entry>),
}

/// The accounts that are still on the dead host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Listed {
    /// All of them.
    pub total: usize,
    /// Those whose name cannot be used.
    pub unusable: usize,
    /// Those without an available replica.
    pub without_replica: usize,
    /// Those whose replica lags.
    pub lagging: usize,
    /// Everybody who was ever listed for this promotion.
    pub extent: Extent,
}

/// What became of a part of the mesh's recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// It is done, and nothing of it is left to do.
    Done,
    /// What it needs is there; nothing was touched.
    Ready,
    /// What it needs is not there: what.
    NotReady(String),
    /// It is not done: why.
    Incomplete(String),
    /// It failed and was undone, or could not be.
    GivenUp(String),
    /// We were asked to stop.
    Stopped,
}
