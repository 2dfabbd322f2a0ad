//! What the parts that know no role need to know of this node's.

use std::time::Duration;

use super::Consul;

/// What the parts that know no role need to know of this node's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The name used in the config file and in file names.
    pub name: &'static str,
    /// The top-level block that no other role reads.
    pub block: Option<&'static str>,
    /// Whom its commands work as, or for, where only root can; `None` = whoever runs habeat.
    pub user: Option<String>,
    /// How long commands that a killed run left are waited for.
    pub patience: Duration,
    /// Commands side by side, at the most.
    pub width: usize,
    /// Who says whether the mesh has a leader, for a role that acts only while it has none.
    pub leader: Option<LeaderSource>,
}

/// Who is asked whether the mesh has a leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderSource {
    /// The agent of this node.
    pub agent: Consul,
    /// Deadline of a question to it.
    pub timeout: Duration,
}
