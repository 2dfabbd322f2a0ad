//! The cluster behind the fake agent: what can be made to fail.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the agent knows, and what it was asked.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Every node that some view still knows, by its Consul name.
    pub nodes: BTreeMap<String, Node>,
    /// Whether the servers have a leader, and whether our agent reaches them.
    pub leader: Leader,
    /// Who may ask.
    pub acl: Acl,
    /// Whether the agent answers at all.
    pub agent: Agent,
    /// The folder of the program that starts and stops the agent, where there is one
    /// (`mesh.sh`): it says whether the agent runs, and whether it leads.
    pub service: Option<PathBuf>,
    /// Every request that was read, in order.
    pub asked: Vec<Asked>,
}

/// One node in the two views of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The agent's gossip view (`/v1/agent/members`); `None` = not a member.
    pub gossip: Option<Gossip>,
    /// The servers' catalog (`/v1/health/node`); `None` = not registered.
    pub catalog: Option<SerfHealth>,
    /// Whether an administrator put the node into maintenance.
    pub maintenance: Maintenance,
}

/// A member's state in the gossip, with the numbers of the `Status` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gossip {
    /// It answers.
    Alive = 1,
    /// It took its leave, or was made to (`force-leave`).
    Left = 3,
    /// It stopped answering.
    Failed = 4,
}

/// A node's `serfHealth` in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerfHealth {
    /// Its agent is alive.
    Passing,
    /// Its agent is not.
    Critical,
}

/// Whether a node is in maintenance mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintenance {
    /// It is not.
    Off,
    /// It is: a critical `_node_maintenance` beside an unchanged `serfHealth`.
    On,
}

/// What our agent learns of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// They have a leader.
    Known,
    /// They lost their quorum.
    Lost,
    /// Our agent reaches none of them.
    CutOff,
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acl {
    /// Anybody.
    Off,
    /// Whoever sends this token; without one, everything is filtered away.
    Token(String),
}

/// Whether the agent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// It does.
    Serving,
    /// It accepts connections and says nothing.
    Frozen,
    /// It does not run; a connection ends at once.
    Stopped,
}

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Path and query.
    pub target: String,
    /// The token that came with it.
    pub token: Option<String>,
}

impl Node {
    /// A node that is well in both views.
    pub const ALIVE: Self = Self {
        gossip: Some(Gossip::Alive),
        catalog: Some(SerfHealth::Passing),
        maintenance: Maintenance::Off,
    };
    /// A node whose death both views have noticed.
    pub const FAILED: Self = Self {
        gossip: Some(Gossip::Failed),
        catalog: Some(SerfHealth::Critical),
        maintenance: Maintenance::Off,
    };
    /// A node that left in order: still a member, no longer in the catalog.
    pub const LEFT: Self = Self {
        gossip: Some(Gossip::Left),
        catalog: None,
        maintenance: Maintenance::Off,
    };
}

impl Cluster {
    /// A cluster with a leader, without nodes, open to everybody.
    pub(super) fn empty() -> Self {
        Self {
            nodes: BTreeMap::new(),
            leader: Leader::Known,
            acl: Acl::Off,
            agent: Agent::Serving,
            service: None,
            asked: Vec::new(),
        }
    }

    /// Puts a node into this state; a name not yet known joins the cluster.
    pub fn set(&mut self, name: &str, node: Node) {
        self.nodes.insert(name.to_owned(), node);
    }

    /// Returns what is left of it once the program that starts and stops the agent has had its say.
    pub(super) fn under_service(&self) -> Self {
        let mut cluster = self.clone();
        let Some(folder) = &self.service else {
            return cluster;
        };
        let is_there = |name: &str| folder.join(name).exists();
        if is_there("mesh_stopped") {
            cluster.agent = Agent::Stopped;
        }
        if is_there("mesh_led") {
            cluster.leader = Leader::Known;
        } else if cluster.leader == Leader::Known {
            cluster.leader = Leader::Lost;
        }
        if is_there("mesh_starts") {
            // An agent that was restarted has never met the dead, and its leader strikes them off
            // the catalog (measured on 1.8.7).
            let is_alive = |node: &Node| node.gossip == Some(Gossip::Alive);
            cluster.nodes.retain(|_, node| is_alive(node));
        }
        cluster
    }

    /// Makes the gossip see every node but `own` as failed: what an isolated agent sees.
    pub fn isolate(&mut self, own: &str) {
        self.leader = Leader::CutOff;
        for (name, node) in &mut self.nodes {
            if name != own && node.gossip == Some(Gossip::Alive) {
                node.gossip = Some(Gossip::Failed);
            }
        }
    }
}
