//! What survives a run: state files, run lock, journal, account list.

pub mod accounts;
pub mod file;
pub mod journal;
pub mod lock;
pub mod ranges;
pub mod state;

#[cfg(test)]
mod tests;

pub use accounts::{AccountList, Extent};
pub use file::Foreign;
pub use journal::{Child, Event, Journal, Story};
pub use lock::RunLock;
