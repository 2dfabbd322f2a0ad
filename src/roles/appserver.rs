//! A mailbox server: the accounts of the dead host are promoted here.

pub mod accounts;
mod plan;
pub(super) mod promotion;

pub(super) use plan::plan;
#[cfg(test)]
pub(super) use plan::{START_MODULE, STOP_MODULE};
pub use promotion::Promotion;
