//! The stages that work on batches of accounts, side by side in the pool.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::act::{Deed, Deeds, Step, Tools, pool};
use crate::base::command::Outcome;
use crate::base::refusal::Refusal;
use crate::core::event::{Finding, Ran};
use crate::core::ranges::Ranges;
use crate::core::story::{Entry, Story};
use crate::store::{AccountList, Batch, Bounds};

/// After so many failures in a row, across all batches, the program itself must be at fault, and
/// the rest is left for the next run. A batch that is split has not failed yet: its parts may.
const FAILURES_MAX: usize = 32;
/// Failed names written to the log one by one, at the most.
const NAMES_LOGGED: usize = 20;

/// Steps for every batch of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batches {
    /// In order; each gets the batch's names appended.
    pub steps: Vec<Step>,
    /// How the names are handed over.
    pub names: Names,
    /// Names per batch, at the most.
    pub max_names: usize,
    /// Bytes of names per batch, at the most.
    pub max_bytes: usize,
}

/// How account names are handed to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// One argument each.
    Arguments,
    /// One argument, separated by commas.
    CommaList,
}

/// What the batches of one stage have in common.
struct Shared<'a> {
    stage: &'static str,
    steps: &'a [Step],
    names: Names,
    tools: &'a Tools,
    failures_in_row: AtomicUsize,
}

/// What came of a batch, and of the halves it was split into.
#[derive(Default)]
struct Came {
    done: usize,
    failed: usize,
    failure: Option<Deed>,
}

impl Came {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
    }
}

impl Tools {
    /// Runs the batches of a stage over every account that no earlier run has done.
    pub(crate) fn sweep(
        &mut self,
        stage: &'static str,
        batches: &Batches,
        story: &Story,
        deeds: &mut Deeds,
    ) -> Ran {
        if let Err(refusal) = self.open(story) {
            return Outcome::Unjournalled(format!("{:#}", refusal.error)).into();
        }
        let Batches {
            steps,
            names,
            max_names,
            max_bytes,
        } = batches;
        let started = Instant::now();
        let done_before = story.batches.get(stage).cloned().unwrap_or_default();
        let shared = Shared {
            stage,
            steps,
            names: *names,
            tools: self,
            failures_in_row: AtomicUsize::new(0),
        };
        let bounds = Bounds {
            names: *max_names,
            bytes: *max_bytes,
            beside: beside(*names),
        };
        let (total, came) = shared.all(&done_before, bounds);
        let undone = total - came.done;
        let tally = deeds.accounts.get_or_insert_default();
        tally.total = total;
        tally.stages.push((stage, came.done, came.failed));
        let outcome = match &came.failure {
            _ if undone == 0 => Outcome::Ok,
            Some(deed) => deed.outcome.clone(),
            None => Outcome::Skipped("asked to stop".into()),
        };
        deeds.steps.push(Deed {
            step: stage,
            outcome: outcome.clone(),
            took: started.elapsed(),
            complaint: came.failure.and_then(|deed| deed.complaint),
        });
        Ran {
            outcome,
            finding: Finding::Swept {
                done: came.done,
                undone,
            },
        }
    }

    /// Opens what a sweep writes to and reads from.
    fn open(&mut self, story: &Story) -> Result<(), Refusal> {
        self.journal(story)?;
        if self.accounts.is_none() {
            self.accounts = Some(AccountList::open(&self.record, story)?);
        }
        Ok(())
    }
}

/// Bytes that an account name takes beside its own when it is handed over: a comma; or the NUL at
/// its end and the pointer to it, which count too (execve(2)).
fn beside(names: Names) -> usize {
    match names {
        Names::CommaList => 1,
        Names::Arguments => 1 + size_of::<*const u8>(),
    }
}

impl Shared<'_> {
    /// Does what is left; returns how many accounts there are, and what came of them.
    fn all(&self, done_before: &Ranges, bounds: Bounds) -> (usize, Came) {
        let Some(accounts) = &self.tools.accounts else {
            return (0, Came::default());
        };
        let total = accounts.count();
        log::info!("stage={} accounts={total}", self.stage);
        let progress = &self.tools.progress;
        progress.begin(self.stage, done_before.count(), total);
        let came = Mutex::new(Came {
            done: done_before.count(),
            ..Came::default()
        });
        let batches = accounts.batches(done_before.gaps(total), bounds);
        pool::run_all(batches, self.tools.width, |batch| {
            let part = match batch {
                Ok(Batch { from, names }) => self.batch(from, &names),
                Err(err) => self.unreadable(&err),
            };
            came.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(part);
        });
        let came = came.into_inner().unwrap_or_else(PoisonError::into_inner);
        progress.end();
        log::info!(
            "stage={} done={} failed={} left={}",
            self.stage,
            came.done,
            came.failed,
            total - came.done - came.failed
        );
        (total, came)
    }

    /// Does one batch, the names from a position on; a batch that fails as a whole is split, so
    /// that one bad name costs only itself.
    fn batch(&self, from: usize, names: &[String]) -> Came {
        if self.tools.is_stopping() || self.failures_in_row.load(Ordering::Relaxed) >= FAILURES_MAX
        {
            return Came::default();
        }
        if names.iter().any(|name| self.is_unfit(name)) {
            return self.around_unfit(from, names);
        }
        match self.attempt(from, names) {
            Ok(()) => {
                self.failures_in_row.store(0, Ordering::Relaxed);
                self.tools.progress.add(names.len());
                Came {
                    done: names.len(),
                    ..Came::default()
                }
            }
            Err(deed) if names.len() > 1 && splits(&deed.outcome) => {
                let (first, second) = names.split_at(names.len() / 2);
                let mut came = self.batch(from, first);
                came.add(self.batch(from + first.len(), second));
                came.failure = came.failure.or(Some(deed));
                came
            }
            Err(deed) => {
                self.failures_in_row.fetch_add(1, Ordering::Relaxed);
                self.failed(names, deed)
            }
        }
    }

    /// Whether a name cannot be handed over as the program takes it.
    fn is_unfit(&self, name: &str) -> bool {
        match self.names {
            Names::Arguments => false,
            Names::CommaList => name.contains(','),
        }
    }

    /// Does what is around the names that cannot be handed over.
    fn around_unfit(&self, mut from: usize, names: &[String]) -> Came {
        let mut came = Came::default();
        for part in names.split_inclusive(|name| self.is_unfit(name)) {
            let fit = part.iter().take_while(|name| !self.is_unfit(name)).count();
            let (fit, unfit) = part.split_at(fit);
            if !fit.is_empty() {
                came.add(self.batch(from, fit));
            }
            if !unfit.is_empty() {
                let why = "an account name with a comma cannot be handed over in a list";
                came.add(self.failed(unfit, self.deed(Outcome::BadOutput(why.into()))));
            }
            from += part.len();
        }
        came
    }

    fn unreadable(&self, err: &io::Error) -> Came {
        let why = format!("the account list cannot be read: {err}");
        log::error!("stage={} cause={why:?}", self.stage);
        Came {
            failure: Some(self.deed(Outcome::BadOutput(why))),
            ..Came::default()
        }
    }

    fn failed(&self, names: &[String], deed: Deed) -> Came {
        let cause = deed
            .complaint
            .clone()
            .unwrap_or_else(|| deed.outcome.to_string());
        for name in names.iter().take(NAMES_LOGGED) {
            log::warn!("stage={} account={name:?} cause={cause:?}", self.stage);
        }
        Came {
            failed: names.len(),
            failure: Some(deed),
            ..Came::default()
        }
    }

    /// Runs the steps of one batch, journalled before and after.
    fn attempt(&self, from: usize, names: &[String]) -> Result<(), Deed> {
        let (stage, to) = (self.stage.to_owned(), from + names.len());
        let before = Entry::BatchBefore {
            stage: stage.clone(),
            from,
            to,
        };
        self.note(&before)?;
        let tail = match self.names {
            Names::Arguments => names,
            Names::CommaList => &[names.join(",")],
        };
        for step in self.steps {
            let (deed, _) = self.tools.try_variants(step, tail);
            if deed.outcome != Outcome::Ok {
                return Err(deed);
            }
        }
        self.note(&Entry::BatchDone { stage, from, to })
    }

    fn note(&self, entry: &Entry) -> Result<(), Deed> {
        let Some(journal) = &self.tools.journal else {
            return Err(self.deed(Outcome::Unjournalled("there is no journal".into())));
        };
        journal
            .append(entry)
            .map_err(|why| self.deed(Outcome::Unjournalled(why.to_string())))
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

/// Whether the halves of a batch may fare better than the whole.
fn splits(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Exit(_) | Outcome::BadOutput(_) => true,
        Outcome::SpawnFailed(why) => why.kind == ErrorKind::ArgumentListTooLong,
        // Asked again in halves, a program that hangs would hang twice.
        Outcome::Ok
        | Outcome::Signal(_)
        | Outcome::TimedOut
        | Outcome::Stopped
        | Outcome::Unjournalled(_)
        | Outcome::Skipped(_) => false,
    }
}

#[cfg(test)]
mod tests;
