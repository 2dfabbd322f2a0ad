//! Turns a decision into stages and steps. Pure: what is planned is data, and can be printed.

use std::time::Duration;

pub use crate::command::Outcome;
use crate::config::{Appserver, Carbonio, Config, Duty, Mesh, Namespace, Proxyserver, Vcenter};
use crate::decide::{Choice, Decision, Hold, Memory, ModuleOrder, Phase};

mod recovery;
mod stage;

#[cfg(test)]
mod tests;

pub use recovery::{PUT_BACK, RECOVER, Recovery, START_MESH, STOP_MESH};
pub use stage::{Argv, Judge, Names, OnFailure, Stage, Step, Work};

/// Bytes of account names in one call, at the most. Linux caps a single argument at 128 KiB
/// (`MAX_ARG_STRLEN`, execve(2)), and a list of names may be a single argument.
const BATCH_BYTES: usize = 96 * 1024;

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

fn promote(config: &Config, appserver: &Appserver) -> Stage {
    let host = &config.peer.host();
    let threads = appserver.threads.to_string();
    let replica = |name, flag, words: &[&str], deadline, judge| Step {
        name,
        variants: replica_variants(&config.carbonio, Some(flag), words),
        deadline,
        judge,
    };
    Stage {
        name: PROMOTE,
        work: Work::Promote {
            list: replica(
                "list-accounts",
                "--json",
                &["getAccountStatus", "mailHost", host],
                config.timeouts.query,
                Judge::CarbonioJson,
            ),
            promote: replica(
                "promote-accounts",
                "--sync",
                &[
                    "promoteAccounts",
                    "source_mail_host",
                    host,
                    "threads",
                    &threads,
                ],
                config.timeouts.promote,
                Judge::Carbonio,
            ),
            operations: Step {
                name: "list-operations",
                variants: vec![carbonio(
                    &config.carbonio,
                    &["--json", "core", "getAllOperations"],
                )],
                deadline: config.timeouts.query,
                judge: Judge::CarbonioJson,
            },
        },
        on_failure: OnFailure::Stop,
    }
}

fn restart_replicas(config: &Config) -> Stage {
    let step = |name, verb| Step {
        name,
        variants: replica_variants(&config.carbonio, Some("--json"), &[verb, "accounts"]),
        deadline: config.timeouts.command,
        judge: Judge::Carbonio,
    };
    let steps = vec![
        step("pause-replicas", "pauseReplicas"),
        step("restart-replicas", "restartReplicas"),
    ];
    batches(config, "restart-replicas", steps, Names::CommaList)
}

fn flush(config: &Config, appserver: &Appserver) -> Stage {
    let zmprov = config.carbonio.zmprov.display().to_string();
    let mut argv = as_user(&config.carbonio, zmprov);
    argv.push("fc".into());
    if appserver.flush_all_servers {
        argv.push("-a".into());
    }
    argv.push("account".into());
    let step = Step {
        name: "flush-cache",
        variants: vec![argv],
        deadline: config.timeouts.flush,
        judge: Judge::Zmprov,
    };
    batches(config, "flush-cache", vec![step], Names::Arguments)
}

fn batches(config: &Config, name: &'static str, steps: Vec<Step>, names: Names) -> Stage {
    let work = Work::Batches {
        steps,
        names,
        max_names: config.carbonio.flush_batch,
        max_bytes: BATCH_BYTES,
    };
    Stage {
        name,
        work,
        on_failure: OnFailure::GoOn,
    }
}

fn module(config: &Config, name: &'static str) -> Stage {
    let verb = if name == START_MODULE {
        "doStartService"
    } else {
        "doStopService"
    };
    let step = Step {
        name,
        variants: replica_variants(&config.carbonio, None, &[verb, "module"]),
        deadline: config.timeouts.command,
        judge: Judge::Carbonio,
    };
    Stage {
        name,
        work: Work::Sequence(vec![step]),
        on_failure: OnFailure::Stop,
    }
}

/// Builds one command per namespace that may be the right one, the newer first.
fn replica_variants(carbonio_config: &Carbonio, flag: Option<&str>, words: &[&str]) -> Vec<Argv> {
    let namespaces: &[&str] = match carbonio_config.namespace {
        Namespace::Auto => &["MailReplica", "ha"],
        Namespace::Ha => &["ha"],
        Namespace::MailReplica => &["MailReplica"],
    };
    namespaces
        .iter()
        .map(|namespace| {
            let all: Vec<&str> = flag
                .into_iter()
                .chain([*namespace])
                .chain(words.iter().copied())
                .collect();
            carbonio(carbonio_config, &all)
        })
        .collect()
}

fn carbonio(config: &Carbonio, words: &[&str]) -> Argv {
    let mut argv = as_user(config, config.carbonio.display().to_string());
    argv.extend(words.iter().map(|word| (*word).to_owned()));
    argv
}

/// The wrapper programs refuse any user but their own, so root steps down by runuser(1), which
/// takes an argv and no shell.
fn as_user(config: &Carbonio, program: String) -> Argv {
    match &config.user {
        Some(user) => ["runuser", "-u", user, "--"]
            .map(str::to_owned)
            .into_iter()
            .collect(),
        None => Vec::new(),
    }
    .into_iter()
    .chain([program])
    .collect::<Argv>()
}

/// Returns every command of a plan, in order, for showing. Where the namespace is found out at run
/// time the one tried first is shown; where names are filled in at run time a placeholder is.
pub fn lines(stages: &[Stage]) -> Vec<Argv> {
    let first = |step: &Step| step.variants.first().cloned().unwrap_or_default();
    stages
        .iter()
        .flat_map(|stage| match &stage.work {
            Work::Sequence(steps) => steps.iter().map(first).collect(),
            Work::Switch { commands, verify } => commands.iter().chain(verify).map(first).collect(),
            Work::PowerOff { vcenter, hosts, .. } => {
                let order = |host: &String| -> Argv {
                    let words = ["(vcenter)", &vcenter.base_url, "power-off", host];
                    words.map(str::to_owned).into()
                };
                hosts.iter().map(order).collect()
            }
            Work::Recover(recovery) => recovery.lines(),
            Work::Restore(recovery) => vec![first(&recovery.start)],
            Work::Promote {
                list,
                promote,
                operations: _,
            } => {
                vec![first(list), first(promote), first(list)]
            }
            Work::Batches {
                steps,
                names,
                max_names,
                ..
            } => steps
                .iter()
                .map(|step| {
                    let mut argv = first(step);
                    argv.push(match names {
                        Names::Arguments => format!("<up to {max_names} accounts>"),
                        Names::CommaList => {
                            format!("<up to {max_names} accounts, comma-separated>")
                        }
                    });
                    argv
                })
                .collect::<Vec<_>>(),
        })
        .collect()
}
