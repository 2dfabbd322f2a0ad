//! What a journal tells: its lines, and what they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::base::clock::Now;
use crate::base::process::Process;
use crate::core::plan::PROMOTE_STEP;
use crate::core::ranges::Ranges;
use crate::core::{Phase, Promotion, UNDONE};

/// How far a list goes, and the sum of what is in it: a list with the same extent is the same list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// Names.
    pub names: usize,
    /// Bytes.
    pub bytes: u64,
    /// CRC-32 of these bytes.
    pub checksum: String,
}

/// A process that a step has started.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Child {
    /// The step.
    pub step: String,
    /// Who it is.
    #[serde(flatten)]
    pub process: Process,
}

impl Child {
    /// Returns the line that says that it has ended.
    pub fn ended(&self) -> Entry {
        Entry::ChildEnded {
            pid: self.process.pid,
            started: self.process.started,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Entry {
    /// A promotion begins.
    Begun {
        /// Its number.
        epoch: u64,
        /// When.
        at: Now,
        /// When the promotion before it ended, or began if it never ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Now>,
        /// Whether the journal of what was done before is lost: all of it may have been.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
    /// The account list goes this far.
    Listed(Extent),
    /// So many accounts are still on the dead host, after a promotion.
    Left {
        /// How many.
        accounts: usize,
    },
    /// A step is about to start.
    Before {
        /// Its name.
        step: String,
    },
    /// It was not started after all, in this run or an earlier one.
    NotBegun {
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Story {
    /// The promotion it is about.
    pub epoch: u64,
    /// When that began.
    pub began: Option<Now>,
    /// When that ended.
    pub ended: Option<Now>,
    /// When the promotion before it ended.
    pub previous: Option<Now>,
    /// Whether what was done of it before is lost: all of it may have been.
    pub lost: bool,
    /// How far the account list goes.
    pub listed: Extent,
    /// Accounts that were left on the dead host after the last promotion, if that is known.
    pub left: Option<usize>,
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
    pub is_longer: bool,
    /// Bytes up to the last whole line.
    pub(crate) sound: u64,
}

impl Story {
    /// Takes in one line.
    pub fn add(&mut self, entry: Entry) {
        self.is_longer = self.ended.is_some();
        match entry {
            Entry::Begun {
                epoch,
                at,
                previous,
                lost,
            } => {
                *self = Self {
                    epoch,
                    previous,
                    lost,
                    began: Some(at),
                    sound: self.sound,
                    children: std::mem::take(&mut self.children),
                    ..Self::default()
                };
            }
            Entry::Listed(extent) => self.listed = extent,
            Entry::Left { accounts } => self.left = Some(accounts),
            Entry::Before { step } => {
                if step == PROMOTE_STEP {
                    self.left = None;
                    // Whoever it moves was in no batch that is done.
                    self.stages.clear();
                    self.batches.clear();
                }
                self.begun.insert(step);
            }
            Entry::NotBegun { step } => {
                self.begun.remove(&step);
            }
            Entry::After { .. } | Entry::BatchBefore { .. } => {}
            Entry::CommandDone { stage, command } => {
                self.commands.entry(stage).or_default().push(command);
            }
            Entry::BatchDone { stage, from, to } => {
                self.batches.entry(stage).or_default().insert(Range {
                    start: from,
                    end: to,
                });
            }
            Entry::StageDone { stage } => {
                self.stages.insert(stage);
            }
            Entry::Child(child) => self.children.push(child),
            Entry::ChildEnded { pid, started } => self
                .children
                .retain(|child| (child.process.pid, child.process.started) != (pid, started)),
            Entry::Undone => {
                self.begun = [UNDONE.to_owned()].into();
                self.commands.clear();
            }
            Entry::Ended { at } => self.ended = Some(at),
        }
    }

    /// Whether it says more of a promotion than its number and its times.
    pub fn is_long(&self) -> bool {
        self.epoch > 0 && self.began.is_some() && (self.ended.is_none() || self.is_longer)
    }

    /// Whether a promotion is begun and not over.
    pub fn is_open(&self) -> bool {
        self.epoch > 0 && self.began.is_some() && self.ended.is_none()
    }

    /// Becomes its gist.
    pub fn end(&mut self, at: Now) {
        *self = Self {
            epoch: self.epoch,
            began: self.began.take(),
            ended: self.ended.take().or(Some(at)),
            children: std::mem::take(&mut self.children),
            ..Self::default()
        };
    }

    /// Whether anybody may have been moved by a promotion that was begun.
    pub fn may_have_moved(&self) -> bool {
        self.left.is_none_or(|left| left < self.listed.names)
    }

    /// Returns when the last promotion ended, or began if it never ended: the block period counts
    /// from it. One that was only intended has not begun.
    pub fn last(&self) -> Option<&Now> {
        let is_begun = self.epoch > 0 && !self.begun.is_empty();
        let began = self.began.as_ref().filter(|_| is_begun);
        self.ended.as_ref().or(began).or(self.previous.as_ref())
    }

    /// Returns what it tells of a promotion.
    pub fn about(&self, promotion: &Promotion) -> Told {
        if self.epoch == promotion.epoch && self.began.is_some() {
            return if self.lost {
                Told::Missing
            } else if self.ended.is_some() {
                Told::Nothing
            } else {
                Told::All
            };
        }
        match promotion.phase {
            Phase::Finished => Told::Nothing,
            Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts | Phase::Returning => {
                Told::Missing
            }
        }
    }
}

/// What a journal tells of a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// All that was done of it.
    All,
    /// It is over, or there is none: nothing counts any more.
    Nothing,
    /// There is no journal of it: whatever could have been begun may have been.
    Missing,
}
