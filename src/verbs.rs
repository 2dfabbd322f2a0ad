//! The verbs of the command line, a file each.

pub mod ack;
pub mod check;
pub mod config;
