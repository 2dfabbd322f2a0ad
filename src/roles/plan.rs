//! What this node may ever do: every stage of its role, and the fences before it. Pure: what is
//! planned is data, and can be printed.

use super::stage::Stage;
use super::{RoleConfig, fence};
use crate::act::{Argv, Judge, Step};
use crate::config::Config;
use crate::core::plan::{Class, Plans};

/// What a role may ever do.
#[derive(Debug, Clone, Default)]
pub struct RolePlan {
    /// What a confirmed death leads to, after the fences.
    pub takeover: Vec<Stage>,
    /// What a return leads to; `None` where there is nothing to move back.
    pub back: Option<Stage>,
    /// Whether habeat does that by itself.
    pub back_by_itself: bool,
    /// Stops the HA module of the manual site, and starts it again.
    pub module: Option<[Stage; 2]>,
    /// Starts a service again that a killed run has stopped.
    pub restore: Option<Stage>,
}

/// The plans of this node: every stage that its role may ever run.
#[derive(Debug, Clone)]
pub struct Book {
    /// What the config says to the role.
    pub role: RoleConfig,
    /// What a confirmed death leads to.
    pub takeover: Vec<Stage>,
    /// What a return leads to, and what puts right what a killed run left.
    others: Vec<Stage>,
    /// The same, as the machine needs it.
    pub plans: Plans,
}

impl Book {
    /// Writes the plans of a config down.
    pub fn of(config: &Config, role: RoleConfig) -> Self {
        let RolePlan {
            takeover,
            back,
            back_by_itself,
            module,
            restore,
        } = role.plan(config);
        let mut stages = fence::plan(config);
        stages.extend(takeover);
        let outline = |stage: &Option<Stage>| stage.as_ref().map(Stage::outline);
        let outlines = |stages: &[Stage; 2]| stages.each_ref().map(Stage::outline);
        let plans = Plans {
            takeover: stages.iter().map(Stage::outline).collect(),
            back: outline(&back),
            back_by_itself,
            module: module.as_ref().map(outlines),
            restore: outline(&restore),
        };
        let module = module.into_iter().flatten();
        Self {
            role,
            takeover: stages,
            others: module.chain(back).chain(restore).collect(),
            plans,
        }
    }

    /// Returns the stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        let mut all = self.takeover.iter().chain(&self.others);
        all.find(|stage| stage.name == name)
    }
}

/// The admin's own commands, run as they stand and judged by their exit status.
pub(super) fn commands(
    config: &Config,
    name: &'static str,
    class: Class,
    commands: &[Argv],
) -> Vec<(Class, Step)> {
    let step = |argv: &Argv| Step {
        name,
        variants: vec![argv.clone()],
        deadline: config.timeouts.command,
        judge: Judge::Exit,
    };
    commands.iter().map(|argv| (class, step(argv))).collect()
}
