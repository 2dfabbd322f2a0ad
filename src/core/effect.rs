//! What the machine asks for: exactly one thing at a time. A crash can only lie between two.

use std::time::Duration;

use crate::base::refusal::Code;
use crate::core::event::Listed;
use crate::core::story::Entry;
use crate::core::{Decision, Memory, Module, Promotion, Suspicion, Verdict};
use crate::observe::Observation;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Read what the last run left.
    Recall,
    /// Look at the peer.
    Observe,
    /// Make something durable.
    Write(Box<Write>),
    /// Look for commands that a killed run left.
    FindOrphans,
    /// Wait until they are gone, so long at the most.
    AwaitOrphans(Duration),
    /// End them.
    EndOrphans,
    /// Run a step.
    Run(Order),
    /// Wait.
    Wait(Duration),
    /// The run is over.
    End(Box<Ending>),
}

/// What is to be made durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Write {
    /// The down file; `None` = it goes.
    Suspicion(Option<Suspicion>),
    /// The promotion file.
    Promotion(Option<Promotion>),
    /// The restart-replica file.
    Module(Option<Module>),
    /// A line of the journal. `Begun` begins it anew.
    Journal(Entry),
    /// The journal of a promotion that is over becomes its gist.
    Gist,
    /// The account list goes.
    ForgetList,
}

/// A step to be run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// The stage it belongs to.
    pub stage: &'static str,
    /// What of it.
    pub task: Task,
    /// Its evidence is too old after this boot time, in milliseconds: then it is not begun. Compared
    /// directly before the program starts.
    pub not_after: Option<u64>,
    /// A deadline that is shorter than the step's own.
    pub within: Option<Duration>,
}

/// What of a stage is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// A command, by its place in the stage.
    Command(usize),
    /// How many promotions are under way.
    Operations,
    /// The same again and again until there are none.
    AwaitOperations,
    /// Who is on the dead host.
    List,
    /// Promote them.
    Promote,
    /// The batches that are left.
    Sweep,
    /// Whether the mesh can be recovered.
    Prepare,
    /// Recover it.
    Recover,
    /// Start the service that a killed recovery has stopped.
    Restore,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ending {
    /// What it means to whoever started it.
    pub code: Code,
    /// What became of what was to be done.
    pub end: End,
}

/// What became of what was to be done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// All of it is done.
    Complete,
    /// Something is left to do: what.
    Incomplete(String),
    /// What makes sure that the old active cannot serve failed; nothing after it ran.
    FenceFailed(String),
    /// What it needs is not there yet, and nothing was touched: what.
    NotReady(String),
    /// It failed and was undone, or could not be; nothing is tried again before `habeat retry`: why.
    GivenUp(String),
    /// The evidence was taken again before a step, and had become this: nothing further was done.
    Changed(Verdict),
    /// Something that the admin or the role asks for keeps it back, and costs no attempt: what.
    Withheld(String),
    /// The list of accounts is empty, and nobody has promoted them as far as we know.
    NoAccounts,
    /// We were asked to stop.
    Stopped,
    /// We may not run what is to be run.
    NoPrivilege,
    /// It could not be made durable: why.
    NotWritten(String),
    /// The promotion that is remembered is about another host: which.
    OtherHost(String),
    /// The operator's word was taken down; `None`: there was nothing that it could be about.
    Acknowledged(Option<Box<Promotion>>),
    /// An answer came that nobody asked for.
    Bug(String),
}

/// What people are told on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// This was seen.
    Seen(Box<Observation>),
    /// The evidence is taken once more before the next step.
    LooksAgain(Verdict),
    /// The one decision of the run, and the memory it rests on.
    Decided(Box<Decision>, Box<Memory>),
    /// A killed run left these, and they are waited for.
    AwaitsOrphans(Vec<u32>),
    /// They were still there at their deadline, and are ended.
    EndsOrphans(Vec<u32>),
    /// The journal of what was begun is missing.
    JournalMissing,
    /// A stage was done by an earlier run.
    StageDone(&'static str),
    /// A command was done by an earlier run.
    CommandDone(&'static str, String),
    /// One of the admin's commands begins: its step, its number, of how many, and which it is.
    Begins(&'static str, (usize, usize, String)),
    /// The accounts on the dead host, and how many there were before.
    Left(Listed, Option<usize>),
    /// What could not be written down of a step that has ended.
    NotWritten(String),
}
