//! A plan, as far as the machine needs to know it: names and kinds. What is run for a step (argv,
//! users, secrets) is the interpreter's.

/// The name of the stage that moves the traffic here, and of its commands.
pub const ACTIVATE: &str = "activate";

/// The step that promotes the accounts.
pub const PROMOTE_STEP: &str = "promote-accounts";

/// Stages run one after another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StagePlan {
    /// The name in the log, the journal and the report.
    pub name: &'static str,
    /// What is done.
    pub work: Work,
    /// What a failure means for the stages after it.
    pub on_failure: OnFailure,
}

/// What a failure means for the stages after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnFailure {
    /// They do not run.
    Stop,
    /// They run all the same.
    GoOn,
    /// They do not run, and nothing is tried again before `habeat retry`: the old active may still
    /// serve.
    Latch,
}

/// What a stage does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Work {
    /// These commands, in order, up to the first failure.
    Commands(Vec<Command>),
    /// List the accounts, promote, list again until none is left.
    Accounts,
    /// Batches over the accounts that were listed. May be done again, and needs no evidence: it
    /// finishes what was begun.
    Sweep,
    /// The surviving Consul server gets a leader again, or is put back as it was.
    Recover,
    /// A service that a killed recovery has stopped is started again.
    Restore,
}

/// One command of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Command {
    /// The name in the log, the journal and the report.
    pub step: &'static str,
    /// Tells it from the other commands of its stage, whatever its place.
    pub id: String,
    /// What it may do, and so what must be known when it is begun.
    pub class: Class,
}

/// What a step may do, and so what must be known when it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It asks, or may be done again and finishes what was begun. It may always be run.
    Query,
    /// It cannot be taken back: it is begun on the evidence of this moment only.
    Irreversible,
    /// It can be taken back: its evidence must be young, and no wait may have come in between.
    Reversible,
    /// It takes something back. It may always be run.
    Undo,
}

/// What this node's role and policy come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    /// Taking over: fences first.
    pub takeover: Vec<StagePlan>,
    /// Moving the traffic back; `None` where the role has nothing to move back.
    pub back: Option<StagePlan>,
    /// Whether the policy lets habeat do that by itself.
    pub back_by_itself: bool,
    /// Stops the HA module of the manual site, and starts it again.
    pub module: Option<[StagePlan; 2]>,
    /// Starts a service again that a killed recovery has stopped.
    pub restore: Option<StagePlan>,
}

impl StagePlan {
    /// Whether it makes sure that the old active cannot serve.
    pub fn is_fence(&self) -> bool {
        self.on_failure == OnFailure::Latch
    }
}
