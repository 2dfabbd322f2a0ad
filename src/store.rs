//! What survives a run: state files, and in the state folder run lock, journal, account list.

pub mod accounts;
pub mod file;
pub mod folder;
pub mod journal;
mod legacy;
pub mod lock;
pub mod ranges;
pub mod state;

#[cfg(test)]
mod tests;

pub use accounts::{AccountList, Batch, Batches, Bounds, Extent};
pub use file::Foreign;
pub use journal::{Child, Event, Journal, Story};
pub use lock::RunLock;
