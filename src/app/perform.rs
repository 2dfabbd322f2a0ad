//! Hands a plan and its tools to `act`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use anyhow::anyhow;

use crate::act::lingering::{Outlived, outlive};
use crate::act::{self, Deeds, End, Ledger, Tools, VARIANT_UNKNOWN};
use crate::base::clock::Now;
use crate::base::command::Runner;
use crate::base::refusal::{Code, Refusal};
use crate::config::{Config, Duty};
use crate::core::{Choice, Decision, Memory, Promotion};
use crate::plan::{Stage, Work};
use crate::store::{AccountList, Journal};

/// Tells a command's children which promotion they work for. Its value is unique on this node, so
/// that a resumed run finds what a killed one left behind.
const MARK: &str = "HABEAT_PROMOTION";

/// The programs refuse any user but their own, and only root can become that user.
pub(super) fn require_privilege(config: &Config, stages: &[Stage]) -> Result<(), Refusal> {
    let user = match &config.duty {
        Duty::Appserver(_) => config.carbonio.user.as_ref(),
        // Its commands run as habeat itself.
        Duty::Proxyserver(_) => None,
        Duty::Consulserver(mesh) => mesh.owner.as_ref(),
    };
    match user {
        Some(user) if !stages.is_empty() && !rustix::process::geteuid().is_root() => Err(Refusal {
            code: Code::Privilege,
            error: anyhow!("only root can work as, or for, the user {user}: run habeat as root"),
        }),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn perform(
    config: &Config,
    decision: &Decision,
    stages: &[Stage],
    intended: &Memory,
    stop: &Arc<AtomicBool>,
) -> Result<Deeds, Refusal> {
    if stages.is_empty() && !forgets(decision) {
        return Ok(nothing(End::Complete));
    }
    let Some(promotion) = &intended.promotion else {
        return without_promotion(config, stages, stop);
    };
    let mut tools = tools(config, Some(promotion), stop);
    match outlive_orphans(config, promotion, &tools.runner) {
        End::Complete => {}
        end @ (End::Incomplete(_)
        | End::NotReady(_)
        | End::FenceFailed(_)
        | End::GivenUp(_)
        | End::Stopped) => {
            return Ok(nothing(end));
        }
    }
    if !takes_over(stages) {
        return Ok(act::act(stages, &mut tools));
    }
    let file = &config.files.record();
    let (journal, story) = Journal::open(file, promotion.epoch, &Now::read())?;
    tools.ledger = Some(Ledger {
        journal: &journal,
        story: &story,
        accounts: AccountList::open(file, &story.listed)?,
    });
    Ok(act::act(stages, &mut tools))
}

/// Whether the promotion is forgotten afterwards, and with it the mark of its commands.
fn forgets(decision: &Decision) -> bool {
    match decision.choice {
        Choice::Return | Choice::Failback => true,
        Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Resume | Choice::Promote => false,
    }
}

fn without_promotion(
    config: &Config,
    stages: &[Stage],
    stop: &Arc<AtomicBool>,
) -> Result<Deeds, Refusal> {
    if takes_over(stages) {
        // Without a journal nothing would keep it from being done twice.
        return Err(Refusal::bug(anyhow!(
            "a takeover was planned that nobody intended; nothing was done"
        )));
    }
    Ok(act::act(stages, &mut tools(config, None, stop)))
}

fn nothing(end: End) -> Deeds {
    Deeds {
        steps: Vec::new(),
        accounts: None,
        end,
    }
}

/// A killed run may have left its commands running: a second promotion beside them is never begun.
fn outlive_orphans(config: &Config, promotion: &Promotion, runner: &Runner) -> End {
    let mark = mark(config, promotion);
    let patience = match &config.duty {
        Duty::Appserver(_) => config.timeouts.promote,
        Duty::Proxyserver(_) | Duty::Consulserver(_) => config.timeouts.command,
    };
    match outlive((MARK, &mark), patience, runner) {
        Outlived::Gone => End::Complete,
        Outlived::Ended(pids) => {
            log::warn!("orphans={pids:?} outcome=ended cause=\"still there at the deadline\"");
            End::Complete
        }
        Outlived::Stopped(_) => End::Stopped,
        Outlived::Left(pids) => End::Incomplete(format!(
            "commands of an earlier run cannot be ended (pids {pids:?}); end them by hand"
        )),
    }
}

fn mark(config: &Config, promotion: &Promotion) -> String {
    let began = promotion
        .started
        .as_ref()
        .map_or(0, |started| started.boot_ms);
    let file = config.files.promotion.display();
    format!("{file}#{}#{began}", promotion.epoch)
}

fn takes_over(stages: &[Stage]) -> bool {
    stages.iter().any(|stage| match stage.work {
        Work::Promote { .. } | Work::Switch { .. } | Work::Recover(_) | Work::Restore(_) => true,
        Work::Sequence(_) | Work::PowerOff { .. } | Work::Batches { .. } => false,
    })
}

fn tools<'a>(config: &Config, promotion: Option<&Promotion>, stop: &Arc<AtomicBool>) -> Tools<'a> {
    let environment = promotion.map_or_else(Vec::new, |promotion| {
        vec![
            ("HABEAT_EPOCH".to_owned(), promotion.epoch.to_string()),
            (MARK.to_owned(), mark(config, promotion)),
        ]
    });
    Tools {
        runner: Runner {
            stop: Arc::clone(stop),
            grace: config.timeouts.grace,
            environment,
            spool_dir: config.files.folder(),
        },
        width: match &config.duty {
            Duty::Appserver(appserver) => appserver.threads,
            Duty::Proxyserver(_) | Duty::Consulserver(_) => 1,
        },
        progress: act::progress::Progress::default(),
        variant: AtomicUsize::new(VARIANT_UNKNOWN),
        ledger: None,
    }
}

#[cfg(test)]
mod tests;
