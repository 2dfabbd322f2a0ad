//! What the last run left for this one, and what this run leaves for the next. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::clock::Now;
use crate::core::{Agent, Choice, Decision, Hold, STREAK_LASTS, Verdict};
use crate::observe::{Leader, Observation};

/// The step with which the recovery of a mesh begins to change anything.
pub const STOP_MESH: &str = "stop-mesh";

/// What is known to be begun of a recovery that was undone: nothing else, but that there was one.
pub const UNDONE: &str = "undone";

/// What the last run left for this one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The down file.
    pub suspicion: Option<Suspicion>,
    /// The promotion file.
    pub promotion: Option<Promotion>,
    /// The restart-replica file: we stopped the HA module.
    pub module: Option<Module>,
    /// Steps of the present promotion that were begun, whatever became of them. Those of a
    /// finished one are forgotten.
    pub begun: BTreeSet<String>,
    /// When the promotion before the present one was finished, if it is known.
    pub last_promotion: Option<Now>,
    /// Whether the operator said: hands off.
    pub paused: bool,
}

/// The peer is suspect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// Consecutive runs that saw it dead.
    pub dead_streak: u32,
    /// When the first of them was.
    pub since: Option<Now>,
    /// When the last of them was.
    pub last: Option<Now>,
}

/// A promotion that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Counts promotions of this node; handed to every command as `HABEAT_EPOCH`.
    pub epoch: u64,
    /// How far it is.
    pub phase: Phase,
    /// Tries begun since the start or the last `ack`.
    pub attempts: u32,
    /// Consecutive runs that saw the peer alive since.
    pub alive_streak: u32,
    /// The host whose accounts are promoted.
    pub source: String,
    /// When it was begun.
    pub started: Option<Now>,
    /// When it was finished.
    pub finished: Option<Now>,
    /// Why the last try failed.
    pub failure: Option<String>,
    /// The operator's reason, once it was acknowledged.
    pub acknowledged: Option<String>,
    /// When the operator asked for the return, until that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failback: Option<Now>,
}

/// How far a promotion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Begun, not done.
    Unfinished,
    /// Fencing failed; nothing was promoted.
    FenceFailed,
    /// Done.
    Finished,
    /// It is being undone, and that is not done: how much of it still holds is not known.
    Returning,
}

impl Promotion {
    /// What an empty promotion file means: promoted, with no details.
    pub fn undocumented() -> Self {
        Self {
            phase: Phase::Finished,
            ..Self::begun(0, String::new(), None)
        }
    }

    /// A promotion about to begin its first try.
    pub fn begun(epoch: u64, source: String, started: Option<Now>) -> Self {
        Self {
            epoch,
            phase: Phase::Unfinished,
            attempts: 0,
            alive_streak: 0,
            source,
            started,
            finished: None,
            failure: None,
            acknowledged: None,
            failback: None,
        }
    }
}

/// The HA module of the manual site is stopped by us, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// How far the stop is, or the start after it.
    pub phase: ModulePhase,
    /// Consecutive runs that saw the peer alive since.
    pub alive_streak: u32,
    /// When the operator asked for the return, until that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failback: Option<Now>,
}

/// How far the stop of the HA module is, or the start after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModulePhase {
    /// Intended; whether it happened is not known.
    Stopping,
    /// Done.
    Stopped,
    /// It is being started again; whether it runs is not known.
    Starting,
}

impl Module {
    /// The HA module in this phase, the peer not seen alive since.
    pub fn new(phase: ModulePhase) -> Self {
        Self {
            phase,
            alive_streak: 0,
            failback: None,
        }
    }
}

impl Memory {
    /// Whether the operator asked for a return that is not done.
    pub fn is_failing_back(&self) -> bool {
        let promotion = self.promotion.as_ref();
        let module = self.module.as_ref();
        promotion.is_some_and(|it| it.failback.is_some())
            || module.is_some_and(|it| it.failback.is_some())
    }

    /// Returns how many runs in a row saw the peer alive since there is something to return from;
    /// `None` when there is nothing.
    pub fn alive_streak(&self) -> Option<u32> {
        let promotion = self
            .promotion
            .as_ref()
            .map(|promotion| promotion.alive_streak);
        promotion.or(self.module.as_ref().map(|module| module.alive_streak))
    }

    /// Returns how many runs in a row saw the peer dead; 0 when the last of them lies before a
    /// reboot or too far back.
    pub fn dead_streak(&self, now: &Now) -> u32 {
        self.suspicion
            .as_ref()
            .map_or(0, |suspicion| match &suspicion.last {
                Some(last) if now.same_boot(last) && now.at_least_since(last) < STREAK_LASTS => {
                    suspicion.dead_streak
                }
                Some(_) | None => 0,
            })
    }

    /// Returns what our own Consul agent can know: a recovery restarts it, and the dead that it
    /// then does not meet are the same that were seen dead before.
    pub fn agent(&self, seen: &Observation) -> Agent {
        match &seen.leader {
            Leader::Known(_) | Leader::Lost | Leader::Unknown(_)
                if self.has_restarted_the_agent() =>
            {
                Agent::Restarted
            }
            Leader::NotAsked | Leader::Known(_) | Leader::Lost | Leader::Unknown(_) => {
                Agent::AsItWas
            }
        }
    }

    /// A recovery that was only intended, or waits for what it needs, has restarted nothing.
    fn has_restarted_the_agent(&self) -> bool {
        match self.promotion.as_ref().map(|promotion| promotion.phase) {
            Some(Phase::Finished) => true,
            Some(Phase::Unfinished) => self.is_recovering() || self.begun.contains(UNDONE),
            None | Some(Phase::FenceFailed | Phase::Returning) => false,
        }
    }

    /// Whether no recovery of the mesh has changed anything yet, or all of it was undone.
    pub fn has_left_the_mesh_alone(&self) -> bool {
        match self.promotion.as_ref().map(|promotion| promotion.phase) {
            None => true,
            Some(Phase::Unfinished) => !self.is_recovering(),
            Some(Phase::FenceFailed | Phase::Finished | Phase::Returning) => false,
        }
    }

    /// Whether a recovery of the mesh has begun to change anything, and is not over.
    pub fn is_recovering(&self) -> bool {
        let phase = self.promotion.as_ref().map(|promotion| promotion.phase);
        phase == Some(Phase::Unfinished) && self.begun.contains(STOP_MESH)
    }

    /// Returns what is left of the block period after the last promotion, if anything.
    pub fn block_left(&self, period: Duration, now: &Now) -> Option<Duration> {
        let passed = now.at_least_since(self.last_promotion.as_ref()?);
        period.checked_sub(passed).filter(|left| !left.is_zero())
    }

    /// Returns the memory after a decision, before anything was done about it.
    #[must_use]
    pub fn after(&self, decision: &Decision, now: &Now) -> Self {
        let mut next = self.clone();
        let verdict = match &decision.choice {
            Choice::Hold(Hold::Changed(verdict)) => verdict,
            // The operator's question is no run of the timer: it counts for nothing.
            Choice::Hold(Hold::PeerAway(_) | Hold::NothingToReturn) => return next,
            Choice::Rest
            | Choice::Clear
            | Choice::Hold(_)
            | Choice::Return
            | Choice::Failback
            | Choice::Resume
            | Choice::Promote => &decision.verdict,
        };
        match verdict {
            // Only a leader that is missing run after run is lost: an election takes its time.
            Verdict::Dead if matches!(decision.choice, Choice::Hold(Hold::HasLeader(_))) => {
                next.suspicion.get_or_insert_default();
                next.set_dead_streak(0, now);
            }
            Verdict::Dead if decision.is_unknown() => {}
            Verdict::Unknown(_) => {}
            Verdict::Cut => {
                next.set_dead_streak(0, now);
                next.set_alive_streak(0);
            }
            Verdict::Alive => next.saw_alive(),
            Verdict::Dead => {
                let seen = self.dead_streak(now).saturating_add(1);
                next.suspicion.get_or_insert_default();
                next.set_dead_streak(seen, now);
                next.set_alive_streak(0);
            }
        }
        next
    }

    fn saw_alive(&mut self) {
        self.suspicion = None;
        if let Some(seen) = self.alive_streak() {
            self.set_alive_streak(seen.saturating_add(1));
        }
    }

    fn set_dead_streak(&mut self, seen: u32, now: &Now) {
        if let Some(suspicion) = &mut self.suspicion {
            if seen <= 1 || suspicion.since.is_none() {
                suspicion.since = Some(now.clone());
            }
            suspicion.dead_streak = seen;
            suspicion.last = Some(now.clone());
        }
    }

    fn set_alive_streak(&mut self, seen: u32) {
        if let Some(promotion) = &mut self.promotion {
            promotion.alive_streak = seen;
        }
        if let Some(module) = &mut self.module {
            module.alive_streak = seen;
        }
    }
}
