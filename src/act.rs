//! Runs a plan.

pub mod accounts;
pub mod command;
mod envelope;
pub mod judge;
pub mod lingering;
pub mod pool;
