//! Remembers what a run intends and what it did.

use crate::act::{Deeds, End};
use crate::base::clock::Now;
use crate::base::refusal::Refusal;
use crate::config::Config;
use crate::core::{
    Choice, Decision, Hold, Memory, Module, ModuleOrder, ModulePhase, Phase, Promotion,
};
use crate::plan::{ACTIVATE, Stage, starts_module, undoes};
use crate::store::{journal, state};

pub mod asker;
pub mod exit_code;
pub mod history;
pub mod lines;
pub mod rejoin;
pub mod report;
pub mod sentence;

#[cfg(test)]
pub(crate) mod tests;

/// Makes durable what this run intends, before its first effect; returns the memory as it now is.
///
/// # Errors
/// When it is not durable. Nothing may then be done.
pub fn intend(
    config: &Config,
    memory: &Memory,
    decision: &Decision,
    stages: &[Stage],
    now: &Now,
) -> Result<Memory, Refusal> {
    let mut next = memory.after(decision, now);
    match &decision.choice {
        Choice::Promote => {
            let epoch = journal::last_epoch(&config.files.record())? + 1;
            let mut promotion = Promotion::begun(epoch, config.peer.host(), Some(now.clone()));
            promotion.attempts = 1;
            next.promotion = Some(promotion);
        }
        Choice::Resume => {
            if let Some(promotion) = &mut next.promotion {
                if promotion.phase == Phase::Returning {
                    // First the journal, then the phase: whoever dies in between does it again,
                    // and nothing was done meanwhile. What was done may be undone in part by now.
                    journal::begin_anew(&config.files.record(), promotion.epoch, ACTIVATE, now)?;
                    promotion.phase = Phase::Unfinished;
                }
                // What the operator wanted to go back to is gone.
                promotion.failback = None;
                promotion.attempts += 1;
            }
        }
        Choice::Hold(Hold::ManualSite(ModuleOrder::Stop)) => {
            next.module = Some(Module::new(ModulePhase::Stopping));
        }
        Choice::Return => begin_return(&mut next, stages),
        Choice::Failback => {
            begin_return(&mut next, stages);
            remember_failback(&mut next, now);
        }
        Choice::Rest | Choice::Clear | Choice::Hold(_) => {}
    }
    state::save(&config.files, memory, &next)?;
    Ok(next)
}

/// From here on what is undone holds no more, whatever becomes of the return: a peer that dies
/// again meanwhile is taken over from the start, and the HA module is stopped again.
fn begin_return(next: &mut Memory, stages: &[Stage]) {
    if let (true, Some(promotion)) = (undoes(stages), &mut next.promotion)
        && promotion.phase != Phase::Returning
    {
        promotion.phase = Phase::Returning;
        promotion.attempts = 0;
        promotion.failure = None;
    }
    if let (true, Some(module)) = (starts_module(stages), &mut next.module) {
        module.phase = ModulePhase::Starting;
    }
}

/// Whoever goes on with it need not be asked again.
fn remember_failback(next: &mut Memory, now: &Now) {
    let promotion = next.promotion.as_mut().map(|it| &mut it.failback);
    let module = next.module.as_mut().map(|it| &mut it.failback);
    for asked in promotion.into_iter().chain(module) {
        asked.get_or_insert_with(|| now.clone());
    }
}

/// Makes durable what this run did; returns the memory the next run finds.
///
/// # Errors
/// When it is not durable. The next run then goes on from the journal.
pub fn settle(
    config: &Config,
    intended: &Memory,
    decision: &Decision,
    deeds: &Deeds,
    now: &Now,
) -> Result<Memory, Refusal> {
    let mut next = intended.clone();
    match &decision.choice {
        Choice::Promote | Choice::Resume => {
            if let Some(promotion) = &mut next.promotion {
                settle_promotion(config, promotion, &deeds.end, now);
            }
        }
        Choice::Return | Choice::Failback => match &deeds.end {
            End::Complete => {
                next.promotion = None;
                next.module = None;
            }
            End::Incomplete(why)
            | End::NotReady(why)
            | End::FenceFailed(why)
            | End::GivenUp(why) => {
                if let Some(promotion) = &mut next.promotion {
                    promotion.failure = Some(why.clone());
                }
            }
            End::Stopped => {}
        },
        Choice::Rest | Choice::Clear | Choice::Hold(_) if matches!(deeds.end, End::GivenUp(_)) => {
            if let Some(promotion) = &mut next.promotion {
                settle_promotion(config, promotion, &deeds.end, now);
            }
        }
        Choice::Hold(Hold::ManualSite(ModuleOrder::Stop)) if deeds.end == End::Complete => {
            next.module = Some(Module::new(ModulePhase::Stopped));
        }
        Choice::Rest | Choice::Clear | Choice::Hold(_) => {}
    }
    let end_journal = || journal::end(&config.files.record(), now);
    match next.promotion.as_ref().map(|promotion| promotion.phase) {
        // First it is said to be finished: an ended journal no longer knows that the fence is done.
        // Whoever dies in between leaves the journal to the next run, which comes by here again.
        Some(Phase::Finished) => {
            state::save(&config.files, intended, &next)?;
            end_journal()?;
        }
        Some(Phase::Unfinished | Phase::FenceFailed | Phase::Returning) => {
            state::save(&config.files, intended, &next)?;
        }
        // The file goes last: without it nobody would come by here again.
        None => {
            if intended.promotion.is_some() {
                end_journal()?;
            }
            state::save(&config.files, intended, &next)?;
        }
    }
    Ok(next)
}

fn settle_promotion(config: &Config, promotion: &mut Promotion, end: &End, now: &Now) {
    match end {
        End::Complete => {
            promotion.phase = Phase::Finished;
            promotion.finished = Some(now.clone());
            promotion.failure = None;
        }
        End::Incomplete(why) => promotion.failure = Some(why.clone()),
        End::FenceFailed(why) => {
            promotion.phase = Phase::FenceFailed;
            promotion.failure = Some(why.clone());
        }
        End::GivenUp(why) => {
            promotion.attempts = promotion.attempts.max(config.policy.max_attempts);
            promotion.failure = Some(why.clone());
        }
        // To wait for what is needed, or to be asked to stop, is no failed try.
        End::NotReady(why) => {
            promotion.attempts = promotion.attempts.saturating_sub(1);
            promotion.failure = Some(why.clone());
        }
        End::Stopped => promotion.attempts = promotion.attempts.saturating_sub(1),
    }
}

/// Makes sure that the promotion that is remembered is about the host that the config names.
///
/// # Errors
/// When it is about another one: to go on under the new name would leave the old one half done,
/// or take the new one for promoted.
pub fn require_same_source(config: &Config, memory: &Memory) -> Result<(), Refusal> {
    let host = &config.peer.host();
    let remembered = memory.promotion.as_ref().map(|it| it.source.as_str());
    match remembered {
        Some(source) if !source.is_empty() && source != host => {
            let (file, journal) = (config.files.promotion.display(), config.files.record());
            let journal = journal.display();
            Err(Refusal::unusable(anyhow::anyhow!(
                "a promotion of {source} is remembered, and the config now names {host}: put the \
                 old name back, or, if that promotion is over or was a mistake, remove {file} and \
                 {journal}.journal; see docs/runbook.md#state-unusable"
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// Acknowledges a promotion: an unfinished one may be tried again, a finished one stops being an
/// alarm. Returns what was acknowledged; `None` when there is nothing.
///
/// # Errors
/// When it is not durable.
pub fn acknowledge(
    config: &Config,
    memory: &Memory,
    reason: &str,
) -> Result<Option<Promotion>, Refusal> {
    let mut next = memory.clone();
    let Some(promotion) = &mut next.promotion else {
        return Ok(None);
    };
    promotion.acknowledged = Some(reason.to_owned());
    match promotion.phase {
        Phase::Finished => {}
        Phase::Unfinished | Phase::FenceFailed => {
            promotion.phase = Phase::Unfinished;
            promotion.attempts = 0;
        }
        Phase::Returning => promotion.attempts = 0,
    }
    let acknowledged = promotion.clone();
    state::save(&config.files, memory, &next)?;
    Ok(Some(acknowledged))
}
