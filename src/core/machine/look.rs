//! What a look leads to: a decision, the same decision once more, or the step it was taken for.

use super::{After, Evidence, Machine, Place, Purpose};
use crate::base::clock::Now;
use crate::base::refusal::Code;
use crate::core::effect::{Effect, End, Ending, Fact, Task};
use crate::core::{Choice, Decision, Hold, changed};
use crate::observe::Observation;

impl Machine<'_> {
    pub(super) fn looked(&mut self, purpose: Purpose, seen: Observation, since: Now) -> Effect {
        self.run.evidence = Some(Evidence::new(since));
        let decision = self.decide(&seen);
        match purpose {
            Purpose::Decide => self.decided(decision, seen),
            Purpose::Confirm => self.confirmed(decision, seen),
            Purpose::Begin(task) => self.supported(task, &decision, seen),
        }
    }

    fn decided(&mut self, decision: Decision, seen: Observation) -> Effect {
        self.run.reach = Some(seen.reach.clone());
        self.facts.push(Fact::Seen(Box::new(seen)));
        self.run.plan = self.plan(&decision);
        // What is forgotten must not be under way any more.
        let forgets = matches!(decision.choice, Choice::Return | Choice::Failback);
        self.run.decision = Some(decision);
        if self.run.plan.is_empty() && !forgets {
            return self.act();
        }
        if self.memory.story.children.is_empty() {
            return self.confirm();
        }
        self.run.place = Place::OrphansFound;
        Effect::FindOrphans
    }

    /// A takeover is decided twice; anything else only where something was waited for since.
    fn confirm(&mut self) -> Effect {
        let takes_over = match self.run.decision.as_ref().map(|it| &it.choice) {
            Some(Choice::Promote | Choice::Resume) => true,
            Some(
                Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Return | Choice::Failback,
            )
            | None => false,
        };
        if !takes_over && !self.is_waited() {
            return self.act();
        }
        if let Some(decision) = &self.run.decision {
            self.facts.push(Fact::LooksAgain(decision.verdict.clone()));
        }
        self.observe(Purpose::Confirm)
    }

    fn confirmed(&mut self, again: Decision, seen: Observation) -> Effect {
        let Some(first) = self.run.decision.take() else {
            return self.decided(again, seen);
        };
        let decision = if again == first && self.run.stop {
            Decision {
                choice: Choice::Hold(Hold::Stopped),
                ..first
            }
        } else if again == first {
            first
        } else {
            self.run.reach = Some(seen.reach.clone());
            self.facts.push(Fact::Seen(Box::new(seen)));
            changed(first, again)
        };
        self.run.plan = self.plan(&decision);
        self.run.decision = Some(decision);
        self.act()
    }

    /// The step that the look was taken for is begun if it would be decided again.
    fn supported(&mut self, task: Task, again: &Decision, seen: Observation) -> Effect {
        // What was seen counts, whether or not we were asked to stop meanwhile.
        if self.run.decision.as_ref() == Some(again) {
            return if self.run.stop {
                self.settle(End::Stopped)
            } else {
                self.begin(task)
            };
        }
        self.run.reach = Some(seen.reach.clone());
        self.facts.push(Fact::Seen(Box::new(seen)));
        self.settle(End::Changed(again.verdict.clone()))
    }

    pub(super) fn orphans_found(&mut self, left: Vec<u32>) -> Effect {
        if left.is_empty() {
            return self.orphans_gone();
        }
        self.facts.push(Fact::AwaitsOrphans(left));
        self.run.place = Place::OrphansAwaited;
        Effect::AwaitOrphans(self.setup.orphan_patience)
    }

    /// Whoever gets their numbers from now on is not taken for them.
    fn orphans_gone(&mut self) -> Effect {
        for child in self.memory.story.children.clone() {
            self.note(child.ended());
        }
        self.confirm()
    }

    pub(super) fn orphans_awaited(&mut self, left: Vec<u32>) -> Effect {
        if left.is_empty() {
            return self.orphans_gone();
        }
        if self.run.stop {
            return self.leave(End::Stopped);
        }
        self.facts.push(Fact::EndsOrphans(left));
        self.run.place = Place::OrphansEnded;
        Effect::EndOrphans
    }

    pub(super) fn orphans_ended(&mut self, left: &[u32]) -> Effect {
        if left.is_empty() {
            return self.orphans_gone();
        }
        let why =
            format!("commands of an earlier run cannot be ended (pids {left:?}); end them by hand");
        self.leave(End::Incomplete(why))
    }

    /// Nothing is done, and what was seen counts all the same: life that nobody remembers would leave
    /// a fence believed.
    fn leave(&mut self, end: End) -> Effect {
        self.tell();
        let told = self.run.decision.clone();
        if let Some(decision) = &mut self.run.decision {
            decision.choice = Choice::Hold(Hold::Stopped);
        }
        self.intend();
        self.run.decision = told;
        let code = Code::Failed;
        self.write_then(After::End(Ending { code, end }))
    }
}
