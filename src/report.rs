//! Tells what a run saw, decided and did: log, history, `--json`, a person.

pub mod asker;
pub mod history;
pub mod lines;
pub mod record;
pub mod sentence;

#[cfg(test)]
pub(crate) mod tests;
