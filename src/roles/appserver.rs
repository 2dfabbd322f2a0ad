//! A mailbox server: the accounts of the dead host are promoted here.

pub mod accounts;
pub(super) mod advice;
pub(super) mod check;
pub(super) mod count;
mod keys;
mod plan;
pub(super) mod promotion;

pub use keys::Appserver;
pub(super) use keys::KEYS;
pub(super) use plan::plan;
#[cfg(test)]
pub(super) use plan::{START_MODULE, STOP_MODULE};
pub use promotion::AccountSteps;
