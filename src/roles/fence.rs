//! The stages that make sure that the old active cannot serve, whatever the role.

use super::commands;
use super::stage::{Action, Stage};
use crate::act::PowerOff;
use crate::config::Config;
use crate::core::plan::{Class, OnFailure};

/// Plans them, as far as the config has any.
pub(super) fn plan(config: &Config) -> Vec<Stage> {
    let fence = &config.fence;
    let power_off = fence.vcenter.as_ref().map(|(vcenter, deadline)| {
        Action::PowerOff(PowerOff {
            vcenter: vcenter.clone(),
            hosts: config.judged_vms(vcenter),
            deadline: *deadline,
        })
    });
    // Only the first command cannot be taken back: once it is fenced, the rest comes to the same.
    let mut steps = commands(config, "fence-command", Class::Reversible, &fence.commands);
    let verify = commands(config, "fence-verify", Class::Query, &fence.verify);
    if let Some((class, _)) = steps.first_mut() {
        *class = Class::Irreversible;
    }
    steps.extend(verify);
    let fence = (!steps.is_empty()).then_some(Action::Commands(steps));
    let stage = |(name, action)| Stage {
        name,
        action,
        on_failure: OnFailure::Latch,
    };
    let power_off = power_off.map(|it| ("power-off", it));
    let fence = fence.map(|it| ("fence", it));
    power_off.into_iter().chain(fence).map(stage).collect()
}
