//! The configuration as a run uses it: checked, complete, with every default filled in.
//!
//! It knows no role: `roles` hands in what reads the keys of each. The YAML as written is read by [`mod@load`]; nothing after it sees a raw value.

pub(crate) mod action;
mod assemble;
mod clear;
mod credential;
mod keys;
mod limits;
pub mod load;
mod local;
mod model;
mod notes;
pub(crate) mod provider;
pub(crate) mod reader;
pub(crate) mod role;
mod rules;
pub(crate) mod scalar;
pub mod schema;
pub mod show;
pub(crate) mod site;
pub(crate) mod source;
pub(crate) mod suggest;
mod syntax;
pub mod table;
pub(crate) mod target;
mod tree;
mod witness;

#[cfg(test)]
pub(crate) mod tests;

pub use crate::base::secret::Secret;
pub use crate::base::url::Url;
pub(crate) use load::load;
pub use load::{Invalid, Loaded, Problem};
pub use model::{
    Carbonio, Config, Consul, Fence, Files, Gossip, Hetrix, History, HttpTarget, HttpWitness,
    LeaderSource, MANUAL_SITE, Namespace, OnReturn, Policy, Probe, Provider, Quorum, Role, Share,
    Site, Stands, Takeover, Target, Timeouts, Witness,
};
pub use rules::UNIT_START_LIMIT;
