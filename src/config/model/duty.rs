//! What this node is, and what it does when the peer is dead.

use std::path::PathBuf;
use std::time::Duration;

use super::Consul;

/// What this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A mailbox server.
    Appserver,
    /// A proxy: it takes the traffic.
    Proxyserver,
    /// A server of the mesh: it keeps the Consul quorum.
    Consulserver,
}

impl Role {
    /// Returns the name used in the config file and in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Appserver => "appserver",
            Self::Proxyserver => "proxyserver",
            Self::Consulserver => "consulserver",
        }
    }
}

/// What a role does, with its own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duty {
    /// Mailboxes are promoted.
    Appserver(Appserver),
    /// Traffic is switched.
    Proxyserver(Proxyserver),
    /// The mesh gets its leader back.
    Consulserver(Box<Mesh>),
}

/// What the `appserver` role does besides promoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appserver {
    /// Width of our pool, and the `threads` handed to `promoteAccounts`.
    pub threads: usize,
    /// Whether the manual site stops its HA module while the peer is dead.
    pub disable_ha_module: bool,
    /// Whether caches are flushed after a promotion.
    pub flush_cache: bool,
    /// Whether the flush asks all servers (`-a`).
    pub flush_all_servers: bool,
    /// Whether replicas are paused and restarted after a promotion.
    pub restart_replica: bool,
}

/// What the `proxyserver` role runs: commands of our own site, each run as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxyserver {
    /// Move the traffic here: in order, up to the first failure.
    pub activate: Vec<Vec<String>>,
    /// Run in order afterwards; all must succeed, or the traffic does not count as moved.
    pub verify: Vec<Vec<String>>,
    /// Move it back: in order, up to the first failure.
    pub deactivate: Vec<Vec<String>>,
    /// Whether they are run when the peer returns (`local.proxy_enable_deactivate`).
    pub enable_deactivate: bool,
}

/// The Consul servers of our own site, and how the survivor among them gets a leader again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// Consul's data folder: `node-id` and `raft` lie in it.
    pub data_dir: PathBuf,
    /// Whose `peers.json` must be, to be read and removed by the service; `None` = habeat's own.
    pub owner: Option<String>,
    /// A `peers.json` that the admin prepared; used instead of one of our own, if it is there.
    pub peers_file: PathBuf,
    /// The port that the servers speak Raft on.
    pub port: u16,
    /// Stops the service, and returns when it is stopped.
    pub stop: Vec<String>,
    /// Starts it, and returns.
    pub start: Vec<String>,
    /// How long the service may take to have a leader.
    pub leader_timeout: Duration,
    /// The addresses of our own site's servers (`consul_ips`).
    pub addresses: Vec<String>,
    /// The directory server of our own site, without which the service does not start
    /// (`directorysrv_ip`).
    pub directory: Option<String>,
    /// The agent of this node.
    pub agent: Consul,
    /// Deadline of a question to an agent.
    pub timeout: Duration,
    /// The agents of the peer's servers, should they be reachable.
    pub peer_agents: Vec<Consul>,
}
