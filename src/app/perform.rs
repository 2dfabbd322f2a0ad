//! Hands a plan and its tools to `act`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::act::orphans::{self, Orphan};
use crate::act::{self, Deeds, End, Ledger, Tools, VARIANT_UNKNOWN};
use crate::base::clock::Now;
use crate::base::command::{Runner, gate};
use crate::base::refusal::{Code, Refusal};
use crate::config::{Config, Duty};
use crate::core::{Choice, Decision, Memory, Promotion};
use crate::plan::{Stage, Work};
use crate::store::{AccountList, Child, Journal};

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
    let file = &config.files.record();
    let open = if takes_over(stages) {
        Journal::open
    } else {
        Journal::reopen
    };
    let (journal, story) = open(file, promotion.epoch, &Now::read())?;
    match outlive_orphans(config, &story.children, &tools.runner) {
        End::Complete => {}
        end @ (End::Incomplete(_)
        | End::NotReady(_)
        | End::FenceFailed(_)
        | End::GivenUp(_)
        | End::Stopped) => {
            return Ok(nothing(end));
        }
    }
    for child in &story.children {
        // Whoever gets their numbers is not taken for them.
        if let Err(error) = journal.remark(&child.ended()) {
            return Ok(nothing(End::Incomplete(format!(
                "the journal could not be written: {error}"
            ))));
        }
    }
    tools.children = Some(&journal);
    if !takes_over(stages) {
        return Ok(act::act(stages, &mut tools));
    }
    tools.ledger = Some(Ledger {
        journal: &journal,
        story: &story,
        accounts: AccountList::open(file, &story.listed)?,
    });
    Ok(act::act(stages, &mut tools))
}

/// Whether the promotion is forgotten afterwards, and with it the processes of its commands.
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
fn outlive_orphans(config: &Config, children: &[Child], runner: &Runner) -> End {
    let patience = match &config.duty {
        Duty::Appserver(_) => config.timeouts.promote,
        Duty::Proxyserver(_) | Duty::Consulserver(_) => config.timeouts.command,
    };
    match outlive(children, patience, runner) {
        Ok(left) if left.is_empty() => End::Complete,
        Ok(_) if runner.stop.load(Ordering::Relaxed) => End::Stopped,
        Ok(left) => End::Incomplete(format!(
            "commands of an earlier run cannot be ended (pids {:?}); end them by hand",
            pids(&left)
        )),
        Err(error) => End::Incomplete(format!(
            "whether commands of an earlier run still run is not known: {error}"
        )),
    }
}

fn outlive(
    children: &[Child],
    patience: Duration,
    runner: &Runner,
) -> std::io::Result<Vec<Orphan>> {
    let found = orphans::find(children)?;
    if !found.is_empty() {
        log::warn!("orphans={:?} state=waiting", pids(&found));
    }
    let now = Instant::now();
    let until = now.checked_add(patience).unwrap_or(now);
    let waited = orphans::await_gone(children, until, &runner.stop)?;
    if waited.is_empty() || runner.stop.load(Ordering::Relaxed) {
        return Ok(waited);
    }
    let left = orphans::end(children, runner.grace, &runner.stop)?;
    if left.is_empty() {
        log::warn!(
            "orphans={:?} outcome=ended cause=\"still there at the deadline\"",
            pids(&waited)
        );
    }
    Ok(left)
}

fn pids(orphans: &[Orphan]) -> Vec<i32> {
    orphans.iter().map(|orphan| orphan.stat.pid).collect()
}

fn takes_over(stages: &[Stage]) -> bool {
    stages.iter().any(|stage| match stage.work {
        Work::Promote { .. } | Work::Switch { .. } | Work::Recover(_) | Work::Restore(_) => true,
        Work::Sequence(_) | Work::PowerOff { .. } | Work::Batches { .. } => false,
    })
}

fn tools<'a>(config: &Config, promotion: Option<&Promotion>, stop: &Arc<AtomicBool>) -> Tools<'a> {
    let environment = promotion.map_or_else(Vec::new, |promotion| {
        vec![("HABEAT_EPOCH".to_owned(), promotion.epoch.to_string())]
    });
    Tools {
        runner: Runner {
            stop: Arc::clone(stop),
            grace: config.timeouts.grace,
            environment,
            spool_dir: config.files.folder(),
            gate: Some(gate::OURSELVES.into()),
        },
        width: match &config.duty {
            Duty::Appserver(appserver) => appserver.threads,
            Duty::Proxyserver(_) | Duty::Consulserver(_) => 1,
        },
        progress: act::progress::Progress::default(),
        variant: AtomicUsize::new(VARIANT_UNKNOWN),
        ledger: None,
        children: None,
    }
}

#[cfg(test)]
mod tests;
