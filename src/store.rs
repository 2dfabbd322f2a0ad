//! What survives a run: state files, and in the state folder run lock, journal, account list.

pub mod accounts;
pub mod file;
pub mod folder;
pub mod journal;
mod legacy;
pub mod lock;
pub mod state;

#[cfg(test)]
mod tests;

pub use accounts::{AccountList, Batch, Bounds};
pub use file::Foreign;
pub use journal::Journal;
pub use lock::RunLock;
