//! What a node is for. A role is a folder: what it runs, and how what only it runs is run.

pub mod appserver;
pub mod consulserver;
mod fence;
mod plan;
mod proxyserver;
mod run;
mod stage;

#[cfg(test)]
mod tests;

pub use plan::{Book, RolePlan};
pub use run::Crew;
pub use stage::{Action, Stage, lines};

use crate::config::{Config, Duty};
use plan::commands;

/// Plans what the role of this node may ever do.
fn plan(config: &Config) -> RolePlan {
    match &config.duty {
        Duty::Appserver(it) => appserver::plan(config, it),
        Duty::Proxyserver(it) => proxyserver::plan(config, it),
        Duty::Consulserver(it) => consulserver::plan(config, it),
    }
}
