//! Turns a decision into stages and steps. Pure: what is planned is data, and can be printed.

use std::time::Duration;

pub use crate::base::command::Outcome;
use crate::config::{Config, Duty, Mesh, Proxyserver, Vcenter};
use crate::core::{Choice, Decision, Hold, Memory, ModuleOrder, Phase};

mod appserver;
mod lines;
mod recovery;
mod stage;

#[cfg(test)]
mod tests;

use appserver::{flush, module, promote, restart_replicas};
pub use lines::lines;
pub use recovery::{PUT_BACK, RECOVER, Recovery, START_MESH};
pub use stage::{Argv, Judge, Names, OnFailure, Stage, Step, Work};

/// The name of the stage that promotes.
pub const PROMOTE: &str = "promote";
/// The name of the stage that moves the traffic here, and of its commands.
pub const ACTIVATE: &str = "activate";

/// The name of the stage that moves it back, and of its commands.
pub const DEACTIVATE: &str = "deactivate";

/// The name of the stage that starts the HA module of the manual site again.
pub const START_MODULE: &str = "start-module";

/// The name of the stage that makes sure that the old active cannot serve.
pub const FENCE: &str = "fence";

/// Plans what a decision needs. An empty plan means that there is nothing to run.
pub fn plan(config: &Config, memory: &Memory, decision: &Decision) -> Vec<Stage> {
    match &decision.choice {
        Choice::Promote | Choice::Resume => takeover(config),
        Choice::Return => back(config, memory, Asked::ByPolicy),
        Choice::Failback => back(config, memory, Asked::ByOperator),
        Choice::Hold(Hold::ManualSite(ModuleOrder::Stop)) => vec![module(config, "stop-module")],
        // Hands off means hands off.
        Choice::Hold(Hold::Paused) => Vec::new(),
        Choice::Rest | Choice::Clear | Choice::Hold(_) => recovery::half_done(config, memory),
    }
}

/// Who asked for a return.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nobody: it is what the policy says.
    ByPolicy,
    /// The operator. What keeps habeat from acting by itself does not keep them.
    ByOperator,
}

fn back(config: &Config, memory: &Memory, asked: Asked) -> Vec<Stage> {
    match &config.duty {
        Duty::Appserver(_) if memory.module.is_some() => vec![module(config, START_MODULE)],
        Duty::Proxyserver(proxyserver)
            if is_switched(memory)
                && (proxyserver.enable_deactivate || asked == Asked::ByOperator)
                && !proxyserver.deactivate.is_empty() =>
        {
            vec![deactivate(config, proxyserver)]
        }
        Duty::Appserver(_) | Duty::Proxyserver(_) => Vec::new(),
        Duty::Consulserver(_) => recovery::half_done(config, memory),
    }
}

/// Whether any of the traffic may have been moved: a switch that was only intended, or that came
/// no further than its fence, is nothing to go back from.
pub fn is_switched(memory: &Memory) -> bool {
    memory
        .promotion
        .as_ref()
        .is_some_and(|promotion| match promotion.phase {
            Phase::Finished | Phase::Returning => true,
            Phase::Unfinished | Phase::FenceFailed => memory.begun.contains(ACTIVATE),
        })
}

/// Whether a stage gives back what a promotion took.
pub fn undoes(stages: &[Stage]) -> bool {
    stages.iter().any(|stage| stage.name == DEACTIVATE)
}

/// Whether a stage starts the HA module again.
pub fn starts_module(stages: &[Stage]) -> bool {
    stages.iter().any(|stage| stage.name == START_MODULE)
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
    steps.extend(commands(config, "fence-verify", &config.fence.verify));
    Stage {
        name: FENCE,
        work: Work::Sequence(steps),
        on_failure: OnFailure::Latch,
    }
}
