//! Plays whole outages against a lab on loopback, through the real pipeline.

pub mod fake_consul;
