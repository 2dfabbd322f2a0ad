//! Runs one command of a step, in the variant that is the right one.

use std::cell::OnceCell;
use std::slice;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::act::judge::Judge;
use crate::act::{Deed, Tools, judge, orphans};
use crate::base::command::{Finished, Noted, Outcome};
use crate::base::process::Process;
use crate::core::story::{Child, Entry};

/// A program and its arguments. Never a shell line.
pub type Argv = Vec<String>;

/// One command to run. Data: it can be printed, compared and tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name in the log, the journal and the report.
    pub name: &'static str,
    /// The command; or, where the namespace is found out at run time, one per namespace, in the
    /// order they are tried.
    pub variants: Vec<Argv>,
    /// When the command is ended by us.
    pub deadline: Duration,
    /// How its result is judged.
    pub judge: Judge,
}

impl Step {
    /// Returns the command that is tried first.
    pub fn first(&self) -> Argv {
        self.variants.first().cloned().unwrap_or_default()
    }
}

impl Tools {
    /// Runs the right variant of a step, or finds out which it is.
    pub(crate) fn try_variants(&self, step: &Step, tail: &[String]) -> (Deed, Finished) {
        self.try_judged(step, tail, &mut |finished| {
            judge::judge(step.judge, finished)
        })
    }

    /// The same, by a judge of its own.
    pub(crate) fn try_judged(
        &self,
        step: &Step,
        tail: &[String],
        judge: &mut dyn FnMut(&mut Finished) -> Outcome,
    ) -> (Deed, Finished) {
        let known = self.variant.load(Ordering::Relaxed);
        let candidates = match step.variants.get(known) {
            Some(only) => std::slice::from_ref(only),
            None => step.variants.as_slice(),
        };
        let mut last = None;
        for (index, argv) in candidates.iter().enumerate() {
            let tried = self.try_once(step, argv, tail, judge);
            let settled = match &tried.0.outcome {
                Outcome::Ok => {
                    if candidates.len() > 1 {
                        self.variant.store(index, Ordering::Relaxed);
                    }
                    true
                }
                // What an unknown namespace looks like; anything else says nothing about it.
                Outcome::Exit(_) | Outcome::BadOutput(_) => false,
                Outcome::Signal(_)
                | Outcome::TimedOut
                | Outcome::Stopped
                | Outcome::SpawnFailed(_)
                | Outcome::Unjournalled(_)
                | Outcome::Skipped(_) => true,
            };
            last = Some(tried);
            if settled {
                break;
            }
        }
        last.unwrap_or_else(|| self.try_once(step, &[], tail, judge))
    }

    fn try_once(
        &self,
        step: &Step,
        argv: &[String],
        tail: &[String],
        judge: &mut dyn FnMut(&mut Finished) -> Outcome,
    ) -> (Deed, Finished) {
        let argv: Vec<String> = argv.iter().chain(tail).cloned().collect();
        let mut finished = self.start(step, &argv, tail.is_empty());
        let outcome = judge(&mut finished);
        let complaint = match &outcome {
            Outcome::Ok => None,
            Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::Stopped
            | Outcome::SpawnFailed(_)
            | Outcome::Unjournalled(_)
            | Outcome::BadOutput(_)
            | Outcome::Skipped(_) => judge::complaint(&finished),
        };
        (
            Deed {
                step: step.name,
                outcome,
                took: finished.took,
                complaint,
            },
            finished,
        )
    }

    /// Runs a program, and has the journal know it for as long as it runs. A batch, of which there
    /// may be ten thousand, gets no control group, and harms nobody if it is run twice.
    fn start(&self, step: &Step, argv: &[String], in_group: bool) -> Finished {
        let Some(journal) = self.journal.as_ref().filter(|_| self.is_tracked) else {
            return self.runner.run(argv, step.deadline);
        };
        let child = OnceCell::new();
        let note = |process: &Process| {
            let child = child.get_or_init(|| Child {
                step: step.name.to_owned(),
                process: process.clone(),
            });
            journal.remark(&Entry::Child(child.clone()))
        };
        let noted = Noted {
            note: &note,
            in_group,
        };
        let finished = self.runner.run_noted(argv, step.deadline, noted);
        let ended = child
            .get()
            .filter(|child| is_over(child, &finished.outcome));
        if let Some(Err(error)) = ended.map(|child| journal.remark(&child.ended())) {
            log::error!("step={} cause={:?}", step.name, error.to_string());
        }
        finished
    }
}

/// Whether nobody works for a step any more. One that ended by itself has left what it left on
/// purpose; what outlives one that we ended does not count as that.
fn is_over(child: &Child, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::TimedOut | Outcome::Stopped => {
            orphans::find(slice::from_ref(child)).is_ok_and(|left| left.is_empty())
        }
        Outcome::Ok
        | Outcome::Exit(_)
        | Outcome::Signal(_)
        | Outcome::SpawnFailed(_)
        | Outcome::Unjournalled(_)
        | Outcome::BadOutput(_)
        | Outcome::Skipped(_) => true,
    }
}

/// One line per step: what came of it.
pub(crate) fn report(deed: &Deed) {
    let took = deed.took.as_secs_f64();
    let outcome = deed.outcome.to_string();
    match (&deed.outcome, &deed.complaint) {
        (Outcome::Ok, _) => log::info!("step={} outcome=ok took={took:.1}s", deed.step),
        (_, Some(complaint)) => log::warn!(
            "step={} outcome={outcome:?} took={took:.1}s complaint={complaint:?}",
            deed.step
        ),
        (_, None) => {
            log::warn!("step={} outcome={outcome:?} took={took:.1}s", deed.step);
        }
    }
}
