//! What a run intends, and what is remembered of what became of it.

use super::{After, Machine};
use crate::base::refusal::Code;
use crate::core::effect::{Effect, End, Ending, Fact, Write};
use crate::core::plan::{ACTIVATE, Class, PROMOTE_STEP, StagePlan, Work};
use crate::core::story::{Entry, Told};
use crate::core::{
    Choice, Decision, Hold, Memory, Module, ModuleOrder, ModulePhase, Phase, Promotion,
};
use crate::observe::Reach;

impl Machine<'_> {
    /// Returns what a decision needs. An empty plan means that there is nothing to run.
    pub(super) fn plan(&mut self, decision: &Decision) -> Vec<StagePlan> {
        let plans = &self.setup.plans;
        self.run.keeps = false;
        match &decision.choice {
            Choice::Promote | Choice::Resume => self.takeover(),
            Choice::Return => self.back(plans.back_by_itself),
            Choice::Failback => self.back(true),
            Choice::Hold(Hold::ManualSite(ModuleOrder::Stop)) => {
                plans.module.iter().map(|[stop, _]| stop.clone()).collect()
            }
            // Hands off means hands off.
            Choice::Hold(Hold::Paused | Hold::Stopped) => Vec::new(),
            Choice::Hold(Hold::AlreadyPromoted | Hold::Cut | Hold::Unknown(_))
                if self.memory.is_promoted() =>
            {
                self.run.keeps = true;
                (plans.takeover.iter().filter(|stage| has_proofs(stage)))
                    .cloned()
                    .collect()
            }
            Choice::Rest | Choice::Clear | Choice::Hold(_) => {
                let mut plan = self.finishing();
                if self.memory.is_recovering() {
                    plan.extend(plans.restore.clone());
                }
                plan
            }
        }
    }

    /// Fences first, unless nothing is left but to finish.
    fn takeover(&self) -> Vec<StagePlan> {
        let done = &self.memory.story.stages;
        let all = &self.setup.plans.takeover;
        let knows = self.memory.told() == Told::All;
        let is_left = |stage: &StagePlan| !knows || !done.contains(stage.name);
        let only_finishing = all
            .iter()
            .filter(|stage| !stage.is_fence() && is_left(stage))
            .all(|stage| matches!(stage.work, Work::Sweep));
        let needed = |stage: &&StagePlan| !(only_finishing && stage.is_fence());
        all.iter().filter(needed).cloned().collect()
    }

    /// Finishes what was begun first, whatever becomes of the rest.
    fn back(&self, moves_back: bool) -> Vec<StagePlan> {
        let plans = &self.setup.plans;
        let mut plan = self.finishing();
        if self.memory.module.is_some() {
            plan.extend(plans.module.iter().map(|[_, start]| start.clone()));
        }
        if moves_back && self.memory.is_switched() {
            plan.extend(plans.back.clone());
        }
        if self.memory.is_recovering() {
            plan.extend(plans.restore.clone());
        }
        plan
    }

    /// What a promotion that was begun still owes to those it moved.
    fn finishing(&self) -> Vec<StagePlan> {
        let Some(promotion) = &self.memory.promotion else {
            return Vec::new();
        };
        if promotion.phase == Phase::Finished
            || promotion.finishing >= self.setup.policy.max_attempts
            || !self.memory.has_begun(PROMOTE_STEP)
            || !self.memory.story.may_have_moved()
        {
            return Vec::new();
        }
        let done = &self.memory.story.stages;
        let owed =
            |stage: &&StagePlan| matches!(stage.work, Work::Sweep) && !done.contains(stage.name);
        let takeover = &self.setup.plans.takeover;
        takeover.iter().filter(owed).cloned().collect()
    }

    pub(super) fn tell(&mut self) {
        if let (false, Some(decision)) = (self.run.is_told, &self.run.decision) {
            self.run.is_told = true;
            let (decision, memory) = (decision.clone(), self.memory.clone());
            let decided = Fact::Decided(Box::new(decision), Box::new(memory));
            self.facts.push(decided);
        }
    }

    /// Remembers the look, and what is about to be done because of it.
    pub(super) fn intend(&mut self) {
        let Some(decision) = self.run.decision.clone() else {
            return;
        };
        let mut next = self.after(&decision);
        match &decision.choice {
            Choice::Promote => {
                let epoch = self.memory.story.epoch + 1;
                self.begin_journal(epoch, self.memory.story.last().cloned(), Told::Nothing);
                let source = self.setup.host.clone();
                let mut promotion = Promotion::begun(epoch, source, Some(self.at.clone()));
                promotion.attempts = 1;
                next.promotion = Some(promotion);
            }
            Choice::Resume => self.intend_to_resume(&mut next),
            Choice::Hold(Hold::ManualSite(ModuleOrder::Stop)) => {
                next.module = Some(Module::new(ModulePhase::Stopping));
            }
            Choice::Return => self.begin_return(&mut next),
            Choice::Failback => {
                self.begin_return(&mut next);
                remember_failback(&mut next, &self.at);
            }
            Choice::Rest | Choice::Clear | Choice::Hold(_) => {}
        }
        self.save(&next);
        self.run.intended = next;
    }

    /// Returns the memory once a decision counts.
    fn after(&self, decision: &Decision) -> Memory {
        let reach = self.run.reach.as_ref().unwrap_or(&Reach::Silent);
        let mut next = self
            .memory
            .after(&self.setup.policy, decision, reach, &self.at);
        if let Some(suspicion) = &mut next.suspicion {
            suspicion.host.clone_from(&self.setup.host);
        }
        next
    }

    fn intend_to_resume(&mut self, next: &mut Memory) {
        let told = self.memory.told();
        let Some(promotion) = &mut next.promotion else {
            return;
        };
        let was_returning = promotion.phase == Phase::Returning;
        // What the operator wanted to go back to is gone.
        promotion.failback = None;
        promotion.phase = Phase::Unfinished;
        promotion.attempts += 1;
        let epoch = promotion.epoch;
        // What was done may be undone in part by now. First the journal, then the phase: whoever
        // dies in between does it again, and nothing was done meanwhile.
        let starts_anew = was_returning || told == Told::Nothing;
        if starts_anew || (told == Told::Missing && !self.memory.story.lost) {
            self.begin_journal(epoch, self.memory.story.last().cloned(), told);
        }
        if was_returning {
            let step = ACTIVATE.to_owned();
            self.note(Entry::Before { step });
        }
    }

    fn begin_journal(&mut self, epoch: u64, previous: Option<crate::base::clock::Now>, told: Told) {
        self.write(Write::Journal(Entry::Begun {
            epoch,
            at: self.at.clone(),
            previous,
            lost: told == Told::Missing,
        }));
    }

    /// From here on what is undone holds no more, whatever becomes of the return: a peer that dies
    /// again meanwhile is taken over from the start, and the HA module is stopped again.
    fn begin_return(&self, next: &mut Memory) {
        let plans = &self.setup.plans;
        let runs = |stage: &StagePlan| self.run.plan.iter().any(|it| it.name == stage.name);
        if let (true, Some(promotion)) =
            (plans.back.as_ref().is_some_and(runs), &mut next.promotion)
            && promotion.phase != Phase::Returning
        {
            promotion.phase = Phase::Returning;
            promotion.attempts = 0;
            promotion.failure = None;
        }
        if let (true, Some(module)) = (
            plans.module.as_ref().is_some_and(|[_, start]| runs(start)),
            &mut next.module,
        ) {
            module.phase = ModulePhase::Starting;
        }
    }

    /// Remembers what became of it, and ends the run.
    pub(super) fn settle(&mut self, end: End) -> Effect {
        self.tell();
        let Some(decision) = self.run.decision.clone() else {
            return self.end(Code::Bug, End::Bug("nothing was decided".into()));
        };
        if self.run.keeps {
            // The proofs have been asked for: only now it is known what was decided.
            self.run.keeps = false;
            self.run.plan.clear();
            self.intend();
        }
        let mut next = self.pending();
        if let End::Changed(verdict) = &end {
            let changed = Decision {
                verdict: decision.verdict.clone(),
                choice: Choice::Hold(Hold::Changed(verdict.clone())),
            };
            self.memory_after(&changed, &mut next);
        }
        self.settle_choice(&decision, &end, &mut next);
        if let (true, Some(promotion)) = (self.run.owes, &mut next.promotion) {
            promotion.finishing += 1;
        }
        let is_over = self.memory.promotion.is_some() && next.promotion.is_none();
        let is_finished = next.is_promoted() && self.memory.story.is_long();
        if is_over {
            // The file goes last: without it nobody would come by here again.
            self.forget();
            self.save(&next);
        } else {
            // First it is said to be finished. Whoever dies in between leaves the journal to the
            // next run, which comes by here again.
            self.save(&next);
            if is_finished || self.memory.stale_list {
                self.forget();
            }
        }
        let code = code_after(&decision, &end);
        self.write_then(After::End(Ending { code, end }))
    }

    /// Returns the memory once all that waits to be written is.
    fn pending(&self) -> Memory {
        let mut next = self.memory.clone();
        for write in &self.run.writes {
            match write {
                Write::Suspicion(suspicion) => next.suspicion.clone_from(suspicion),
                Write::Promotion(promotion) => next.promotion.clone_from(promotion),
                Write::Module(module) => next.module.clone_from(module),
                Write::Journal(_) | Write::Gist | Write::ForgetList => {}
            }
        }
        next
    }

    fn memory_after(&self, changed: &Decision, next: &mut Memory) {
        let reach = self.run.reach.as_ref().unwrap_or(&Reach::Silent);
        *next = next.after(&self.setup.policy, changed, reach, &self.at);
    }

    fn settle_choice(&self, decision: &Decision, end: &End, next: &mut Memory) {
        match &decision.choice {
            Choice::Promote | Choice::Resume => self.settle_promotion(end, next),
            Choice::Return | Choice::Failback if *end == End::Complete => {
                next.promotion = None;
                next.module = None;
            }
            Choice::Hold(Hold::ManualSite(ModuleOrder::Stop)) if *end == End::Complete => {
                next.module = Some(Module::new(ModulePhase::Stopped));
            }
            Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Return | Choice::Failback => {
                self.settle_rest(end, next)
            }
        }
    }

    /// What was to be finished, given back or put right is not.
    fn settle_rest(&self, end: &End, next: &mut Memory) {
        let Some(promotion) = &mut next.promotion else {
            return;
        };
        match end {
            End::Incomplete(why)
            | End::NotReady(why)
            | End::Withheld(why)
            | End::FenceFailed(why) => {
                promotion.failure = Some(why.clone());
            }
            End::GivenUp(why) => {
                promotion.attempts = promotion.attempts.max(self.setup.policy.max_attempts);
                promotion.failure = Some(why.clone());
            }
            End::Complete
            | End::Changed(_)
            | End::NoAccounts
            | End::Stopped
            | End::NoPrivilege
            | End::NotWritten(_)
            | End::OtherHost(_)
            | End::Acknowledged(_)
            | End::Bug(_) => {}
        }
    }

    fn settle_promotion(&self, end: &End, next: &mut Memory) {
        let Some(promotion) = &mut next.promotion else {
            return;
        };
        let given_back = promotion.attempts.saturating_sub(1);
        match end {
            End::Complete => {
                promotion.phase = Phase::Finished;
                promotion.finished = Some(self.at.clone());
                promotion.failure = None;
            }
            End::Incomplete(why) => promotion.failure = Some(why.clone()),
            End::FenceFailed(why) => {
                promotion.phase = Phase::FenceFailed;
                promotion.failure = Some(why.clone());
            }
            End::GivenUp(why) => {
                promotion.attempts = promotion.attempts.max(self.setup.policy.max_attempts);
                promotion.failure = Some(why.clone());
            }
            // To wait for what is needed, or to be asked to stop, is no failed try.
            End::NotReady(why) | End::Withheld(why) => {
                promotion.attempts = given_back;
                promotion.failure = Some(why.clone());
            }
            End::NoAccounts => {
                promotion.phase = Phase::NoAccounts;
                promotion.attempts = given_back;
                promotion.failure = Some("the list of accounts is empty".into());
            }
            // Where nothing was begun, nothing is remembered either.
            End::Changed(_) if self.memory.story.begun.is_empty() && !self.memory.story.lost => {
                next.promotion = None;
            }
            End::Changed(_) | End::Stopped => promotion.attempts = given_back,
            End::NoPrivilege
            | End::NotWritten(_)
            | End::OtherHost(_)
            | End::Acknowledged(_)
            | End::Bug(_) => {}
        }
    }

    /// A promotion that is over leaves its number and its times, and nobody's name.
    fn forget(&mut self) {
        if self.memory.story.is_long() {
            self.write(Write::Gist);
        }
        self.write(Write::ForgetList);
    }

    /// Makes durable what differs. The promotion first: whoever dies between two writes has said the
    /// more important thing.
    pub(super) fn save(&mut self, next: &Memory) {
        let now = self.pending();
        if now.promotion != next.promotion {
            self.write(Write::Promotion(next.promotion.clone()));
        }
        if now.module != next.module {
            self.write(Write::Module(next.module.clone()));
        }
        if now.suspicion != next.suspicion {
            self.write(Write::Suspicion(next.suspicion.clone()));
        }
    }
}

fn has_proofs(stage: &StagePlan) -> bool {
    match &stage.work {
        Work::Commands(commands) if !stage.is_fence() => {
            commands.iter().any(|it| it.class == Class::Query)
        }
        Work::Commands(_) | Work::Accounts | Work::Sweep | Work::Recover | Work::Restore => false,
    }
}

/// Whoever goes on with it need not be asked again.
fn remember_failback(next: &mut Memory, now: &crate::base::clock::Now) {
    let promotion = next.promotion.as_mut().map(|it| &mut it.failback);
    let module = next.module.as_mut().map(|it| &mut it.failback);
    for asked in promotion.into_iter().chain(module) {
        asked.get_or_insert_with(|| now.clone());
    }
}

/// What a run means when everything decided was done.
pub fn code(decision: &Decision) -> Code {
    match &decision.choice {
        Choice::Rest
        | Choice::Clear
        | Choice::Return
        | Choice::Failback
        | Choice::Resume
        | Choice::Promote => Code::Done,
        Choice::Hold(
            Hold::Returning { .. }
            | Hold::ManualReturn
            | Hold::HasLeader(_)
            | Hold::Confirming { .. }
            | Hold::AlreadyPromoted
            | Hold::NothingToReturn,
        ) => Code::Done,
        Choice::Hold(
            Hold::Cut
            | Hold::Unknown(_)
            | Hold::ManualSite(_)
            | Hold::NotEnabled
            | Hold::Undocumented
            | Hold::Latched(_)
            | Hold::Paused
            | Hold::Blocked { .. }
            | Hold::FenceFailed
            | Hold::Changed(_)
            | Hold::PeerAway(_),
        ) => Code::Held,
        Choice::Hold(Hold::Stopped | Hold::Drifted(_)) => Code::Failed,
    }
}

/// What a run means after it acted.
fn code_after(decision: &Decision, end: &End) -> Code {
    match end {
        End::Complete => code(decision),
        End::Withheld(_) | End::Changed(_) => Code::Held,
        End::Incomplete(_)
        | End::NotReady(_)
        | End::FenceFailed(_)
        | End::GivenUp(_)
        | End::NoAccounts
        | End::Stopped => Code::Failed,
        End::NoPrivilege => Code::Privilege,
        End::NotWritten(_) | End::OtherHost(_) => Code::Unusable,
        End::Acknowledged(_) => Code::Done,
        End::Bug(_) => Code::Bug,
    }
}
