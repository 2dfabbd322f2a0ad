//! The steps of a recovery: its commands, and what it does itself. All are journalled alike.

use std::time::{Duration, Instant};

use super::{Surgery, Trouble};
use crate::act::step::report;
use crate::act::{Deed, Step};
use crate::base::command::{Finished, Outcome};
use crate::core::story::Entry;

impl Surgery<'_> {
    /// Runs a command.
    pub(super) fn step(&mut self, step: &Step) -> Result<Option<Finished>, Trouble> {
        self.begun.insert(step.name.to_owned());
        let (deed, finished) = self.journalled(step);
        let outcome = deed.outcome.clone();
        self.deeds.steps.push(deed);
        Self::came_to(step, &outcome).map(|()| finished)
    }

    /// Runs a command, journalled before and after.
    pub(super) fn journalled(&mut self, step: &Step) -> (Deed, Option<Finished>) {
        let name = step.name.to_owned();
        if let Err(why) = self.note(Entry::Before { step: name.clone() }) {
            let deed = Deed {
                step: step.name,
                outcome: Outcome::Unjournalled(why),
                took: Duration::ZERO,
                complaint: None,
            };
            return (deed, None);
        }
        log::info!(
            "step={} state=started deadline={}s",
            step.name,
            step.deadline.as_secs()
        );
        let (deed, finished) = self.tools.try_variants(step, &[]);
        let outcome = deed.outcome.to_string();
        if let Err(why) = self.note(Entry::After {
            step: name,
            outcome,
        }) {
            log::error!("step={} cause={why:?}", step.name);
        }
        report(&deed);
        (deed, Some(finished))
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
        let before = Entry::Before { step: step.clone() };
        self.note(before).map_err(Trouble::Failed)?;
        let started = Instant::now();
        let done = work(self);
        let outcome = match &done {
            Ok(_) if self.tools.is_stopping() => Outcome::Stopped,
            Ok(_) => Outcome::Ok,
            Err(why) => Outcome::BadOutput(why.clone()),
        };
        let noted = self.note(Entry::After {
            step,
            outcome: outcome.to_string(),
        });
        let deed = Deed {
            step: name,
            outcome,
            took: started.elapsed(),
            complaint: None,
        };
        report(&deed);
        self.deeds.steps.push(deed);
        let done = done.map_err(|why| Trouble::Failed(format!("{name}: {why}")))?;
        noted.map_err(Trouble::Failed)?;
        if self.tools.is_stopping() {
            return Err(Trouble::Stopped);
        }
        Ok(done)
    }
}
