//! Which stages a decision needs.

use super::Machine;
use crate::core::plan::{Class, PROMOTE_STEP, StagePlan, Work};
use crate::core::story::Told;
use crate::core::{Choice, Decision, Hold, ModuleOrder};

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

    /// What a promotion that was begun still owes to those it moved, unless that was tried too often.
    fn finishing(&self) -> Vec<StagePlan> {
        let tries = self.memory.promotion.as_ref().map_or(0, |it| it.finishing);
        if tries >= self.setup.policy.max_attempts {
            return Vec::new();
        }
        self.owed().cloned().collect()
    }

    /// Whether somebody who may have been moved is owed anything.
    pub(super) fn owes_sweeps(&self) -> bool {
        self.owed().next().is_some()
    }

    fn owed(&self) -> impl Iterator<Item = &StagePlan> {
        let memory = &self.memory;
        let owes = memory.promotion.is_some()
            && !memory.is_promoted()
            && memory.has_begun(PROMOTE_STEP)
            && memory.story.may_have_moved();
        let is_owed = move |stage: &&StagePlan| {
            owes && matches!(stage.work, Work::Sweep) && !memory.story.stages.contains(stage.name)
        };
        self.setup.plans.takeover.iter().filter(is_owed)
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
