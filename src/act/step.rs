//! Runs one step, in the variant that is the right one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::act::{Deed, Tools, judge};
use crate::base::command::{Finished, Runner};
use crate::plan::{Outcome, Step};
use crate::store::Event;

impl Tools<'_> {
    /// Runs a step once, journalled before and after.
    pub(super) fn run(&self, step: &Step) -> (Deed, Option<Finished>) {
        if let Err(deed) = self.begin(step) {
            return (deed, None);
        }
        let (deed, finished) = self.try_variants(step, &[]);
        self.end(&deed);
        (deed, Some(finished))
    }

    /// Journals that a step is about to start.
    pub(super) fn begin(&self, step: &Step) -> Result<(), Deed> {
        let before = Event::Before {
            step: step.name.into(),
        };
        self.note(&before).map_err(|why| Deed {
            step: step.name,
            outcome: Outcome::SpawnFailed(why),
            took: Duration::ZERO,
            complaint: None,
        })?;
        log::info!(
            "step={} state=started deadline={}s",
            step.name,
            step.deadline.as_secs()
        );
        Ok(())
    }

    /// Journals and tells how a step ended.
    pub(super) fn end(&self, deed: &Deed) {
        let after = Event::After {
            step: deed.step.into(),
            outcome: deed.outcome.to_string(),
        };
        if let Err(why) = self.note(&after) {
            log::error!("step={} cause={why:?}", deed.step);
        }
        report(deed);
    }

    /// Runs the right variant of a step, or finds out which it is.
    pub(super) fn try_variants(&self, step: &Step, tail: &[String]) -> (Deed, Finished) {
        let mut judge = |finished: &mut Finished| judge::judge(step.judge, finished);
        try_variants((&self.runner, &self.variant), step, tail, &mut judge)
    }
}

/// The same, by a judge of its own.
pub(super) fn try_variants(
    (runner, variant): (&Runner, &AtomicUsize),
    step: &Step,
    tail: &[String],
    judge: &mut dyn FnMut(&mut Finished) -> Outcome,
) -> (Deed, Finished) {
    let known = variant.load(Ordering::Relaxed);
    let candidates = match step.variants.get(known) {
        Some(only) => std::slice::from_ref(only),
        None => step.variants.as_slice(),
    };
    let mut last = None;
    for (index, argv) in candidates.iter().enumerate() {
        let tried = try_once(runner, step, argv, tail, judge);
        let settled = match &tried.0.outcome {
            Outcome::Ok => {
                if candidates.len() > 1 {
                    variant.store(index, Ordering::Relaxed);
                }
                true
            }
            // What an unknown namespace looks like; anything else says nothing about it.
            Outcome::Exit(_) | Outcome::BadOutput(_) => false,
            Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::Stopped
            | Outcome::SpawnFailed(_)
            | Outcome::Skipped(_) => true,
        };
        last = Some(tried);
        if settled {
            break;
        }
    }
    last.unwrap_or_else(|| try_once(runner, step, &[], tail, judge))
}

fn try_once(
    runner: &Runner,
    step: &Step,
    argv: &[String],
    tail: &[String],
    judge: &mut dyn FnMut(&mut Finished) -> Outcome,
) -> (Deed, Finished) {
    let argv: Vec<String> = argv.iter().chain(tail).cloned().collect();
    let mut finished = runner.run(&argv, step.deadline);
    let outcome = judge(&mut finished);
    let complaint = match &outcome {
        Outcome::Ok => None,
        Outcome::Exit(_)
        | Outcome::Signal(_)
        | Outcome::TimedOut
        | Outcome::Stopped
        | Outcome::SpawnFailed(_)
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

/// One line per step: what came of it.
pub(super) fn report(deed: &Deed) {
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
