//! What a journal tells: its lines, and what they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::base::clock::Now;
use crate::base::process::Process;
use crate::core::UNDONE;
use crate::store::accounts::Extent;
use crate::store::ranges::Ranges;

/// A process that a step has started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The step.
    pub step: String,
    /// Who it is.
    #[serde(flatten)]
    pub process: Process,
}

impl Child {
    /// Returns the line that says that it has ended.
    pub fn ended(&self) -> Event {
        Event::ChildEnded {
            pid: self.process.pid,
            started: self.process.started,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A promotion begins.
    Begun {
        /// Its number.
        epoch: u64,
        /// When.
        at: Now,
    },
    /// The account list goes this far.
    Listed(Extent),
    /// A step is about to start.
    Before {
        /// Its name.
        step: String,
    },
    /// A step has ended.
    After {
        /// Its name.
        step: String,
        /// How.
        outcome: String,
    },
    /// A command that is run once has done its work.
    CommandDone {
        /// The stage.
        stage: String,
        /// Which of its commands.
        command: String,
    },
    /// A batch is about to start.
    BatchBefore {
        /// The stage.
        stage: String,
        /// Position of its first name in the account list.
        from: usize,
        /// Position after its last name.
        to: usize,
    },
    /// A batch is done.
    BatchDone {
        /// The stage.
        stage: String,
        /// Position of its first name in the account list.
        from: usize,
        /// Position after its last name.
        to: usize,
    },
    /// A stage is done.
    StageDone {
        /// Its name.
        stage: String,
    },
    /// A step is about to run this process: it waits for this line.
    Child(Child),
    /// That process has ended. What it left in the background, it left on purpose.
    ChildEnded {
        /// Its number.
        pid: i32,
        /// When it began, in clock ticks since boot.
        started: u64,
    },
    /// What was done of the recovery is undone: it would be done from the start.
    Undone,
    /// The promotion is done, or the peer came back before it was.
    Ended {
        /// When.
        at: Now,
    },
}

/// What a journal tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The promotion it is about.
    pub epoch: u64,
    /// When that began.
    pub began: Option<Now>,
    /// When that ended.
    pub ended: Option<Now>,
    /// How far the account list goes.
    pub listed: Extent,
    /// Steps that were begun, whatever became of them.
    pub begun: BTreeSet<String>,
    /// Stages that are done.
    pub stages: BTreeSet<String>,
    /// Commands that are done, in order, of each stage that runs each of its commands once.
    pub commands: BTreeMap<String, Vec<String>>,
    /// What is done of each stage that works in batches.
    pub batches: BTreeMap<String, Ranges>,
    /// Processes of which it is not known that they have ended.
    pub children: Vec<Child>,
    /// Whether there are lines after the one that says it has ended.
    pub(super) is_longer: bool,
    /// Bytes up to the last whole line.
    pub(super) sound: u64,
}

impl Story {
    pub(super) fn add(&mut self, event: Event) {
        self.is_longer = self.ended.is_some();
        match event {
            Event::Begun { epoch, at } => {
                *self = Self {
                    epoch,
                    began: Some(at),
                    sound: self.sound,
                    children: std::mem::take(&mut self.children),
                    ..Self::default()
                };
            }
            Event::Listed(extent) => self.listed = extent,
            Event::Before { step } => {
                self.begun.insert(step);
            }
            Event::After { .. } | Event::BatchBefore { .. } => {}
            Event::CommandDone { stage, command } => {
                self.commands.entry(stage).or_default().push(command);
            }
            Event::BatchDone { stage, from, to } => {
                self.batches.entry(stage).or_default().insert(Range {
                    start: from,
                    end: to,
                });
            }
            Event::StageDone { stage } => {
                self.stages.insert(stage);
            }
            Event::Child(child) => self.children.push(child),
            Event::ChildEnded { pid, started } => self
                .children
                .retain(|child| (child.process.pid, child.process.started) != (pid, started)),
            Event::Undone => {
                self.begun = [UNDONE.to_owned()].into();
                self.commands.clear();
            }
            Event::Ended { at } => self.ended = Some(at),
        }
    }
}
