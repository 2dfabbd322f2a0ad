//! A server of the mesh: the survivor among the Consul servers gets a leader again.

mod plan;
pub mod recover;

pub(super) use plan::plan;
pub use plan::{Recovery, START_MESH};
