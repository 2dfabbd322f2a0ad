//! habeat notices the death of a peer site, has it confirmed by a witness, and takes over.
//!
//! One run is a one-way street; an arrow is a value, never a callback:
//!
//! ```text
//! cli → app ── config → observe(probe, witness) → decide(pure) → plan(pure) → act(pool) → record(report, history)
//! ```
//!
//! A stage may use types of an earlier stage, never of a later one. `app` is the only module
//! that knows the whole order. `store` lies between `plan` and `act`: the state files, and the
//! journal that `act` writes before and after each effect.

pub mod act;
pub mod app;
mod aside;
pub mod cli;
pub mod clock;
pub mod config;
pub mod decide;
pub mod drill;
pub mod exit;
pub mod logging;
pub mod observe;
pub mod plan;
pub mod record;
mod resolve;
pub mod store;
pub mod validate;
pub mod witness;
