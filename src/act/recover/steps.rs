//! The steps of a recovery: its commands, and what it does itself. All are journalled alike.

use std::time::Instant;

use super::{Surgery, Trouble};
use crate::act::Deed;
use crate::act::step::report;
use crate::base::command::Finished;
use crate::plan::{Outcome, Step};
use crate::store::Event;

impl Surgery<'_, '_> {
    /// Runs a command.
    pub(super) fn step(&mut self, step: &Step) -> Result<Option<Finished>, Trouble> {
        self.begun.insert(step.name.to_owned());
        let (deed, finished) = self.tools.run(step);
        let outcome = deed.outcome.clone();
        self.deeds.push(deed);
        Self::came_to(step, &outcome).map(|()| finished)
    }

    /// Tells what the outcome of a command means.
    pub(super) fn came_to(step: &Step, outcome: &Outcome) -> Result<(), Trouble> {
        match outcome {
            Outcome::Ok => Ok(()),
            Outcome::Stopped | Outcome::Skipped(_) => Err(Trouble::Stopped),
            Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::SpawnFailed(_)
            | Outcome::Unjournalled(_)
            | Outcome::BadOutput(_) => Err(Trouble::Failed(format!("{}: {outcome}", step.name))),
        }
    }

    /// Runs a step of our own, journalled like a command.
    pub(super) fn own_step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, Trouble> {
        if self.tools.is_stopping() {
            return Err(Trouble::Stopped);
        }
        let step = name.to_owned();
        self.begun.insert(step.clone());
        let before = Event::Before { step: step.clone() };
        self.tools.note(&before).map_err(Trouble::Failed)?;
        let started = Instant::now();
        let done = work(self);
        let outcome = match &done {
            Ok(_) if self.tools.is_stopping() => Outcome::Stopped,
            Ok(_) => Outcome::Ok,
            Err(why) => Outcome::BadOutput(why.clone()),
        };
        let after = Event::After {
            step,
            outcome: outcome.to_string(),
        };
        let noted = self.tools.note(&after);
        let deed = Deed {
            step: name,
            outcome,
            took: started.elapsed(),
            complaint: None,
        };
        report(&deed);
        self.deeds.push(deed);
        let done = done.map_err(|why| Trouble::Failed(format!("{name}: {why}")))?;
        noted.map_err(Trouble::Failed)?;
        if self.tools.is_stopping() {
            return Err(Trouble::Stopped);
        }
        Ok(done)
    }
}
