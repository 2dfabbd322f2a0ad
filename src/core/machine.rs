//! The life of a run, and of a promotion over many runs, as one pure state machine.
//!
//! It is told what happened and answers with the one thing to be done next; no I/O, no clock, no log.
//! A crash drops [`Run`] and keeps [`Memory`]: the next machine is made from that and goes on. No
//! place in a plan is stored: what is next is the first step that the journal does not know as done.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::clock::Now;
use crate::base::refusal::Code;
use crate::config::{Policy, Share};
use crate::core::effect::{Effect, End, Ending, Fact, Order, Task, Write};
use crate::core::event::{Errand, Event, What};
use crate::core::plan::{Plans, StagePlan, Work};
use crate::core::story::{Entry, Told};
use crate::core::{Decision, Memory, decide, failback};
use crate::observe::{Observation, Reach};

mod accounts;
mod choose;
mod evidence;
mod intend;
mod look;
mod operator;
mod settle;
mod work;

use evidence::Evidence;

/// What does not change during a run.
#[derive(Debug, Clone)]
pub struct Setup {
    /// When to act.
    pub policy: Policy,
    /// Whom it is about.
    pub host: String,
    /// What to do.
    pub plans: Plans,
    /// Whether we may run what the plans ask for.
    pub is_privileged: bool,
    /// How long commands of a killed run are waited for before they are ended.
    pub orphan_patience: Duration,
    /// How long a run may go on promoting.
    pub promote_budget: Duration,
    /// The share of the accounts that may lack an available replica.
    pub require_replica: Share,
}

/// All that the machine knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// What is durable.
    pub memory: Memory,
    /// What a crash forgets.
    pub run: Run,
}

impl State {
    /// Returns the memory to be shown. On a return nothing is left in it: then what was returned
    /// from is shown.
    pub fn shown(&self) -> &Memory {
        if self.memory.promotion.is_some() {
            &self.memory
        } else {
            &self.run.intended
        }
    }
}

/// What a crash forgets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Run {
    place: Place,
    errand: Option<Errand>,
    stop: bool,
    /// What the last run left: every look is judged by it.
    recalled: Memory,
    /// What is to be told, and done.
    pub decision: Option<Decision>,
    evidence: Option<Evidence>,
    /// Looks in a row that were too old for the step they were taken for.
    stale_looks: u32,
    plan: Vec<StagePlan>,
    stage: usize,
    command: usize,
    /// Commands of the present stage that earlier runs have done.
    done_before: Vec<String>,
    /// Whether only the proofs of what was done are asked for.
    keeps: bool,
    accounts: accounts::Accounts,
    /// What failed of stages after which the others run all the same.
    failure: Option<End>,
    /// Whether not everybody was reached who was moved.
    owes: bool,
    /// Whether the step at hand was never begun before.
    is_first_time: bool,
    /// Whether any step was started.
    has_acted: bool,
    writes: VecDeque<Write>,
    /// The memory with the intent of this run in it.
    pub intended: Memory,
    /// Whether that intent is durable.
    is_begun: bool,
    is_told: bool,
    /// Whether the peer answered, at the last look that was told.
    reach: Option<Reach>,
}

/// What is waited for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
enum Place {
    #[default]
    Asked,
    Recalled,
    Observed(Purpose),
    OrphansFound,
    OrphansAwaited,
    OrphansEnded,
    Written(Box<After>),
    Ran(Task),
    ListAgain,
    Over,
}

/// What a look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Purpose {
    /// To decide.
    Decide,
    /// To decide the same once more, just before anything is intended.
    Confirm,
    /// To begin this step.
    Begin(Task),
}

/// What comes once all that is to be durable is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum After {
    /// The next step of the plan.
    Work,
    /// This one.
    Run(Task, Option<u64>),
    /// The accounts were listed.
    Listed(crate::core::event::Listed),
    /// What was begun is over.
    Settle(End),
    /// The run is over.
    End(Ending),
}

/// What comes of an event.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Turn {
    /// What the machine knows now.
    pub state: State,
    /// What people are told.
    pub facts: Vec<Fact>,
    /// What is to be done next; the next event is its answer.
    pub effect: Effect,
}

/// Takes the machine one event further.
pub fn step(setup: &Setup, state: State, event: Event) -> Turn {
    let mut machine = Machine {
        setup,
        at: event.at,
        memory: state.memory,
        run: state.run,
        facts: Vec::new(),
    };
    machine.run.stop |= event.stop;
    let effect = machine.answer(event.what);
    machine.spend(&effect);
    Turn {
        state: State {
            memory: machine.memory,
            run: machine.run,
        },
        facts: machine.facts,
        effect,
    }
}

struct Machine<'a> {
    setup: &'a Setup,
    at: Now,
    memory: Memory,
    run: Run,
    facts: Vec<Fact>,
}

impl Machine<'_> {
    fn answer(&mut self, what: What) -> Effect {
        match (std::mem::replace(&mut self.run.place, Place::Over), what) {
            (Place::Asked, What::Asked(errand)) => {
                self.run.errand = Some(errand);
                self.run.place = Place::Recalled;
                Effect::Recall
            }
            (Place::Recalled, What::Recalled(memory)) => self.recalled(*memory),
            (Place::Observed(purpose), What::Observed { seen, since }) => {
                self.looked(purpose, *seen, since)
            }
            (Place::OrphansFound, What::Orphans(left)) => self.orphans_found(left),
            (Place::OrphansAwaited, What::Orphans(left)) => self.orphans_awaited(left),
            (Place::OrphansEnded, What::Orphans(left)) => self.orphans_ended(&left),
            (Place::Written(after), What::Written(Ok(()))) => {
                self.is_written();
                self.write_then(*after)
            }
            (Place::Written(after), What::Written(Err(why))) => self.not_written(*after, why.0),
            (Place::Ran(task), What::Ran(ran)) => self.ran(task, ran),
            (Place::ListAgain, What::Waited) => self.order(Task::List, None),
            (place, what) => {
                self.run.writes.clear();
                self.end(
                    Code::Bug,
                    End::Bug(format!("{what:?} came in the place {place:?}")),
                )
            }
        }
    }

    fn recalled(&mut self, memory: Memory) -> Effect {
        let remembered = memory.promotion.as_ref().map(|it| it.source.as_str());
        if let Some(source) = remembered
            && !source.is_empty()
            && source != self.setup.host
        {
            let end = End::OtherHost(source.to_owned());
            self.memory = memory;
            return self.end(Code::Unusable, end);
        }
        self.memory = memory.about(&self.setup.host);
        if self.memory.told() == Told::Missing && !self.memory.story.lost {
            self.facts.push(Fact::JournalMissing);
        }
        self.run.recalled = self.memory.clone();
        match self.run.errand.clone() {
            Some(Errand::Ack(reason)) => self.acknowledge(reason),
            Some(Errand::Retry(reason)) => self.retry(reason),
            Some(Errand::Run | Errand::Failback) | None => self.observe(Purpose::Decide),
        }
    }

    /// Judges a look by the memory that the last run left, whatever this run has written since.
    fn decide(&self, seen: &Observation) -> Decision {
        let (policy, memory) = (&self.setup.policy, &self.run.recalled);
        match self.run.errand {
            Some(Errand::Failback) => failback(policy, memory, seen),
            Some(Errand::Run | Errand::Ack(_) | Errand::Retry(_)) | None => {
                decide(policy, memory, seen, &self.at)
            }
        }
    }

    fn observe(&mut self, purpose: Purpose) -> Effect {
        self.run.place = Place::Observed(purpose);
        Effect::Observe
    }

    /// Makes everything durable that waits for it, in order; then goes on.
    fn write_then(&mut self, after: After) -> Effect {
        if let Some(write) = self.run.writes.front().cloned() {
            self.run.place = Place::Written(Box::new(after));
            return Effect::Write(Box::new(write));
        }
        match after {
            After::Work => {
                self.run.is_begun = true;
                self.work()
            }
            After::Run(task, not_after) => self.order(task, not_after),
            After::Listed(listed) => self.listed(&listed),
            After::Settle(end) => self.settle(end),
            After::End(ending) => Effect::End(Box::new(ending)),
        }
    }

    fn write(&mut self, write: Write) {
        self.run.writes.push_back(write);
    }

    fn note(&mut self, entry: Entry) {
        let begins = |write: &Write| matches!(write, Write::Journal(Entry::Begun { .. }));
        let is_begun = self.memory.story.began.is_some() || self.run.writes.iter().any(begins);
        if !is_begun {
            let begun = Entry::Begun {
                epoch: self.memory.story.epoch,
                at: self.at.clone(),
                previous: None,
                lost: false,
            };
            self.write(Write::Journal(begun));
        }
        self.write(Write::Journal(entry));
    }

    /// What is durable is known.
    fn is_written(&mut self) {
        let memory = &mut self.memory;
        match self.run.writes.pop_front() {
            Some(Write::Suspicion(suspicion)) => memory.suspicion = suspicion,
            Some(Write::Promotion(promotion)) => memory.promotion = promotion,
            Some(Write::Module(module)) => memory.module = module,
            Some(Write::Journal(entry)) => memory.story.add(entry),
            Some(Write::Gist) => memory.story.end(self.at.clone()),
            Some(Write::ForgetList) => memory.stale_list = false,
            None => {}
        }
    }

    /// Nothing is begun that could not be written down, and what was begun is not gone on with.
    fn not_written(&mut self, after: After, why: String) -> Effect {
        // That a process has ended is a convenience: whoever has its number is not taken for it.
        if let Some(Write::Journal(Entry::ChildEnded { .. })) = self.run.writes.pop_front() {
            self.facts.push(Fact::NotWritten(why));
            return self.write_then(after);
        }
        self.run.writes.clear();
        match after {
            // What puts right what a killed run left needs no record.
            After::Work if !self.run.is_begun && self.only_puts_right() => {
                self.facts.push(Fact::NotWritten(why));
                self.write_then(After::Work)
            }
            After::Run(..) | After::Work | After::Listed(_) if self.run.is_begun => {
                self.settle(End::Incomplete(why))
            }
            After::Settle(end) => {
                self.facts.push(Fact::NotWritten(why));
                self.settle(end)
            }
            After::Run(..) | After::Work | After::Listed(_) | After::End(_) => {
                self.end(Code::Unusable, End::NotWritten(why))
            }
        }
    }

    /// Whether the plan only starts a service again that a killed run stopped.
    fn only_puts_right(&self) -> bool {
        let mut stages = self.run.plan.iter().peekable();
        stages.peek().is_some() && stages.all(|stage| stage.work == Work::Restore)
    }

    fn order(&mut self, task: Task, not_after: Option<u64>) -> Effect {
        self.run.place = Place::Ran(task);
        let within = self.time_left(task);
        let stage = self.run.plan.get(self.run.stage).map_or("", |it| it.name);
        Effect::Run(Order {
            stage,
            task,
            not_after,
            within,
        })
    }

    fn end(&mut self, code: Code, end: End) -> Effect {
        self.run.place = Place::Over;
        Effect::End(Box::new(Ending { code, end }))
    }
}
