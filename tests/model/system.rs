//! A state of the model: the disk, the world, what only the properties know, and the run.

use habeat::base::clock::Now;
use habeat::core::effect::{Effect, Order, Task};
use habeat::core::event::Errand;
use habeat::core::machine::{Setup, State};
use habeat::core::plan::Work;
use habeat::core::{Choice, Memory, Phase};

use crate::time::{BLOCK, Later, SPACING, Shift, UPTIME, day};
use crate::world::World;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct System {
    pub(crate) disk: Memory,
    pub(crate) world: World,
    pub(crate) ghost: Ghost,
    pub(crate) run: Option<Box<Running>>,
}

/// What the machine is not asked for: what the properties remember over the runs. A row begins as
/// the disk has it, which was checked when that run was over, and is counted on by what this run
/// sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) struct Ghost {
    pub(crate) dead: Row,
    pub(crate) alive: Row,
    /// When the last promotion began or ended.
    pub(crate) promoted: Option<u64>,
    /// Commands of the switch that are durably done and not taken back: a bit each.
    pub(crate) done: u8,
}

/// Spaced runs in a row, and the last that counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) struct Row {
    pub(crate) runs: u8,
    pub(crate) last: Option<u64>,
}

impl Row {
    pub(crate) const NEEDED: u8 = 2;

    pub(crate) fn count(&mut self, now: u64) {
        let age = self.last.map(|last| now.saturating_sub(last));
        match age {
            Some(age) if age < SPACING => {}
            Some(age) if age < day() => *self = Self::of((self.runs + 1).min(Self::NEEDED), now),
            Some(_) | None => *self = Self::of(1, now),
        }
    }

    fn of(runs: u8, now: u64) -> Self {
        let last = Some(now);
        Self { runs, last }
    }

    fn on(runs: u32, last: Option<&Now>) -> Self {
        let runs = u8::try_from(runs).unwrap_or(Self::NEEDED).min(Self::NEEDED);
        match last.filter(|_| runs > 0) {
            Some(last) => Self::of(runs, last.boot_ms),
            None => Self::default(),
        }
    }

    /// Whether what is on the disk is no more than this, or this run was not counted.
    pub(crate) fn bears_from(&self, before: Self, disk: Self) -> bool {
        let goes_on = self.runs > 0 && self.runs >= before.runs;
        self.bears(disk) || (goes_on && before.bears(disk))
    }

    /// Whether what is on the disk is no more than this.
    pub(crate) fn bears(&self, disk: Self) -> bool {
        disk.runs == 0 || (disk.runs <= self.runs && disk.last >= self.last)
    }
}

impl Ghost {
    fn shift(&mut self, shift: &Shift) {
        let age = |at: u64| shift.now.saturating_sub(at);
        self.promoted = (self.promoted.filter(|at| age(*at) < BLOCK)).map(|_| shift.to);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Running {
    pub(crate) state: State,
    pub(crate) effect: Effect,
    pub(crate) now: u64,
    pub(crate) tale: Tale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    Dead,
    Alive,
    Cut,
    /// Silent, and nobody can say.
    Silent,
    NoProbe,
    /// Dead, and our side has a leader.
    Led,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Since {
    Writes,
    Work,
    Waits,
}

/// What was decided, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Decided {
    Nothing,
    TakeOver,
    Other,
}

impl Decided {
    pub(crate) fn by(choice: &Choice) -> Self {
        match choice {
            Choice::Promote | Choice::Resume => Self::TakeOver,
            Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Return | Choice::Failback => {
                Self::Other
            }
        }
    }
}

/// What was seen of one run, from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tale {
    pub(crate) call: Call,
    pub(crate) began: u64,
    pub(crate) look: Option<(Verdict, u64)>,
    pub(crate) since: Since,
    /// Looks that saw it dead, up to two.
    pub(crate) dead_looks: u8,
    pub(crate) stopped: bool,
    /// The first list of a run may come from a server that has just started.
    pub(crate) listed: bool,
    /// Whether the server said, in this run, that it works on nothing.
    pub(crate) says_idle: bool,
    /// The last list of the run said that nobody with a replica is there.
    pub(crate) lacking: bool,
    pub(crate) decided: Decided,
    /// The promotion was written since it was decided.
    pub(crate) intended: bool,
    /// Something could not be written.
    pub(crate) unwritten: bool,
    /// The promotion file was written since the last look.
    pub(crate) saved: bool,
    /// As the run found it: rows, attempts, whether the fence failed.
    pub(crate) before: (Row, Row),
    /// The rows up to the last look.
    pub(crate) until_look: (Row, Row),
    pub(crate) attempts: u32,
    pub(crate) fence_failed: bool,
    pub(crate) was_fenced: (bool, bool),
    pub(crate) was_undocumented: bool,
    pub(crate) was_failing_back: bool,
    /// What a seeded mistake remembers.
    pub(crate) scratch: u64,
}

/// What habeat is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Run,
    /// The same, where the operator has said: hands off.
    Paused,
    Failback,
    Ack,
    Retry,
}

impl Call {
    pub(crate) fn errand(self) -> Errand {
        match self {
            Self::Run | Self::Paused => Errand::Run,
            Self::Failback => Errand::Failback,
            Self::Ack => Errand::Ack(String::new()),
            Self::Retry => Errand::Retry(String::new()),
        }
    }
}

impl Tale {
    pub(crate) fn begin(call: Call, system: &System, now: u64) -> Self {
        let promotion = system.disk.promotion.as_ref();
        Self {
            call,
            began: now,
            look: None,
            since: Since::Waits,
            dead_looks: 0,
            stopped: false,
            listed: false,
            says_idle: false,
            lacking: false,
            decided: Decided::Nothing,
            intended: false,
            unwritten: false,
            saved: false,
            before: rows(&system.disk),
            until_look: rows(&system.disk),
            attempts: promotion.map_or(0, |it| it.attempts),
            fence_failed: promotion.is_some_and(|it| it.phase == Phase::FenceFailed),
            was_fenced: (system.world.off, system.world.fenced),
            was_undocumented: promotion.is_some_and(|it| it.is_undocumented()),
            was_failing_back: system.disk.is_failing_back(),
            scratch: 0,
        }
    }
}

impl System {
    pub(crate) fn new(world: World) -> Self {
        Self {
            disk: Memory::default(),
            world,
            ghost: Ghost::default(),
            run: None,
        }
    }

    /// The run is over, or was killed: only memory is left, as if it were the time that it is after
    /// every run.
    pub(crate) fn rest(&mut self, now: u64) {
        self.run = None;
        self.disk.paused = false;
        self.shift(now, UPTIME);
    }

    /// Time passes, and a run begins; returns when.
    pub(crate) fn wake(&mut self, later: Later) -> u64 {
        let (now, to) = (UPTIME + later.wait(), UPTIME);
        if later == Later::Reboot {
            self.end_orphan(false);
        }
        self.shift(now, to);
        (self.ghost.dead, self.ghost.alive) = rows(&self.disk);
        to
    }

    fn shift(&mut self, now: u64, to: u64) {
        let shift = Shift { now, to };
        shift.memory(&mut self.disk);
        self.ghost.shift(&shift);
        (self.ghost.dead, self.ghost.alive) = Default::default();
    }

    /// What a killed run left ends, and has done its work or not.
    pub(crate) fn end_orphan(&mut self, is_done: bool) {
        if is_done {
            self.world.end_orphan();
        }
        self.world.orphan = None;
        self.disk.story.children.clear();
    }

    /// The run did not live to write down all that it saw.
    pub(crate) fn forgets(&mut self, tale: &Tale) {
        if !tale.saved {
            let (off, fenced) = tale.was_fenced;
            self.world.off |= off;
            self.world.fenced |= fenced;
        }
    }
}

/// Returns the rows on the disk: dead, alive.
pub(crate) fn rows(disk: &Memory) -> (Row, Row) {
    let dead = disk.suspicion.as_ref();
    let dead = dead.map_or(Row::default(), |it| {
        Row::on(it.dead_streak, it.last.as_ref())
    });
    let alive = match (&disk.promotion, &disk.module) {
        (Some(it), _) => Row::on(it.alive_streak, it.alive_last.as_ref()),
        (None, Some(it)) => Row::on(it.alive_streak, it.alive_last.as_ref()),
        (None, None) => Row::default(),
    };
    (dead, alive)
}

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Command(&'static str, usize),
    Task(Task),
}

/// Returns what an order is for, the admin's commands by their step.
pub(crate) fn kind(setup: &Setup, order: &Order) -> Kind {
    let plans = &setup.plans;
    let all = plans.takeover.iter().chain(&plans.back);
    let mut all = all.chain(plans.module.iter().flatten());
    match (
        order.task,
        all.find(|it| it.name == order.stage).map(|it| &it.work),
    ) {
        (Task::Command(at), Some(Work::Commands(commands))) => Kind::Command(commands[at].step, at),
        (task, _) => Kind::Task(task),
    }
}
