//! A proxy: the traffic is moved here, by the admin's own commands.

pub(super) mod advice;
pub(super) mod check;
mod keys;
mod plan;

pub(super) use keys::KEYS;
pub use keys::Proxyserver;
#[cfg(test)]
pub(super) use plan::DEACTIVATE;
pub(super) use plan::plan;
