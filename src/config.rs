//! The configuration as a run uses it: checked, complete, with every default filled in.
//!
//! The YAML as written is read by [`mod@load`]; nothing after it sees a raw value.

mod action;
mod assemble;
mod clear;
mod credential;
mod duty;
mod keys;
mod limits;
pub mod load;
mod local;
mod mesh;
mod model;
mod notes;
mod provider;
mod reader;
mod rules;
mod scalar;
pub mod schema;
pub mod secret;
pub mod show;
mod site;
mod source;
mod suggest;
mod syntax;
pub mod table;
mod target;
mod tree;
mod url;
mod witness;

#[cfg(test)]
mod tests;

pub use load::{Invalid, Loaded, Problem, load};
pub use model::{
    Appserver, Carbonio, Config, Consul, Duty, Fence, Files, Gossip, Hetrix, History, HttpTarget,
    HttpWitness, MANUAL_SITE, Mesh, Namespace, OnReturn, Policy, Probe, Provider, Proxyserver,
    Quorum, Role, Share, Site, Stands, Takeover, Target, Timeouts, Vcenter, Witness,
};
pub use rules::UNIT_START_LIMIT;
pub use secret::Secret;
pub(crate) use source::unmarked;
pub use url::Url;
pub(crate) use url::public_part;
