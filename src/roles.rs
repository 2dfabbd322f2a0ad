//! What a node is for. A role is a folder: what it runs, and how what only it runs is run.

pub mod appserver;
pub mod check;
pub mod consulserver;
mod fence;
mod plan;
pub mod proxyserver;
mod run;
mod stage;

#[cfg(test)]
mod tests;

pub use plan::{Book, RolePlan};
pub use run::Crew;
pub use stage::{Action, Stage, lines};

use std::path::Path;

use crate::config::role::RoleKeys;
use crate::config::{self, Config, Invalid};
use crate::core::{Decision, Memory};
use appserver::Appserver;
use check::{Findings, Online};
use consulserver::Mesh;
use plan::commands;
use proxyserver::Proxyserver;

/// What the config says to this node's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleConfig {
    /// Mailboxes are promoted.
    Appserver(Appserver),
    /// Traffic is switched.
    Proxyserver(Proxyserver),
    /// The mesh gets its leader back.
    Consulserver(Box<Mesh>),
}

/// The roles, as a config is read by them. The first stands for one that is missing or not known.
pub(crate) static ROLES: [RoleKeys<RoleConfig>; 3] =
    [appserver::KEYS, proxyserver::KEYS, consulserver::KEYS];

/// A config that could be used.
pub type Loaded = config::Loaded<RoleConfig>;

/// Reads and checks a config file.
///
/// # Errors
/// When the file cannot be read or used; the error lists every problem.
pub fn load(path: &Path) -> Result<Loaded, Invalid> {
    config::load(path, &ROLES)
}

impl RoleConfig {
    /// Plans what the role may ever do.
    fn plan(&self, config: &Config) -> RolePlan {
        match self {
            Self::Appserver(it) => appserver::plan(config, it),
            Self::Proxyserver(it) => proxyserver::plan(config, it),
            Self::Consulserver(it) => consulserver::plan(config, it),
        }
    }

    /// Notes what a takeover needs and this machine lacks.
    pub fn look(&self, config: &Config, found: &mut Findings) {
        match self {
            Self::Appserver(it) => appserver::check::look(config, it, found),
            Self::Proxyserver(it) => proxyserver::check::look(it, found),
            Self::Consulserver(it) => consulserver::check::look(it, found),
        }
    }

    /// Asks whom only this role asks, for `check --online`.
    pub fn ask(&self, config: &Config, told: &mut Vec<Online>, found: &mut Findings) {
        match self {
            Self::Appserver(it) => appserver::count::ask(config, it, told, found),
            Self::Proxyserver(_) => {}
            Self::Consulserver(it) => consulserver::leaders::ask(it, told, found),
        }
    }

    /// Returns a folder of another user that the unit must let habeat write in, and the drop-in
    /// that does.
    pub fn folder(&self) -> Option<(&Path, &'static str)> {
        match self {
            Self::Appserver(_) | Self::Proxyserver(_) => None,
            Self::Consulserver(it) => Some((&it.data_dir, "systemd/habeat-consulserver.conf")),
        }
    }

    /// Returns a line about what a return leaves as it is.
    pub fn not_given_back(&self, memory: &Memory, decision: &Decision) -> Option<String> {
        match self {
            Self::Appserver(_) => appserver::advice::not_given_back(memory),
            Self::Proxyserver(it) => proxyserver::advice::not_given_back(it, memory, decision),
            Self::Consulserver(_) => None,
        }
    }

    /// Returns what an operator has to do by hand, line by line.
    pub fn advice(&self, config: &Config, memory: &Memory) -> Vec<String> {
        match self {
            Self::Appserver(_) | Self::Proxyserver(_) => Vec::new(),
            Self::Consulserver(it) => consulserver::advice::rejoin(config, it, memory),
        }
    }
}
