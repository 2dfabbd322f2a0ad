//! When to act.

use std::time::Duration;

use super::Quorum;

/// When to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether this site takes over by itself.
    pub takeover: Takeover,
    /// Whether the manual site stops its HA module (`local.disable_ha_module`).
    pub stop_module: bool,
    /// How many witnesses must say down.
    pub quorum: Quorum,
    /// Consecutive runs that must see the peer dead.
    pub confirm_runs: u32,
    /// Consecutive runs that must see the peer alive before the return steps.
    pub recover_runs: u32,
    /// A run sooner than this after the last counted one counts nothing but a sign of life.
    pub run_spacing: Duration,
    /// Older evidence begins nothing irreversible: it is taken again.
    pub evidence_max_age: Duration,
    /// After a promotion, no other one for this long.
    pub block_period: Duration,
    /// Tries of an unfinished promotion before it latches.
    pub max_attempts: u32,
    /// Who runs the return steps.
    pub on_return: OnReturn,
}

/// Whether a site takes over by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takeover {
    /// On a confirmed death.
    Automatic,
    /// Never: the site that `local.manual_site` names.
    Manual,
    /// Not yet: `local.proxy_enable_activate` is off.
    NotEnabled,
}

/// Who runs the return steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnReturn {
    /// habeat, as the role defines them.
    Role,
    /// The operator.
    Manual,
}
