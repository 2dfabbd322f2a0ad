//! A proxy: the traffic is moved here, by the admin's own commands.

pub(super) mod advice;
pub(super) mod check;
mod keys;
mod plan;

#[cfg(test)]
mod tests;

pub(super) use keys::KEYS;
pub use keys::Proxyserver;
#[cfg(test)]
use plan::DEACTIVATE;
pub(super) use plan::plan;
