//! What a run intends, made durable before its first effect.

use super::Machine;
use crate::base::clock::Now;
use crate::core::effect::{Fact, Write};
use crate::core::event::Errand;
use crate::core::plan::{ACTIVATE, StagePlan};
use crate::core::story::{Entry, Told};
use crate::core::{
    Choice, Decision, Hold, Memory, Module, ModuleOrder, ModulePhase, Phase, Promotion,
};
use crate::observe::Reach;

impl Machine<'_> {
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
        let mut next = self.memory.clone();
        if let (Some(Errand::Failback), Choice::Hold(Hold::Changed(again))) =
            (&self.run.errand, &decision.choice)
        {
            // The operator's question adds to no row, whatever became of its looks.
            next.end_rows(&decision.verdict, reach, &self.at);
            next.end_rows(again, reach, &self.at);
        } else {
            next = next.after(&self.setup.policy, decision, reach, &self.at);
        }
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
        if promotion.epoch == 0 {
            // Somebody else made the file: from here on it is a promotion of ours.
            promotion.epoch = self.memory.story.epoch + 1;
        }
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

    fn begin_journal(&mut self, epoch: u64, previous: Option<Now>, told: Told) {
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
}

/// Whoever goes on with it need not be asked again.
fn remember_failback(next: &mut Memory, now: &Now) {
    let promotion = next.promotion.as_mut().map(|it| &mut it.failback);
    let module = next.module.as_mut().map(|it| &mut it.failback);
    for asked in promotion.into_iter().chain(module) {
        asked.get_or_insert_with(|| now.clone());
    }
}
