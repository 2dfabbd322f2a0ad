//! habeat notices the death of a peer site, has it confirmed by a witness, and takes over.
//!
//! One run is a one-way street; an arrow is a value, never a callback:
//!
//! ```text
//! cli → app ── config → observe(probe, witness) → core(pure) → store → act(pool) → roles → report
//! ```
//!
//! A stage may use types of an earlier stage, never of a later one. `app` is the only module
//! that knows the whole order. `store` lies before `act`: the state files, and the
//! journal that `act` writes before and after each effect.

pub mod act;
pub mod app;
pub mod base;
pub mod cli;
pub mod clients;
pub mod config;
pub mod core;
pub mod drill;
pub mod observe;
pub mod report;
pub mod roles;
pub mod store;
pub mod verbs;
pub mod witness;
