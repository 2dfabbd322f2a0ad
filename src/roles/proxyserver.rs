//! A proxy: the traffic is moved here, by the admin's own commands.

mod plan;

#[cfg(test)]
pub(super) use plan::DEACTIVATE;
pub(super) use plan::plan;
