//! What is run, and for how long at the most.

use std::path::PathBuf;
use std::time::Duration;

use super::Vcenter;

/// The programs that promote and flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carbonio {
    /// The user the programs run as; `None` = habeat's own.
    pub user: Option<String>,
    /// The `carbonio` program.
    pub carbonio: PathBuf,
    /// The `zmprov` program.
    pub zmprov: PathBuf,
    /// The name of the replica module on the command line.
    pub namespace: Namespace,
    /// Names per flush call, at the most.
    pub flush_batch: usize,
}

/// The name of the replica module on the command line of `carbonio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// Found out once per run.
    Auto,
    /// The name before 25.9.
    Ha,
    /// The name since 25.9.
    MailReplica,
}

/// Deadlines of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// A question.
    pub query: Duration,
    /// The promotion.
    pub promote: Duration,
    /// One flush call.
    pub flush: Duration,
    /// Any other command.
    pub command: Duration,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

/// What makes sure that the old active cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fence {
    /// The vCenter that powers the judged VM off, first of all.
    pub vcenter: Option<(Vcenter, Duration)>,
    /// Run in order; all must succeed.
    pub commands: Vec<Vec<String>>,
    /// Run in order afterwards; all must succeed.
    pub verify: Vec<Vec<String>>,
}
