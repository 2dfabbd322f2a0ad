//! A server of the mesh: the survivor among the Consul servers gets a leader again.

pub(super) mod advice;
pub(super) mod check;
mod keys;
pub(super) mod leaders;
mod plan;
pub mod recover;

pub(super) use keys::KEYS;
pub use keys::Mesh;
pub use plan::Recovery;
pub(super) use plan::plan;
