//! What is remembered of what became of a run.

use super::{After, Machine};
use crate::base::refusal::Code;
use crate::core::effect::{Effect, End, Ending, Write};
use crate::core::story::Entry;
use crate::core::{Choice, Decision, Hold, Memory, Module, ModuleOrder, ModulePhase, Phase, exit};
use crate::observe::Reach;

impl Machine<'_> {
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
        let end = self.unless_owing(&decision, end);
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
            if self.has_begun_nothing() {
                self.withdraw();
            } else {
                self.forget();
            }
            self.save(&next);
        } else {
            // First it is said to be finished. Whoever dies in between leaves the journal to the
            // next run, which comes by here again.
            self.save(&next);
            if is_finished || self.memory.stale_list {
                self.forget();
            }
        }
        let code = exit::code_after(&decision, &end);
        self.write_then(After::End(Ending { code, end }))
    }

    /// Nobody who was moved and not flushed is forgotten by itself, however often it was tried.
    fn unless_owing(&self, decision: &Decision, end: End) -> End {
        let returns = decision.choice == Choice::Return && end == End::Complete;
        if returns && self.owes_sweeps() {
            return End::Incomplete(
                "accounts that were moved are not all flushed; once that is mended: habeat retry, \
                 or to go back without it: habeat failback"
                    .into(),
            );
        }
        end
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
            // What was never stopped is not started again.
            Choice::Hold(Hold::ManualSite(ModuleOrder::Stop))
                if !self.run.has_acted && self.run.recalled.module.is_none() =>
            {
                next.module = None;
            }
            Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Return | Choice::Failback => {
                self.settle_rest(end, next);
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
            End::Changed(_) if self.has_begun_nothing() => next.promotion = None,
            End::Changed(_) | End::Stopped => promotion.attempts = given_back,
            End::NoPrivilege
            | End::NotWritten(_)
            | End::OtherHost(_)
            | End::Acknowledged(_)
            | End::Bug(_) => {}
        }
    }

    /// Whether this promotion was only intended.
    fn has_begun_nothing(&self) -> bool {
        let story = &self.memory.story;
        story.is_open() && story.begun.is_empty() && !story.lost
    }

    /// A promotion that never was leaves its number: no block period counts from it.
    fn withdraw(&mut self) {
        let story = &self.memory.story;
        let at = story.began.clone().unwrap_or_else(|| self.at.clone());
        self.write(Write::Journal(Entry::Begun {
            epoch: story.epoch,
            at,
            previous: story.previous.clone(),
            lost: false,
        }));
        self.write(Write::ForgetList);
    }

    /// A promotion that is over leaves its number and its times, and nobody's name.
    fn forget(&mut self) {
        // Of one whose journal is lost too: numbers only grow, and the block period counts from now.
        if let Some(promotion) = &self.memory.promotion
            && promotion.epoch > self.memory.story.epoch
        {
            self.write(Write::Journal(Entry::Begun {
                epoch: promotion.epoch,
                at: self.at.clone(),
                previous: None,
                lost: true,
            }));
            self.write(Write::Gist);
        }
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
