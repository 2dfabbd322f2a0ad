//! The real run: every effect is carried out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::anyhow;

use super::World;
use crate::act::{Deeds, Tools, VARIANT_UNKNOWN, orphans, progress::Progress};
use crate::base::clock::Now;
use crate::base::command::{Runner, gate};
use crate::base::refusal::Refusal;
use crate::config::Config;
use crate::core::Memory;
use crate::core::effect::{Effect, Fact, Write};
use crate::core::event::{NotWritten, What};
use crate::core::machine::State;
use crate::core::story::{Child, Entry};
use crate::observe::{Observation, observe};
use crate::report::lines;
use crate::roles::{Book, Crew};
use crate::store::{Foreign, accounts, journal, state};

pub(super) struct Real<'a> {
    config: &'a Config,
    foreign: Foreign,
    stop: &'a Arc<AtomicBool>,
    crew: Crew<'a>,
    /// What was seen last.
    seen: Option<Box<Observation>>,
    /// What was done.
    pub(super) deeds: Deeds,
    /// Why something could not be made durable.
    pub(super) refusal: Option<Refusal>,
}

impl<'a> Real<'a> {
    pub(super) fn new(
        config: &'a Config,
        book: &'a Book,
        foreign: Foreign,
        stop: &'a Arc<AtomicBool>,
    ) -> Self {
        Self {
            config,
            foreign,
            stop,
            crew: Crew {
                book,
                prepared: None,
                tools: Tools {
                    record: config.files.record(),
                    runner: Runner {
                        stop: Arc::clone(stop),
                        grace: config.timeouts.grace,
                        environment: Vec::new(),
                        spool_dir: config.files.folder(),
                        gate: Some(gate::OURSELVES.into()),
                    },
                    width: config.role.width,
                    progress: Progress::default(),
                    variant: AtomicUsize::new(VARIANT_UNKNOWN),
                    journal: None,
                    accounts: None,
                    is_tracked: false,
                },
            },
            seen: None,
            deeds: Deeds::default(),
            refusal: None,
        }
    }

    /// Returns what was seen last.
    pub(super) fn seen(&self) -> Result<&Observation, Refusal> {
        let seen = self.seen.as_deref();
        seen.ok_or_else(|| Refusal::bug(anyhow!("the run ended without a look")))
    }

    pub(super) fn other_host(&self, source: &str) -> Refusal {
        let (host, files) = (self.config.peer.host(), &self.config.files);
        let (file, record) = (files.promotion.display(), files.record());
        let journal = record.display();
        Refusal::unusable(anyhow!(
            "a promotion of {source} is remembered, and the config now names {host}: put the old \
             name back, or, if that promotion is over or was a mistake, remove {file} and \
             {journal}.journal; see docs/runbook.md#state-unusable"
        ))
    }

    fn write(&mut self, write: &Write, memory: &Memory) -> Result<(), Refusal> {
        let (files, record) = (&self.config.files, &self.config.files.record());
        match write {
            Write::Suspicion(it) => state::write(&files.down, it.as_ref()),
            Write::Promotion(it) => state::write(&files.promotion, it.as_ref()),
            Write::Module(it) => state::write(&files.module, it.as_ref()),
            Write::Journal(entry @ Entry::Begun { .. }) => {
                let begun = journal::Journal::begin(record, entry, &memory.story)?;
                self.crew.tools.journal = Some(begun);
                self.crew.tools.accounts = None;
                Ok(())
            }
            Write::Journal(entry) => self.crew.tools.journal(&memory.story)?.note(entry),
            Write::Gist => journal::end(record, &memory.story, &Now::read()),
            Write::ForgetList => {
                self.crew.tools.accounts = None;
                accounts::forget(record)
            }
        }
    }

    fn orphans(
        &self,
        found: impl FnOnce(&[Child]) -> std::io::Result<Vec<orphans::Orphan>>,
        children: &[Child],
    ) -> Result<What, Refusal> {
        let left = found(children).map_err(|error| {
            Refusal::io(
                error,
                "cannot find out whether commands of an earlier run still run".into(),
            )
        })?;
        let pid = |orphan: &orphans::Orphan| u32::try_from(orphan.stat.pid).unwrap_or(0);
        Ok(What::Orphans(left.iter().map(pid).collect()))
    }
}

impl World for Real<'_> {
    fn carry_out(&mut self, effect: Effect, state: &State) -> Result<What, Refusal> {
        let memory = &state.memory;
        let children = &memory.story.children;
        match effect {
            Effect::Recall => {
                let recalled = state::load(&self.config.files, self.foreign)?;
                Ok(What::Recalled(Box::new(recalled)))
            }
            Effect::Observe => {
                let since = Now::read();
                let seen = Box::new(observe(self.config));
                self.seen = Some(seen.clone());
                Ok(What::Observed { seen, since })
            }
            Effect::Write(write) => Ok(What::Written(match self.write(&write, memory) {
                Ok(()) => Ok(()),
                Err(refusal) => {
                    let why = format!("{:#}", refusal.error);
                    self.refusal = Some(refusal);
                    Err(NotWritten(why))
                }
            })),
            Effect::FindOrphans => self.orphans(orphans::find, children),
            Effect::AwaitOrphans(patience) => {
                let now = Instant::now();
                let until = now.checked_add(patience).unwrap_or(now);
                let wait = |children: &[Child]| orphans::await_gone(children, until, self.stop);
                self.orphans(wait, children)
            }
            Effect::EndOrphans => {
                let grace = self.config.timeouts.grace;
                let end = |children: &[Child]| orphans::end(children, grace, self.stop);
                self.orphans(end, children)
            }
            Effect::Run(order) => {
                let epoch = memory.promotion.as_ref().map(|it| it.epoch);
                let epoch = epoch.map(|it| ("HABEAT_EPOCH".to_owned(), it.to_string()));
                self.crew.tools.runner.environment = epoch.into_iter().collect();
                Ok(What::Ran(self.crew.run(
                    &order,
                    &memory.story,
                    &mut self.deeds,
                )))
            }
            Effect::Wait(time) => {
                self.crew.tools.pause(time);
                Ok(What::Waited)
            }
            Effect::End(_) => Err(Refusal::bug(anyhow!("the run is over already"))),
        }
    }

    fn tell(&mut self, fact: Fact, _: &State) {
        lines::fact(self.config, self.crew.book, &fact);
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
