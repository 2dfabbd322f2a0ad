//! What is true, whatever the machine knows of it; and what is on the disk.

use habeat::base::process::Process;
use habeat::core::Memory;
use habeat::core::effect::Write;
use habeat::core::event::Listed;
use habeat::core::plan::ACTIVATE;
use habeat::core::story::{Child, Entry, Extent, Told};

use crate::setup::{DEACTIVATE, FLUSH, START_MODULE, STOP_MODULE};
use crate::time::at;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// There is none.
    Absent,
    /// On the dead host.
    Left,
    /// With us, and not flushed.
    Moved,
    Flushed,
}

/// A command that a killed run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Orphan {
    Promote,
    /// One of the admin's commands, by its step and its place in the stage.
    Command(&'static str, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) accounts: [Account; 2],
    /// Whose names are in the account list: a bit each.
    pub(crate) spool: u8,
    /// The server promotes, whoever asked it to.
    pub(crate) operation: bool,
    pub(crate) orphan: Option<Orphan>,
    /// Which commands of the switch hold: a bit each.
    pub(crate) moved: u8,
    /// The old active was turned off, and nobody has seen it alive since.
    pub(crate) off: bool,
    /// And that was proven.
    pub(crate) fenced: bool,
    pub(crate) module_runs: bool,
    pub(crate) mesh_runs: bool,
    pub(crate) recovered: bool,
}

pub(crate) const WHOLE_SWITCH: u8 = 0b11;

impl World {
    pub(crate) fn with(accounts: [Account; 2]) -> Self {
        Self {
            accounts,
            spool: 0,
            operation: false,
            orphan: None,
            moved: 0,
            off: false,
            fenced: false,
            module_runs: true,
            mesh_runs: true,
            recovered: false,
        }
    }

    pub(crate) fn left(&self) -> usize {
        self.accounts
            .iter()
            .filter(|it| **it == Account::Left)
            .count()
    }

    pub(crate) fn owes_a_flush(&self) -> bool {
        self.accounts.contains(&Account::Moved)
    }

    /// Promotes so many at the most.
    pub(crate) fn promote(&mut self, most: usize) {
        let left = self.accounts.iter_mut();
        for account in left.filter(|it| **it == Account::Left).take(most) {
            *account = Account::Moved;
        }
    }

    pub(crate) fn grow(&mut self) -> bool {
        let absent = self.accounts.iter_mut().find(|it| **it == Account::Absent);
        absent.map(|it| *it = Account::Left).is_some()
    }

    pub(crate) fn list(&mut self, total: usize, is_lacking: bool) -> Listed {
        for (bit, account) in self.accounts.iter().enumerate() {
            if total > 0 && *account == Account::Left {
                self.spool |= 1 << bit;
            }
        }
        Listed {
            total,
            without_replica: if is_lacking { total } else { 0 },
            extent: Extent {
                names: usize::try_from(self.spool.count_ones()).unwrap(),
                bytes: 0,
                checksum: self.spool.to_string(),
            },
            ..Listed::default()
        }
    }

    /// Flushes so many of the batches that are left; returns how many then are.
    pub(crate) fn sweep(&mut self, disk: &mut Memory, most: usize) -> usize {
        let open = self.open_batches(disk);
        for at in open.iter().take(most) {
            let stage = FLUSH.to_owned();
            let (from, to) = (*at, at + 1);
            disk.story.add(Entry::BatchDone { stage, from, to });
            if self.accounts[*at] == Account::Moved {
                self.accounts[*at] = Account::Flushed;
            }
        }
        open.len().saturating_sub(most)
    }

    fn open_batches(&self, disk: &Memory) -> Vec<usize> {
        let done = disk.story.batches.get(FLUSH).cloned().unwrap_or_default();
        let gaps = done.gaps(self.accounts.len());
        let open = gaps.into_iter().flatten();
        open.filter(|bit| self.spool & (1 << bit) != 0).collect()
    }

    /// A command does what it is for.
    pub(crate) fn command(&mut self, step: &str, at: usize) {
        match step {
            "fence-command" => self.off = true,
            "fence-verify" => self.fenced = self.off,
            ACTIVATE => self.moved |= 1 << at,
            DEACTIVATE => self.moved = 0,
            STOP_MODULE => self.module_runs = false,
            START_MODULE => self.module_runs = true,
            _ => {}
        }
    }

    /// What a killed run left ends by itself.
    pub(crate) fn end_orphan(&mut self) {
        match self.orphan.take() {
            Some(Orphan::Promote) => self.promote(2),
            Some(Orphan::Command(step, at)) => self.command(step, at),
            None => {}
        }
    }

    pub(crate) fn end_operation(&mut self) {
        self.operation = false;
        self.promote(2);
    }

    pub(crate) fn saw_life(&mut self) {
        self.off = false;
        self.fenced = false;
    }

    /// Somebody else sees to it.
    pub(crate) fn put_right(&mut self) {
        for account in &mut self.accounts {
            if *account == Account::Moved {
                *account = Account::Flushed;
            }
        }
        *self = Self::with(self.accounts);
    }
}

/// Returns what the next run reads.
pub(crate) fn recall(disk: &Memory, world: &mut World) -> Memory {
    let story = &disk.story;
    if disk.told() == Told::All {
        // What the journal does not know of is cut off.
        world.spool &= story.listed.checksum.parse().unwrap_or(0);
    }
    let mut memory = disk.clone();
    memory.stale_list = world.spool != 0 && !story.is_open();
    memory
}

/// A process was begun, and the run did not live to see its end.
pub(crate) fn leave_child(disk: &mut Memory) {
    if disk.story.children.is_empty() {
        disk.story.add(Entry::Child(Child {
            step: String::new(),
            process: Process {
                pid: 7,
                started: 0,
                boot_id: String::new(),
                group: None,
            },
        }));
    }
}

pub(crate) fn write(disk: &mut Memory, world: &mut World, write: &Write, now: u64) {
    match write.clone() {
        Write::Suspicion(suspicion) => disk.suspicion = suspicion,
        Write::Promotion(promotion) => disk.promotion = promotion,
        Write::Module(module) => disk.module = module,
        Write::Journal(entry) => journal(disk, world, entry),
        Write::Gist => disk.story.end(at(now)),
        Write::ForgetList => world.spool = 0,
    }
}

pub(crate) fn journal(disk: &mut Memory, world: &mut World, entry: Entry) {
    if let Entry::Begun { lost: false, .. } = &entry {
        world.spool = 0;
    }
    disk.story.add(entry);
}
