//! Turns a decision into stages and steps. Pure: what is planned is data, and can be printed.

use std::time::Duration;

pub use crate::base::command::Outcome;
use crate::config::{Config, Duty, Mesh, Proxyserver, Vcenter};
use crate::core::plan::Plans;
pub use crate::core::plan::{ACTIVATE, OnFailure};

mod appserver;
mod lines;
mod outline;
mod recovery;
mod stage;

#[cfg(test)]
mod tests;

use appserver::{flush, module, promote, restart_replicas};
pub use lines::lines;
pub use recovery::{PUT_BACK, RECOVER, Recovery, START_MESH};
pub use stage::{Argv, Judge, Names, Stage, Step, Work};

/// The name of the stage that promotes.
pub const PROMOTE: &str = "promote";
/// The name of the stage that moves it back, and of its commands.
pub const DEACTIVATE: &str = "deactivate";

/// The name of the stage that stops the HA module of the manual site.
pub const STOP_MODULE: &str = "stop-module";

/// The name of the stage that starts the HA module of the manual site again.
pub const START_MODULE: &str = "start-module";

/// The name of the stage that makes sure that the old active cannot serve.
pub const FENCE: &str = "fence";

/// The plans of this node: every stage that its role may ever run.
#[derive(Debug, Clone)]
pub struct Book {
    /// What a confirmed death leads to.
    pub takeover: Vec<Stage>,
    /// What a return leads to, and what puts right what a killed run left.
    others: Vec<Stage>,
    /// The same, as the machine needs it.
    pub plans: Plans,
}

impl Book {
    /// Writes the plans of a config down.
    pub fn of(config: &Config) -> Self {
        let takeover = takeover(config);
        let (mut back, mut back_by_itself, mut stops, mut restore) = (None, true, None, None);
        match &config.duty {
            Duty::Appserver(_) => {
                stops = Some([STOP_MODULE, START_MODULE].map(|it| module(config, it)));
            }
            Duty::Proxyserver(proxyserver) => {
                back =
                    (!proxyserver.deactivate.is_empty()).then(|| deactivate(config, proxyserver));
                back_by_itself = proxyserver.enable_deactivate;
            }
            Duty::Consulserver(mesh) => restore = Some(recovery::half_done(config, mesh)),
        }
        let plans = Plans {
            takeover: takeover.iter().map(Stage::outline).collect(),
            back: back.as_ref().map(Stage::outline),
            back_by_itself,
            module: stops
                .as_ref()
                .map(|stages| stages.each_ref().map(Stage::outline)),
            restore: restore.as_ref().map(Stage::outline),
        };
        let others = back
            .into_iter()
            .chain(stops.into_iter().flatten())
            .chain(restore);
        Self {
            takeover,
            others: others.collect(),
            plans,
        }
    }

    /// Returns the stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.takeover
            .iter()
            .chain(&self.others)
            .find(|stage| stage.name == name)
    }
}

/// Plans the takeover, by the role.
pub fn takeover(config: &Config) -> Vec<Stage> {
    let mut stages = Vec::new();
    if let Some((vcenter, deadline)) = &config.fence.vcenter {
        stages.push(power_off(config, vcenter, *deadline));
    }
    if !config.fence.commands.is_empty() || !config.fence.verify.is_empty() {
        stages.push(fence(config));
    }
    match &config.duty {
        Duty::Appserver(appserver) => {
            stages.push(promote(config, appserver));
            if appserver.restart_replica {
                stages.push(restart_replicas(config));
            }
            if appserver.flush_cache {
                stages.push(flush(config, appserver));
            }
        }
        Duty::Proxyserver(proxyserver) => stages.push(activate(config, proxyserver)),
        Duty::Consulserver(mesh) => stages.push(recover(config, mesh)),
    }
    stages
}

fn recover(config: &Config, mesh: &Mesh) -> Stage {
    Stage {
        name: RECOVER,
        work: Work::Recover(Box::new(Recovery::of(config, mesh))),
        on_failure: OnFailure::Stop,
    }
}

fn activate(config: &Config, proxyserver: &Proxyserver) -> Stage {
    Stage {
        name: ACTIVATE,
        work: Work::Switch {
            commands: commands(config, ACTIVATE, &proxyserver.activate),
            verify: commands(config, "verify", &proxyserver.verify),
        },
        on_failure: OnFailure::Stop,
    }
}

fn deactivate(config: &Config, proxyserver: &Proxyserver) -> Stage {
    Stage {
        name: DEACTIVATE,
        work: Work::Sequence(commands(config, DEACTIVATE, &proxyserver.deactivate)),
        on_failure: OnFailure::Stop,
    }
}

/// The admin's own commands, run as they stand and judged by their exit status.
fn commands(config: &Config, name: &'static str, commands: &[Argv]) -> Vec<Step> {
    let step = |argv: &Argv| Step {
        name,
        variants: vec![argv.clone()],
        deadline: config.timeouts.command,
        judge: Judge::Exit,
    };
    commands.iter().map(step).collect()
}

fn power_off(config: &Config, vcenter: &Vcenter, deadline: Duration) -> Stage {
    Stage {
        name: "power-off",
        work: Work::PowerOff {
            vcenter: vcenter.clone(),
            hosts: config.judged_vms(vcenter),
            deadline,
        },
        on_failure: OnFailure::Latch,
    }
}

fn fence(config: &Config) -> Stage {
    let mut steps = commands(config, "fence-command", &config.fence.commands);
    steps.extend(commands(
        config,
        outline::FENCE_VERIFY,
        &config.fence.verify,
    ));
    Stage {
        name: FENCE,
        work: Work::Sequence(steps),
        on_failure: OnFailure::Latch,
    }
}
