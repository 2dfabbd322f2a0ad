//! Decides. Pure and total: no I/O, no clock, no log, and no `_` arm over our own enums, so that
//! a new case breaks the build here first. The table is `tests/decision-table.md`, rendered from
//! these functions by their test.

use std::time::Duration;

use crate::base::clock::Now;
use crate::config::{OnReturn, Policy, Takeover};
use crate::observe::{Leader, Observation};

pub mod effect;
pub mod event;
pub mod exit;
pub mod machine;
pub mod memory;
pub mod plan;
pub mod ranges;
pub mod reason;
pub mod story;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use memory::{Memory, Module, ModulePhase, Phase, Promotion, STOP_MESH, Suspicion, UNDONE};
pub use reason::REASONS;
pub use verdict::{Agent, Ignorance, Verdict, contradict, verdict};

/// A streak of dead runs older than this begins anew: the runs were not consecutive.
///
/// A day is longer than any sensible timer, and shorter than the memory of the one who left a
/// node switched off.
pub const STREAK_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// What should happen, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use]
pub struct Decision {
    /// What the evidence says of the peer.
    pub verdict: Verdict,
    /// What should happen.
    pub choice: Choice,
}

/// What should happen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Choice {
    /// Nothing: all is well.
    Rest,
    /// The suspicion is over: the down file goes.
    Clear,
    /// Not acting, although something is or was wrong.
    Hold(Hold),
    /// The peer is back for good: the role's return steps, then the files go.
    Return,
    /// The operator asks for the return: the role's return steps, then the files go.
    Failback,
    /// A promotion was begun and is not finished: go on with it.
    Resume,
    /// Take over.
    Promote,
}

/// Why habeat does not act.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hold {
    /// The peer is seen alive again, this many times of so many.
    Returning {
        /// Consecutive runs, this one included.
        seen: u32,
        /// `policy.recover_runs`.
        needed: u32,
    },
    /// The peer is back, and the return is the operator's (`policy.on_return: manual`).
    ManualReturn,
    /// The peer runs, but not for us: the line is cut.
    Cut,
    /// The evidence is not enough.
    Unknown(Ignorance),
    /// This site never takes over by itself.
    ManualSite(ModuleOrder),
    /// The peer is dead, and the config does not let this role act yet.
    NotEnabled,
    /// The peer's servers are dead, and those of our side have a leader: nothing is to be recovered.
    HasLeader(String),
    /// The peer is seen dead, this many times of so many.
    Confirming {
        /// Consecutive runs, this one included.
        seen: u32,
        /// `policy.confirm_runs`.
        needed: u32,
    },
    /// The promotion is done.
    AlreadyPromoted,
    /// Somebody made the promotion file, and nothing else is known of it; it waits for `habeat ack`.
    Undocumented,
    /// The promotion is done, and what it did holds no more: which proof failed.
    Drifted(String),
    /// The promotion failed too often and waits for `habeat retry`: why it failed.
    Latched(Option<String>),
    /// The operator said: hands off.
    Paused,
    /// The last promotion is too recent; this long still.
    Blocked {
        /// Time left of `policy.block_period`.
        left: Duration,
    },
    /// Fencing failed; it waits for `habeat retry`.
    FenceFailed,
    /// The evidence was taken once more before the first step, and had become this.
    Changed(Verdict),
    /// We were asked to stop before the first step.
    Stopped,
    /// A failback was asked for, and the peer does not answer, but is this.
    PeerAway(Verdict),
    /// A failback was asked for, and nothing was taken over.
    NothingToReturn,
}

/// What the manual site does with its HA module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModuleOrder {
    /// Stop it, once.
    Stop,
    /// Nothing.
    Leave,
}

/// Decides what this run does.
pub fn decide(policy: &Policy, memory: &Memory, seen: &Observation, now: &Now) -> Decision {
    let verdict = verdict(policy.quorum, seen, memory.agent(seen));
    let choice = match &verdict {
        Verdict::Alive => alive(policy, memory, now),
        Verdict::Cut => Choice::Hold(Hold::Cut),
        Verdict::Unknown(ignorance) => Choice::Hold(Hold::Unknown(ignorance.clone())),
        Verdict::Dead => dead(policy, memory, seen, now),
    };
    Decision { verdict, choice }
}

/// Decides what a failback does: the return at once, whatever `policy.on_return` and
/// `policy.recover_runs` say, but only to a peer that answers.
pub fn failback(policy: &Policy, memory: &Memory, seen: &Observation) -> Decision {
    let verdict = verdict(policy.quorum, seen, memory.agent(seen));
    let choice = if !memory.has_something_to_return() {
        Choice::Hold(Hold::NothingToReturn)
    } else {
        match &verdict {
            Verdict::Alive => Choice::Failback,
            Verdict::Cut | Verdict::Unknown(_) | Verdict::Dead => {
                Choice::Hold(Hold::PeerAway(verdict.clone()))
            }
        }
    };
    Decision { verdict, choice }
}

/// Decides when the evidence, taken once more, led to another decision: nothing is done, and what
/// holds is said. A verdict that stayed does not say it: the mesh has got a leader, for one.
pub fn changed(first: Decision, again: Decision) -> Decision {
    match &again.choice {
        Choice::Hold(_) if again.verdict == first.verdict => again,
        Choice::Rest
        | Choice::Clear
        | Choice::Hold(_)
        | Choice::Return
        | Choice::Failback
        | Choice::Resume
        | Choice::Promote => Decision {
            choice: Choice::Hold(Hold::Changed(again.verdict)),
            ..first
        },
    }
}

fn alive(policy: &Policy, memory: &Memory, now: &Now) -> Choice {
    // What was begun at the operator's word is gone on with, and needs no second word.
    if memory.is_failing_back() {
        return Choice::Failback;
    }
    if !memory.has_something_to_return() {
        return match memory.suspicion {
            Some(_) => Choice::Clear,
            None => Choice::Rest,
        };
    }
    let (seen, needed) = (memory.alive_runs(policy, now), policy.recover_runs);
    if seen < needed {
        return Choice::Hold(Hold::Returning { seen, needed });
    }
    match policy.on_return {
        OnReturn::Role => Choice::Return,
        OnReturn::Manual => Choice::Hold(Hold::ManualReturn),
    }
}

fn dead(policy: &Policy, memory: &Memory, seen: &Observation, now: &Now) -> Choice {
    match policy.takeover {
        Takeover::Manual => Choice::Hold(Hold::ManualSite(module_order(policy, memory))),
        Takeover::Automatic | Takeover::NotEnabled => match &seen.leader {
            Leader::Known(leader) if memory.has_left_the_mesh_alone() => {
                Choice::Hold(Hold::HasLeader(leader.clone()))
            }
            Leader::Unknown(why) if memory.has_left_the_mesh_alone() => {
                Choice::Hold(Hold::Unknown(Ignorance::Leader(why.clone())))
            }
            Leader::NotAsked | Leader::Lost | Leader::Known(_) | Leader::Unknown(_) => {
                takeover(policy, memory, now)
            }
        },
    }
}

fn module_order(policy: &Policy, memory: &Memory) -> ModuleOrder {
    match memory.module.as_ref().map(|module| module.phase) {
        None | Some(ModulePhase::Stopping | ModulePhase::Starting) if policy.stop_module => {
            ModuleOrder::Stop
        }
        None | Some(ModulePhase::Stopping | ModulePhase::Stopped | ModulePhase::Starting) => {
            ModuleOrder::Leave
        }
    }
}

fn takeover(policy: &Policy, memory: &Memory, now: &Now) -> Choice {
    let (seen, needed) = (memory.dead_runs(policy, now), policy.confirm_runs);
    if seen < needed {
        return Choice::Hold(Hold::Confirming { seen, needed });
    }
    match &memory.promotion {
        Some(promotion) => known_promotion(policy, memory, promotion),
        None if memory.paused => Choice::Hold(Hold::Paused),
        None => match memory.block_left(policy.block_period, now) {
            Some(left) => Choice::Hold(Hold::Blocked { left }),
            None => if_enabled(policy, Choice::Promote),
        },
    }
}

/// What is not enabled holds where it would act, and nowhere else.
fn if_enabled(policy: &Policy, choice: Choice) -> Choice {
    match policy.takeover {
        Takeover::Automatic | Takeover::Manual => choice,
        Takeover::NotEnabled => Choice::Hold(Hold::NotEnabled),
    }
}

fn known_promotion(policy: &Policy, memory: &Memory, promotion: &Promotion) -> Choice {
    match promotion.phase {
        Phase::Finished if promotion.is_undocumented() => Choice::Hold(Hold::Undocumented),
        Phase::Finished => Choice::Hold(Hold::AlreadyPromoted),
        Phase::FenceFailed => Choice::Hold(Hold::FenceFailed),
        Phase::Unfinished | Phase::Returning if promotion.attempts >= policy.max_attempts => {
            Choice::Hold(Hold::Latched(promotion.failure.clone()))
        }
        Phase::Unfinished | Phase::NoAccounts | Phase::Returning if memory.paused => {
            Choice::Hold(Hold::Paused)
        }
        Phase::Unfinished | Phase::NoAccounts | Phase::Returning => {
            if_enabled(policy, Choice::Resume)
        }
    }
}
