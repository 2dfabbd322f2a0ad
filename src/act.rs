//! Runs a plan.

pub mod accounts;
pub mod command;
pub mod judge;
pub mod pool;
