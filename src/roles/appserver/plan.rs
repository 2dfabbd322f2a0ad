//! The stages of a mailbox server: promote, restart replicas, flush caches; and its HA module.

use super::{AccountSteps, Appserver};
use crate::act::{Argv, Batches, Judge, Names, Step};
use crate::config::{Carbonio, Config, Namespace};
use crate::core::plan::{Class, OnFailure, PROMOTE_STEP};
use crate::roles::RolePlan;
use crate::roles::stage::{Action, Stage};

/// The name of the stage that promotes.
const PROMOTE: &str = "promote";
/// The name of the stage that stops the HA module of the manual site.
pub(crate) const STOP_MODULE: &str = "stop-module";
/// The name of the stage that starts it again.
pub(crate) const START_MODULE: &str = "start-module";

/// Bytes of account names in one call, at the most. Linux caps a single argument at 128 KiB
/// (`MAX_ARG_STRLEN`, execve(2)), and a list of names may be a single argument.
const BATCH_BYTES: usize = 96 * 1024;

/// Plans them.
pub(crate) fn plan(config: &Config, appserver: &Appserver) -> RolePlan {
    let mut takeover = vec![Stage {
        name: PROMOTE,
        action: Action::Promote(Box::new(promotion(config, appserver))),
        on_failure: OnFailure::Stop,
    }];
    if appserver.restart_replica {
        takeover.push(restart_replicas(config));
    }
    if appserver.flush_cache {
        takeover.push(flush(config, appserver));
    }
    RolePlan {
        takeover,
        module: Some([
            module(config, STOP_MODULE, "doStopService", Class::Reversible),
            module(config, START_MODULE, "doStartService", Class::Undo),
        ]),
        ..RolePlan::default()
    }
}

/// Plans the steps of a promotion.
pub(super) fn promotion(config: &Config, appserver: &Appserver) -> AccountSteps {
    let host = &config.peer.host();
    let threads = appserver.threads.to_string();
    let replica = |name, flag, words: &[&str], deadline, judge| Step {
        name,
        variants: replica_variants(&config.carbonio, Some(flag), words),
        deadline,
        judge,
    };
    AccountSteps {
        host: host.clone(),
        list: replica(
            "list-accounts",
            "--json",
            &["getAccountStatus", "mailHost", host],
            config.timeouts.query,
            Judge::CarbonioJson,
        ),
        promote: replica(
            PROMOTE_STEP,
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
    let action = Action::Batches(Batches {
        steps,
        names,
        max_names: config.carbonio.flush_batch,
        max_bytes: BATCH_BYTES,
    });
    Stage {
        name,
        action,
        on_failure: OnFailure::GoOn,
    }
}

fn module(config: &Config, name: &'static str, verb: &str, class: Class) -> Stage {
    let step = Step {
        name,
        variants: replica_variants(&config.carbonio, None, &[verb, "module"]),
        deadline: config.timeouts.command,
        judge: Judge::Carbonio,
    };
    Stage {
        name,
        action: Action::Commands(vec![(class, step)]),
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
