//! How many accounts Carbonio has on the peer: a name that Carbonio does not know moves none.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::accounts::{self, Listed};
use super::{Appserver, plan::promotion};
use crate::act::Step;
use crate::act::judge::complaint;
use crate::base::command::Runner;
use crate::config::{Config, Takeover};
use crate::roles::check::programs::is_found;
use crate::roles::check::{Findings, Mark, Online};
use crate::store::AccountList;

/// Asks by the step by which a takeover begins, which only reads.
pub(crate) fn ask(
    config: &Config,
    appserver: &Appserver,
    told: &mut Vec<Online>,
    found: &mut Findings,
) {
    let list = promotion(config, appserver).list;
    let host = config.peer.host();
    let (said, mark) = match count(config, &list) {
        Ok(listed) => {
            judge_count(config, &host, listed, found);
            let mark = if listed.total == 0 {
                Mark::Bad
            } else {
                Mark::Good
            };
            (words(listed), mark)
        }
        Err(NotCounted::NotAsked(why)) => {
            found.warn("accounts", format!("not asked for: {why}"));
            (format!("not asked ({why})"), Mark::Unknown)
        }
        Err(NotCounted::Failed(why)) => {
            found.error("accounts", format!("Carbonio does not say: {why}"));
            (format!("not known ({why})"), Mark::Unknown)
        }
    };
    told.push(Online {
        asked: "accounts",
        name: format!("carbonio about {host}"),
        said,
        mark,
    });
}

/// Why it is not known.
enum NotCounted {
    NotAsked(String),
    Failed(String),
}

fn count(config: &Config, list: &Step) -> Result<Listed, NotCounted> {
    let not_asked = |why: &str| Err(NotCounted::NotAsked(why.to_owned()));
    if !is_found(&config.carbonio.carbonio.display().to_string()) {
        return not_asked("the program is not here");
    }
    if config.carbonio.user.is_some() && !rustix::process::geteuid().is_root() {
        return not_asked("only root can ask as carbonio.user");
    }
    let runner = Runner {
        stop: Arc::new(AtomicBool::new(false)),
        grace: config.timeouts.grace,
        environment: Vec::new(),
        spool_dir: std::env::temp_dir(),
        gate: None,
    };
    let mut why = "there is no command to ask by".to_owned();
    // An older Carbonio knows the module by its older name only.
    for argv in &list.variants {
        let finished = runner.run(argv, list.deadline);
        let names = AccountList::unnamed(&runner.spool_dir);
        let mut names = names.map_err(|error| NotCounted::Failed(error.to_string()))?;
        match accounts::list(&finished, &config.peer.host(), &mut names) {
            Ok(listed) => return Ok(listed),
            Err(outcome) => {
                let said = complaint(&finished).map(|said| format!(": {said}"));
                why = format!("{outcome}{}", said.unwrap_or_default());
            }
        }
    }
    Err(NotCounted::Failed(why))
}

fn words(listed: Listed) -> String {
    let Listed {
        total,
        without_replica,
        ..
    } = listed;
    match without_replica {
        0 => format!("{total} accounts, each with a replica that is available"),
        lacking => format!("{total} accounts, {lacking} of them without an available replica"),
    }
}

fn judge_count(config: &Config, host: &str, listed: Listed, found: &mut Findings) {
    let Listed {
        total,
        without_replica,
        ..
    } = listed;
    if total == 0 {
        let message = format!(
            "Carbonio knows no account on {host}: a takeover would move none; is this the name by \
             which Carbonio knows the host (zimbraMailHost), or only Consul's?"
        );
        match config.policy.takeover {
            // A secondary that is only watched may well be empty.
            Takeover::Manual | Takeover::NotEnabled => found.warn("accounts", message),
            Takeover::Automatic if is_of_consul(host) => found.error("accounts", message),
            Takeover::Automatic => found.warn("accounts", message),
        }
    } else if !config
        .carbonio
        .require_replica
        .bears(without_replica, total)
    {
        found.error(
            "accounts",
            format!(
                "{without_replica} of {total} accounts on {host} have no replica that is \
                 available: a takeover would hold (carbonio.require_replica)"
            ),
        );
    }
}

/// Consul's names have dashes for dots, and say what the node is.
fn is_of_consul(host: &str) -> bool {
    !host.contains('.') || host.starts_with("agent-") || host.starts_with("server-")
}
