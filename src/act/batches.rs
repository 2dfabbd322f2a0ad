//! The stages that work on batches of accounts, side by side in the pool.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::act::{Deed, End, Ledger, StageEnd, Tally, Tools, pool};
use crate::plan::{Names, Outcome, Stage, Step, Work};
use crate::store::Event;

/// After so many failures in a row, across all batches, the program itself must be at fault, and
/// the rest is left for the next run. Finding one bad name in a full batch takes fewer.
const FAILURES_MAX: usize = 32;
/// Failed names written to the log one by one, at the most.
const NAMES_LOGGED: usize = 20;

/// What the batches of one stage have in common.
struct Shared<'a> {
    stage: &'static str,
    steps: &'a [Step],
    names: Names,
    tools: &'a Tools<'a>,
    ledger: &'a Ledger<'a>,
    failures_in_row: AtomicUsize,
}

/// What came of a batch, and of the halves it was split into.
#[derive(Default)]
struct Came {
    done: usize,
    failed: usize,
    left: usize,
    failure: Option<Deed>,
}

impl Came {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.left += other.left;
        self.failure = self.failure.take().or(other.failure);
    }
}

/// Runs the stage over every account that no earlier run has done.
pub(super) fn run(stage: &Stage, tools: &Tools<'_>, tally: &mut Tally) -> StageEnd {
    let (
        Work::Batches {
            steps,
            names,
            max_names,
            max_bytes,
        },
        Some(ledger),
    ) = (&stage.work, &tools.ledger)
    else {
        return StageEnd {
            steps: Vec::new(),
            end: End::Complete,
        };
    };
    let total = ledger.accounts.count();
    let done_before = ledger
        .story
        .batches
        .get(stage.name)
        .cloned()
        .unwrap_or_default();
    let jobs = ledger
        .accounts
        .batches(&done_before.gaps(total), *max_names, *max_bytes);
    let shared = Shared {
        stage: stage.name,
        steps,
        names: *names,
        tools,
        ledger,
        failures_in_row: AtomicUsize::new(0),
    };
    log::info!(
        "stage={} accounts={total} batches={}",
        stage.name,
        jobs.len()
    );
    let started = Instant::now();
    tools.progress.begin(stage.name, done_before.count(), total);
    let mut came = Came {
        done: done_before.count(),
        ..Came::default()
    };
    for part in pool::run_all(&jobs, tools.width, |job| shared.batch(job.clone())) {
        came.add(part);
    }
    tools.progress.end();
    tally.stages.push((stage.name, came.done, came.failed));
    log::info!(
        "stage={} done={} failed={} left={}",
        stage.name,
        came.done,
        came.failed,
        came.left
    );
    finish(stage, tools, &came, started)
}

fn finish(stage: &Stage, tools: &Tools<'_>, came: &Came, started: Instant) -> StageEnd {
    let undone = came.failed + came.left;
    let outcome = match &came.failure {
        _ if undone == 0 => Outcome::Ok,
        Some(deed) => deed.outcome.clone(),
        None => Outcome::Skipped("asked to stop".into()),
    };
    let end = match undone {
        0 => End::Complete,
        _ if tools.is_stopping() => End::Stopped,
        _ => End::Incomplete(format!("{}: {undone} accounts are not done", stage.name)),
    };
    let complaint = came
        .failure
        .as_ref()
        .and_then(|deed| deed.complaint.clone());
    let deed = Deed {
        step: stage.name,
        outcome,
        took: started.elapsed(),
        complaint,
    };
    StageEnd {
        steps: vec![deed],
        end,
    }
}

impl Shared<'_> {
    /// Does one batch; a batch that fails as a whole is split, so that one bad name costs only
    /// itself.
    fn batch(&self, range: Range<usize>) -> Came {
        if self.tools.is_stopping() || self.failures_in_row.load(Ordering::Relaxed) >= FAILURES_MAX
        {
            return Came {
                left: range.len(),
                ..Came::default()
            };
        }
        match self.attempt(&range) {
            Ok(()) => {
                self.failures_in_row.store(0, Ordering::Relaxed);
                self.tools.progress.add(range.len());
                Came {
                    done: range.len(),
                    ..Came::default()
                }
            }
            Err(deed) => {
                self.failures_in_row.fetch_add(1, Ordering::Relaxed);
                self.failed(range, deed)
            }
        }
    }

    fn failed(&self, range: Range<usize>, deed: Deed) -> Came {
        let splits = match &deed.outcome {
            Outcome::Exit(_) | Outcome::BadOutput(_) => range.len() > 1,
            // Asked again in halves, a program that hangs would hang twice.
            Outcome::Ok
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::Stopped
            | Outcome::SpawnFailed(_)
            | Outcome::Unjournalled(_)
            | Outcome::Skipped(_) => false,
        };
        if splits {
            let middle = range.start + range.len() / 2;
            let mut came = self.batch(range.start..middle);
            came.add(self.batch(middle..range.end));
            came.failure = came.failure.or(Some(deed));
            return came;
        }
        let cause = deed
            .complaint
            .clone()
            .unwrap_or_else(|| deed.outcome.to_string());
        for name in self.ledger.accounts.names(range.clone()).take(NAMES_LOGGED) {
            log::warn!("stage={} account={name:?} cause={cause:?}", self.stage);
        }
        Came {
            failed: range.len(),
            failure: Some(deed),
            ..Came::default()
        }
    }

    /// Runs the steps of one batch, journalled before and after.
    fn attempt(&self, range: &Range<usize>) -> Result<(), Deed> {
        let (stage, from, to) = (self.stage.to_owned(), range.start, range.end);
        let before = Event::BatchBefore {
            stage: stage.clone(),
            from,
            to,
        };
        self.note(&before)?;
        let tail = self.tail(range)?;
        for step in self.steps {
            let (deed, _) = self.tools.try_variants(step, &tail);
            if deed.outcome != Outcome::Ok {
                return Err(deed);
            }
        }
        self.note(&Event::BatchDone { stage, from, to })
    }

    fn tail(&self, range: &Range<usize>) -> Result<Vec<String>, Deed> {
        let names: Vec<&str> = self.ledger.accounts.names(range.clone()).collect();
        match self.names {
            Names::Arguments => Ok(names.into_iter().map(str::to_owned).collect()),
            Names::CommaList => match names.iter().find(|name| name.contains(',')) {
                None => Ok(vec![names.join(",")]),
                Some(_) => Err(self.deed(Outcome::BadOutput(
                    "an account name with a comma cannot be handed over in a list".into(),
                ))),
            },
        }
    }

    fn note(&self, event: &Event) -> Result<(), Deed> {
        self.tools
            .note(event)
            .map_err(|why| self.deed(Outcome::Unjournalled(why)))
    }

    fn deed(&self, outcome: Outcome) -> Deed {
        Deed {
            step: self.stage,
            outcome,
            took: std::time::Duration::ZERO,
            complaint: None,
        }
    }
}
