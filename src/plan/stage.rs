//! What a plan consists of. Data: it can be printed, compared and tested.

use std::time::Duration;

use crate::config::Vcenter;
use crate::core::plan::OnFailure;
use crate::plan::Recovery;

/// Stages run one after another; the steps inside a stage may run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The name in the log, the journal and the report.
    pub name: &'static str,
    /// What is done.
    pub work: Work,
    /// What a failure means for the stages after it.
    pub on_failure: OnFailure,
}

/// What a stage does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// These steps in order, up to the first failure.
    Sequence(Vec<Step>),
    /// Each command once, in order, up to the first failure, whichever run it is in; then the
    /// proofs, in every run that gets so far.
    Switch {
        /// Move the traffic.
        commands: Vec<Step>,
        /// Succeed only when it has moved.
        verify: Vec<Step>,
    },
    /// The judged VMs are powered off by their vCenter, and seen off on a connected host.
    PowerOff {
        /// Who does it.
        vcenter: Vcenter,
        /// The names of the VMs.
        hosts: Vec<String>,
        /// For all of it.
        deadline: Duration,
    },
    /// The surviving Consul server gets a leader again, or is put back as it was.
    Recover(Box<Recovery>),
    /// A service that a killed recovery has stopped is started again, without any change.
    Restore(Box<Recovery>),
    /// List the accounts, promote, list again until none is left.
    Promote {
        /// The dead host, as the server names it.
        host: String,
        /// Lists the accounts that are still on the dead host.
        list: Step,
        /// Promotes them.
        promote: Step,
        /// Lists the operations under way, asked before an unfinished promotion goes on.
        operations: Step,
    },
    /// These steps, in order, for every batch of accounts; the batches side by side.
    Batches {
        /// Each gets the batch's names appended.
        steps: Vec<Step>,
        /// How the names are handed over.
        names: Names,
        /// Names per batch, at the most.
        max_names: usize,
        /// Bytes of names per batch, at the most.
        max_bytes: usize,
    },
}

/// How account names are handed to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// One argument each.
    Arguments,
    /// One argument, separated by commas.
    CommaList,
}

/// A program and its arguments. Never a shell line.
pub type Argv = Vec<String>;

/// One command to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name in the log, the journal and the report.
    pub name: &'static str,
    /// The command; or, where the namespace is found out at run time, one per namespace, in the
    /// order they are tried.
    pub variants: Vec<Argv>,
    /// When the command is ended by us.
    pub deadline: Duration,
    /// How its result is judged.
    pub judge: Judge,
}

/// How a command's result is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// The exit status alone.
    Exit,
    /// Exit status 0, and no known error text, and no error in a JSON envelope if there is one.
    Carbonio,
    /// As `Carbonio`, and there must be a JSON envelope with a `response`.
    CarbonioJson,
    /// Exit status 0 and no `ERROR:` line.
    Zmprov,
}
