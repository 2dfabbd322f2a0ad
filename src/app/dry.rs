//! The dry run: reads and looks like a real one, writes and runs nothing, and takes every step for
//! one that went well. What would be run is collected.

use super::World;
use super::real::Real;
use crate::act::Argv;
use crate::base::clock::Now;
use crate::base::command::Outcome;
use crate::base::refusal::Refusal;
use crate::core::Memory;
use crate::core::effect::{Effect, Fact, Order, Task};
use crate::core::event::{Finding, Listed, Ran, Recovery, What};
use crate::core::machine::State;
use crate::core::story::Extent;
use crate::observe::Observation;
use crate::roles::{Action, Book, Stage, lines};

pub(super) struct Dry<'a> {
    book: &'a Book,
    pub(super) real: Real<'a>,
    /// What the last run left.
    pub(super) memory: Memory,
    pub(super) would_run: Vec<Argv>,
    seen: Option<Box<Observation>>,
    /// Stages whose commands were collected.
    collected: Vec<&'static str>,
    /// Whether everybody would be promoted by now.
    is_promoted: bool,
}

impl<'a> Dry<'a> {
    pub(super) fn new(book: &'a Book, real: Real<'a>) -> Self {
        Self {
            book,
            real,
            memory: Memory::default(),
            would_run: Vec::new(),
            seen: None,
            collected: Vec::new(),
            is_promoted: false,
        }
    }

    fn ran(&mut self, order: &Order) -> What {
        if let Some(stage) = self.book.stage(order.stage) {
            self.collect(stage, order.task);
        }
        let finding = match order.task {
            Task::Command(_) => Finding::Nothing,
            Task::Operations | Task::AwaitOperations => Finding::Operations(0),
            Task::List => Finding::Listed(Listed {
                total: usize::from(!self.is_promoted),
                extent: Extent {
                    names: 1,
                    ..Extent::default()
                },
                ..Listed::default()
            }),
            Task::Promote => {
                self.is_promoted = true;
                Finding::Nothing
            }
            Task::Sweep => Finding::Swept { done: 0, undone: 0 },
            Task::Prepare => Finding::Recovery(Recovery::Ready, Vec::new()),
            Task::Recover | Task::Restore => Finding::Recovery(Recovery::Done, Vec::new()),
        };
        What::Ran(Ran {
            outcome: Outcome::Ok,
            finding,
        })
    }

    /// A command by itself; of every other stage all that it runs, once.
    fn collect(&mut self, stage: &Stage, task: Task) {
        if let (Action::Commands(commands), Task::Command(at)) = (&stage.action, task) {
            let command = commands.get(at);
            self.would_run.extend(command.map(|(_, step)| step.first()));
        } else if !self.collected.contains(&stage.name) {
            self.collected.push(stage.name);
            self.would_run.extend(lines(std::slice::from_ref(stage)));
        }
    }
}

impl World for Dry<'_> {
    fn carry_out(&mut self, effect: Effect, state: &State) -> Result<What, Refusal> {
        match effect {
            Effect::Recall => {
                let recalled = self.real.carry_out(effect, state)?;
                if let What::Recalled(memory) = &recalled {
                    self.memory = Memory::clone(memory);
                }
                Ok(recalled)
            }
            // One look is enough to show what it leads to.
            Effect::Observe => match &self.seen {
                Some(seen) => Ok(What::Observed {
                    seen: seen.clone(),
                    since: Now::read(),
                }),
                None => {
                    let observed = self.real.carry_out(effect, state)?;
                    if let What::Observed { seen, .. } = &observed {
                        self.seen = Some(seen.clone());
                    }
                    Ok(observed)
                }
            },
            Effect::Write(_) => Ok(What::Written(Ok(()))),
            Effect::FindOrphans | Effect::AwaitOrphans(_) | Effect::EndOrphans => {
                Ok(What::Orphans(Vec::new()))
            }
            Effect::Run(order) => Ok(self.ran(&order)),
            Effect::Wait(_) | Effect::End(_) => Ok(What::Waited),
        }
    }

    fn tell(&mut self, fact: Fact, state: &State) {
        match &fact {
            Fact::Seen(_) | Fact::Decided(..) | Fact::JournalMissing => {
                self.real.tell(fact, state);
            }
            // What is told of deeds would not be true.
            Fact::LooksAgain(_)
            | Fact::AwaitsOrphans(_)
            | Fact::EndsOrphans(_)
            | Fact::StageDone(_)
            | Fact::CommandDone(..)
            | Fact::Begins(..)
            | Fact::Left(..)
            | Fact::NotWritten(_) => {}
        }
    }

    fn is_stopping(&self) -> bool {
        false
    }
}
