//! What the last run left for this one, and what this run leaves for the next. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::clock::Now;
use crate::config::Policy;
use crate::core::plan::ACTIVATE;
use crate::core::story::{Story, Told};
use crate::core::{Agent, Choice, Decision, Hold, STREAK_LASTS, Verdict};
use crate::observe::{Leader, Observation, Reach};

/// The step with which the recovery of a mesh begins to change anything.
pub const STOP_MESH: &str = "stop-mesh";

/// What is known to be begun of a recovery that was undone: nothing else, but that there was one.
pub const UNDONE: &str = "undone";

/// What the last run left for this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// The down file.
    pub suspicion: Option<Suspicion>,
    /// The promotion file.
    pub promotion: Option<Promotion>,
    /// The restart-replica file: we stopped the HA module.
    pub module: Option<Module>,
    /// The journal, read once.
    pub story: Story,
    /// Whether an account list of a promotion that is over still lies there.
    pub stale_list: bool,
    /// Whether the operator said: hands off.
    pub paused: bool,
}

/// The peer is suspect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Suspicion {
    /// Whom it is about; empty in a file of an earlier version.
    #[serde(default)]
    pub host: String,
    /// Consecutive runs that saw it dead.
    pub dead_streak: u32,
    /// When the first of them was.
    pub since: Option<Now>,
    /// When the last of them was.
    pub last: Option<Now>,
}

/// A promotion that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Promotion {
    /// Counts promotions of this node; handed to every command as `HABEAT_EPOCH`.
    pub epoch: u64,
    /// How far it is.
    pub phase: Phase,
    /// Tries begun since the start or the last `retry`.
    pub attempts: u32,
    /// Consecutive runs that saw the peer alive since.
    pub alive_streak: u32,
    /// When the last of them was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive_last: Option<Now>,
    /// When the old active was last seen unable to serve; forgotten as soon as anybody sees it alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced: Option<Now>,
    /// Tries to finish what a promotion that is not gone on with has begun.
    #[serde(default)]
    pub finishing: u32,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Begun, not done.
    Unfinished,
    /// Fencing failed; nothing was promoted.
    FenceFailed,
    /// The old active's list of accounts was empty, and nobody has promoted them as far as we know.
    NoAccounts,
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

    /// Whether nothing is known of it but that somebody made the file, and nobody has answered for
    /// that yet.
    pub fn is_undocumented(&self) -> bool {
        self.phase == Phase::Finished && self.started.is_none() && self.acknowledged.is_none()
    }

    /// A promotion about to begin its first try.
    pub fn begun(epoch: u64, source: String, started: Option<Now>) -> Self {
        Self {
            epoch,
            phase: Phase::Unfinished,
            attempts: 0,
            alive_streak: 0,
            alive_last: None,
            fenced: None,
            finishing: 0,
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Module {
    /// How far the stop is, or the start after it.
    pub phase: ModulePhase,
    /// Consecutive runs that saw the peer alive since.
    pub alive_streak: u32,
    /// When the last of them was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alive_last: Option<Now>,
    /// When the operator asked for the return, until that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failback: Option<Now>,
}

/// How far the stop of the HA module is, or the start after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
            alive_last: None,
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

    /// Whether there is something to return from.
    pub fn has_something_to_return(&self) -> bool {
        self.promotion.is_some() || self.module.is_some()
    }

    /// Returns how many runs in a row will have seen the peer dead, when this one has.
    pub fn dead_runs(&self, policy: &Policy, now: &Now) -> u32 {
        let (streak, last) = self.suspicion.as_ref().map_or((0, None), |suspicion| {
            (suspicion.dead_streak, suspicion.last.as_ref())
        });
        row(streak, last, policy, now)
    }

    /// Returns how many runs in a row will have seen the peer alive, when this one has.
    pub fn alive_runs(&self, policy: &Policy, now: &Now) -> u32 {
        let promotion = self.promotion.as_ref();
        let module = self.module.as_ref();
        let (streak, last) = promotion
            .map(|it| (it.alive_streak, it.alive_last.as_ref()))
            .or(module.map(|it| (it.alive_streak, it.alive_last.as_ref())))
            .unwrap_or((0, None));
        row(streak, last, policy, now)
    }

    /// Whether the promotion is done.
    pub fn is_promoted(&self) -> bool {
        let promotion = self.promotion.as_ref();
        promotion.is_some_and(|it| it.phase == Phase::Finished)
    }

    /// Whether any of the traffic may have been moved: a switch that was only intended, or that came
    /// no further than its fence, is nothing to go back from.
    pub fn is_switched(&self) -> bool {
        let promotion = self.promotion.as_ref();
        promotion.is_some_and(|promotion| match promotion.phase {
            Phase::Finished | Phase::Returning => true,
            Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts => self.has_begun(ACTIVATE),
        })
    }

    /// Forgets a row of runs that saw another host dead.
    #[must_use]
    pub fn about(mut self, host: &str) -> Self {
        if let Some(suspicion) = &mut self.suspicion
            && suspicion.host != host
        {
            if !suspicion.host.is_empty() {
                *suspicion = Suspicion::default();
            }
            host.clone_into(&mut suspicion.host);
        }
        self
    }

    /// Whether a step of the present promotion was begun, whatever became of it. Where the journal
    /// of a promotion is missing, everything counts as begun.
    pub fn has_begun(&self, step: &str) -> bool {
        match self.told() {
            Told::Missing => true,
            Told::All => self.story.begun.contains(step),
            Told::Nothing => false,
        }
    }

    /// Whether the journal tells that a step of the present promotion was begun.
    pub fn is_told_begun(&self, step: &str) -> bool {
        self.told() == Told::All && self.story.begun.contains(step)
    }

    /// Returns what the journal tells of the present promotion.
    pub fn told(&self) -> Told {
        self.promotion
            .as_ref()
            .map_or(Told::Nothing, |it| self.story.about(it))
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
            Some(Phase::Unfinished) => self.is_recovering() || self.is_told_begun(UNDONE),
            None | Some(Phase::FenceFailed | Phase::NoAccounts | Phase::Returning) => false,
        }
    }

    /// Whether no recovery of the mesh has changed anything yet, or all of it was undone.
    pub fn has_left_the_mesh_alone(&self) -> bool {
        match self.promotion.as_ref().map(|promotion| promotion.phase) {
            None => true,
            Some(Phase::Unfinished) => !self.is_recovering(),
            Some(Phase::FenceFailed | Phase::NoAccounts | Phase::Finished | Phase::Returning) => {
                false
            }
        }
    }

    /// Whether a recovery of the mesh has begun to change anything, and is not over.
    pub fn is_recovering(&self) -> bool {
        !self.is_promoted() && self.is_told_begun(STOP_MESH)
    }

    /// Returns what is left of the block period after the last promotion, if anything.
    pub fn block_left(&self, period: Duration, now: &Now) -> Option<Duration> {
        let passed = now.at_least_since(self.story.last()?);
        period.checked_sub(passed).filter(|left| !left.is_zero())
    }

    /// Returns the memory after a look and what was decided of it, before anything was done.
    #[must_use]
    pub fn after(&self, policy: &Policy, decision: &Decision, reach: &Reach, now: &Now) -> Self {
        let mut next = self.clone();
        let verdict = match &decision.choice {
            Choice::Hold(Hold::Changed(verdict)) => {
                // The first look was one as well.
                next.end_rows(&decision.verdict, reach, now);
                verdict
            }
            // The operator's question is no run of the timer: it adds to no row, but what it sees
            // ends one.
            Choice::Hold(Hold::PeerAway(_) | Hold::NothingToReturn) => {
                next.end_rows(&decision.verdict, reach, now);
                return next;
            }
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
            // Whoever was silent has not been seen alive in a row.
            Verdict::Unknown(_) => match reach {
                Reach::Silent => next.set_alive_streak(0, None),
                Reach::Answers | Reach::Unknown(_) => {}
            },
            Verdict::Cut => {
                next.set_dead_streak(0, now);
                next.set_alive_streak(0, None);
                next.lift_fence();
            }
            Verdict::Alive => next.saw_alive(next.alive_runs(policy, now), policy, now),
            Verdict::Dead => next.saw_dead(next.dead_runs(policy, now), policy, now),
        }
        next
    }

    /// Ends the rows that a look ends, and adds to none.
    pub(in crate::core) fn end_rows(&mut self, verdict: &Verdict, reach: &Reach, now: &Now) {
        match verdict {
            Verdict::Alive => {
                self.suspicion = None;
                self.lift_fence();
            }
            Verdict::Cut => {
                self.set_dead_streak(0, now);
                self.set_alive_streak(0, None);
                self.lift_fence();
            }
            Verdict::Unknown(_) if *reach != Reach::Silent => {}
            Verdict::Unknown(_) | Verdict::Dead => self.set_alive_streak(0, None),
        }
    }

    fn saw_alive(&mut self, runs: u32, policy: &Policy, now: &Now) {
        let last = self.promotion.as_ref().map(|it| it.alive_last.clone());
        let last = last.or(self.module.as_ref().map(|it| it.alive_last.clone()));
        self.suspicion = None;
        self.lift_fence();
        if counts(last.flatten().as_ref(), policy, now) {
            self.set_alive_streak(runs, Some(now));
        }
    }

    fn saw_dead(&mut self, runs: u32, policy: &Policy, now: &Now) {
        self.set_alive_streak(0, None);
        let suspicion = self.suspicion.get_or_insert_default();
        if counts(suspicion.last.as_ref(), policy, now) {
            self.set_dead_streak(runs, now);
        }
    }

    /// Whoever was seen alive is not fenced any more.
    fn lift_fence(&mut self) {
        if let Some(promotion) = &mut self.promotion {
            promotion.fenced = None;
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

    fn set_alive_streak(&mut self, seen: u32, now: Option<&Now>) {
        if let Some(promotion) = &mut self.promotion {
            promotion.alive_streak = seen;
            promotion.alive_last = now.cloned();
        }
        if let Some(module) = &mut self.module {
            module.alive_streak = seen;
            module.alive_last = now.cloned();
        }
    }
}

/// How many runs in a row there are with this one, after `streak` of which the last was `last`. A
/// run soon after it is the same one once more; after a reboot or a day the row begins anew.
fn row(streak: u32, last: Option<&Now>, policy: &Policy, now: &Now) -> u32 {
    let Some(last) = last else { return 1 };
    if !now.same_boot(last) || now.at_least_since(last) >= STREAK_LASTS {
        return 1;
    }
    streak.saturating_add(u32::from(counts(Some(last), policy, now)))
}

/// Whether a run counts, the last that did being `last`.
fn counts(last: Option<&Now>, policy: &Policy, now: &Now) -> bool {
    last.is_none_or(|last| !now.same_boot(last) || now.at_least_since(last) >= policy.run_spacing)
}
