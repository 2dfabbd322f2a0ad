//! The stages of a proxy: the traffic is moved here, and back.

use super::Proxyserver;
use crate::config::Config;
use crate::core::plan::{ACTIVATE, Class, OnFailure};
use crate::roles::commands;
use crate::roles::plan::RolePlan;
use crate::roles::stage::{Action, Stage};

/// The name of the stage that moves it back, and of its commands.
pub(crate) const DEACTIVATE: &str = "deactivate";

/// Plans them.
pub(crate) fn plan(config: &Config, proxyserver: &Proxyserver) -> RolePlan {
    let Proxyserver {
        activate,
        verify,
        deactivate,
        enable_deactivate,
    } = proxyserver;
    let mut switch = commands(config, ACTIVATE, Class::Reversible, activate);
    switch.extend(commands(config, "verify", Class::Query, verify));
    let back = commands(config, DEACTIVATE, Class::Undo, deactivate);
    let stage = |name, commands| Stage {
        name,
        action: Action::Commands(commands),
        on_failure: OnFailure::Stop,
    };
    RolePlan {
        takeover: vec![stage(ACTIVATE, switch)],
        back: (!back.is_empty()).then(|| stage(DEACTIVATE, back)),
        back_by_itself: *enable_deactivate,
        ..RolePlan::default()
    }
}
