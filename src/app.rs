//! The run, in order; nothing else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::clock::Now;
use crate::base::refusal::Refusal;
use crate::config::{self, Config, Loaded};
use crate::core::{self, Choice, Decision, Hold, Memory, decide};
use crate::observe::{Observation, observe};
use crate::plan::{plan, takeover};
use crate::report::{self, asker, exit_code, history, lines, report::Parts, report::Report};
use crate::store::{Foreign, RunLock, state};

mod perform;

/// What habeat was called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// A run, as by the timer.
    Run,
    /// The return, by the operator's word.
    Failback,
}

/// Makes one run.
///
/// # Errors
/// When it could not be made at all: another run, no privilege, config or state unusable.
pub fn run(path: &Path, errand: Errand, stop: &Arc<AtomicBool>) -> Result<Report, Refusal> {
    let asked_by = errand.asked_by();
    let config = load(path)?;
    let _lock = RunLock::take(&config.files)?;
    let memory = state::load(&config.files, Foreign::Move)?;
    report::require_same_source(&config, &memory)?;
    let now = Now::read();
    let seen = observe(&config);
    lines::evidence(&config, &seen);
    let decision = errand.decide(&config, &memory, &seen, &now);
    let decision = look_again(&config, &memory, decision, stop);
    lines::decision(&config, &decision);
    let stages = plan(&config, &memory, &decision);
    lines::withheld(&config, &decision);
    lines::left(&config, &memory, &decision);
    perform::require_privilege(&config, &stages)?;
    let intended = report::intend(&config, &memory, &decision, &stages, &now)?;
    let deeds = perform::perform(&config, &decision, &stages, &intended, stop)?;
    let settled = report::settle(&config, &intended, &decision, &deeds, &Now::read())?;
    // On a return nothing is left in the memory; the report tells what was returned from.
    let memory = if settled.promotion.is_some() {
        settled
    } else {
        intended
    };
    let code = exit_code::code_after(&decision, &deeds.end);
    let parts = Parts {
        config: &config,
        now: &now,
        seen: &seen,
        decision: &decision,
        memory: &memory,
        asked_by: asked_by.as_deref(),
    };
    let report = Report::of_run(parts, &deeds, code);
    lines::conclusion(&report, &deeds);
    remember(&config, &report);
    Ok(report)
}

/// Shows what a run would do. Touches nothing.
///
/// # Errors
/// As [`run`].
pub fn dry_run(path: &Path, errand: Errand) -> Result<Report, Refusal> {
    let asked_by = errand.asked_by();
    let config = load(path)?;
    let memory = state::load(&config.files, Foreign::Leave)?;
    report::require_same_source(&config, &memory)?;
    let now = Now::read();
    let seen = observe(&config);
    lines::evidence(&config, &seen);
    let decision = errand.decide(&config, &memory, &seen, &now);
    lines::decision(&config, &decision);
    lines::left(&config, &memory, &decision);
    let parts = Parts {
        config: &config,
        now: &now,
        seen: &seen,
        decision: &decision,
        memory: &memory,
        asked_by: asked_by.as_deref(),
    };
    let stages = plan(&config, &memory, &decision);
    let on_promotion = match errand {
        Errand::Run => Some(takeover(&config)),
        Errand::Failback => None,
    };
    let code = exit_code::code(&decision);
    Ok(Report::of_dry_run(
        parts,
        &stages,
        on_promotion.as_deref(),
        code,
    ))
}

impl Errand {
    /// Says in the log, and returns, who asked for it; `None` when it is the timer's.
    fn asked_by(self) -> Option<String> {
        match self {
            Self::Run => None,
            Self::Failback => {
                let who = asker::asker();
                log::warn!("failback=asked by={who:?}");
                Some(who)
            }
        }
    }

    fn decide(self, config: &Config, memory: &Memory, seen: &Observation, now: &Now) -> Decision {
        match self {
            Self::Run => decide(&config.policy, memory, seen, now),
            Self::Failback => core::failback(&config.policy, memory, seen),
        }
    }
}

/// Lets an operator acknowledge a promotion; returns what to tell them.
///
/// # Errors
/// As [`run`].
pub fn ack(path: &Path, reason: &str) -> Result<String, Refusal> {
    let config = load(path)?;
    let _lock = RunLock::take(&config.files)?;
    let memory = state::load(&config.files, Foreign::Move)?;
    let acknowledged = report::acknowledge(&config, &memory, reason)?;
    Ok(lines::acknowledgement(acknowledged.as_ref(), reason))
}

/// Loads the config. What is odd about it is told by `habeat check`, not anew every five minutes.
fn load(path: &Path) -> Result<Config, Refusal> {
    let Loaded { config, warnings } = config::load(path)?;
    if !warnings.is_empty() {
        log::info!(
            "config={} warnings={} next=\"habeat check\"",
            path.display(),
            warnings.len()
        );
    }
    for warning in warnings {
        log::debug!("config={} {warning}", path.display());
    }
    Ok(config)
}

/// Takes the evidence once more before the first irreversible step. If it changed, the run holds.
fn look_again(config: &Config, memory: &Memory, decision: Decision, stop: &AtomicBool) -> Decision {
    match decision.choice {
        Choice::Promote | Choice::Resume => {}
        Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Return | Choice::Failback => {
            return decision;
        }
    }
    log::info!(
        "verdict={} next=\"the evidence is taken once more\"",
        decision.verdict.name()
    );
    let seen = observe(config);
    let again = decide(&config.policy, memory, &seen, &Now::read());
    if stop.load(Ordering::Relaxed) {
        return Decision {
            choice: Choice::Hold(Hold::Stopped),
            ..decision
        };
    }
    if again == decision {
        return decision;
    }
    lines::evidence(config, &seen);
    core::changed(decision, again)
}

/// The history is a convenience: a run that cannot write it says so and goes on.
fn remember(config: &Config, report: &Report) {
    if let Err(error) = history::append(&config.history, report) {
        log::warn!(
            "cannot write the history file {}: {error}; going on without it",
            config.history.file.display()
        );
    }
}
