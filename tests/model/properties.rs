//! What must hold. It is said of the world, of the disk and of what was seen from outside, and never
//! of what the machine thinks.

use habeat::base::refusal::Code;
use habeat::core::effect::{Effect, End, Ending, Order, Task, Write};
use habeat::core::machine::Setup;
use habeat::core::plan::ACTIVATE;
use habeat::core::{Memory, ModulePhase, Phase};

use crate::setup::{DEACTIVATE, Role, START_MODULE, STOP_MODULE};
use crate::system::{Call, Decided, Kind, Row, Running, Since, System, Tale, Verdict, kind, rows};
use crate::time::{BLOCK, MAX_AGE};
use crate::world::WHOLE_SWITCH;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// An effect follows a look that supports it: what cannot be taken back directly, the rest
    /// without a wait; and the look is young.
    Evidence,
    /// A takeover needs enough spaced runs in a row that saw it dead.
    Row,
    /// A takeover is intended after two looks of one run.
    TwoLooks,
    /// Where there is a fence, it holds, and nobody was seen alive since.
    Fence,
    /// Nothing is begun beside what a killed run left, and no promotion beside another one.
    Alone,
    /// The intent is durable before the first effect.
    Intent,
    /// What is said to be finished is.
    Finished,
    /// What was moved is flushed before it is forgotten, or that was tried often enough.
    Flushed,
    /// A return needs enough spaced runs in a row that saw life, or the operator's word.
    Return,
    /// What failed too often does not act; nothing else counts as a failure.
    Attempts,
    /// 0 after a takeover says that it is finished.
    ExitCode,
    /// Nothing is taken over where that is the operator's.
    HandsOff,
    /// What is done of a switch is not done again.
    Once,
    /// Between two promotions lies the block period.
    Block,
    /// What the machine takes for durable is.
    Coherence,
    /// No event finds the machine unprepared.
    Bug,
}

pub(crate) type Broken = Option<Property>;

fn broken(holds: bool, property: Property) -> Broken {
    (!holds).then_some(property)
}

/// Checks an effect that is handed out.
pub(crate) fn handed_out(role: Role, setup: &Setup, system: &System, run: &Running) -> Broken {
    match &run.effect {
        Effect::Run(order) => ordered(role, setup, system, run, order),
        Effect::End(ending) => ended(system, run, ending),
        Effect::Recall
        | Effect::Observe
        | Effect::Write(_)
        | Effect::FindOrphans
        | Effect::AwaitOrphans(_)
        | Effect::EndOrphans
        | Effect::Wait(_) => None,
    }
}

fn ordered(role: Role, setup: &Setup, system: &System, run: &Running, order: &Order) -> Broken {
    let world = &system.world;
    let kind = kind(setup, order);
    let irreversible = matches!(
        kind,
        Kind::Command("fence-command", _) | Kind::Task(Task::Promote)
    );
    let takes_over =
        irreversible || matches!(kind, Kind::Command(ACTIVATE, _) | Kind::Task(Task::Recover));
    let returns = matches!(kind, Kind::Command(DEACTIVATE | START_MODULE, _));
    let stops = matches!(kind, Kind::Command(STOP_MODULE, _));
    let alone = broken(world.orphan.is_none(), Property::Alone);
    if returns {
        return alone.or_else(|| return_step(setup, system, run));
    }
    if stops {
        return alone
            .or_else(|| supported(system, run, order, false))
            .or_else(|| broken(is_stopping(&system.disk), Property::Intent));
    }
    if !takes_over {
        return match kind {
            Kind::Task(Task::Sweep) => alone,
            _ => None,
        };
    }
    let has_fence = matches!(role, Role::FencedMailbox | Role::Proxy);
    let is_fence = matches!(kind, Kind::Command("fence-command", _));
    let again = match kind {
        Kind::Command(ACTIVATE, at) => system.ghost.done & (1 << at) != 0,
        _ => false,
    };
    let beside = kind == Kind::Task(Task::Promote) && world.operation && run.tale.says_idle;
    alone
        .or_else(|| broken(!beside, Property::Alone))
        .or_else(|| supported(system, run, order, irreversible))
        .or_else(|| broken(system.ghost.dead.runs >= Row::NEEDED, Property::Row))
        .or_else(|| broken(!has_fence || is_fence || world.fenced, Property::Fence))
        .or_else(|| broken(is_intended(&system.disk), Property::Intent))
        .or_else(|| broken(!again, Property::Once))
        .or_else(|| may_act(role, system, run))
}

fn may_act(role: Role, system: &System, run: &Running) -> Broken {
    let hands_off = role == Role::ManualSite || system.disk.paused || run.tale.was_undocumented;
    let latched = run.tale.attempts >= MAX_ATTEMPTS || run.tale.fence_failed;
    broken(!hands_off, Property::HandsOff).or_else(|| broken(!latched, Property::Attempts))
}

fn supported(system: &System, run: &Running, order: &Order, irreversible: bool) -> Broken {
    let worst = if irreversible {
        Since::Writes
    } else {
        Since::Work
    };
    let holds = run.tale.look.is_some_and(|(verdict, at)| {
        let is_dead =
            verdict == Verdict::Dead || (verdict == Verdict::Led && system.disk.is_recovering());
        is_dead
            && run.tale.since <= worst
            && run.now <= at + MAX_AGE
            && order.not_after.is_some_and(|it| it <= at + MAX_AGE)
    });
    broken(holds, Property::Evidence)
}

fn return_step(setup: &Setup, system: &System, run: &Running) -> Broken {
    let (tale, disk) = (&run.tale, &system.disk);
    let sees_life = tale
        .look
        .is_some_and(|(verdict, _)| verdict == Verdict::Alive);
    let asked = tale.call == Call::Failback || tale.was_failing_back;
    let often = system.ghost.alive.runs >= Row::NEEDED;
    let intended = match (&disk.promotion, &disk.module) {
        (_, Some(module)) if setup.plans.module.is_some() => module.phase == ModulePhase::Starting,
        (Some(promotion), _) => promotion.phase == Phase::Returning,
        (None, _) => false,
    };
    broken(sees_life && tale.since <= Since::Work, Property::Evidence)
        .or_else(|| broken(asked || often, Property::Return))
        .or_else(|| broken(intended, Property::Intent))
}

fn is_stopping(disk: &Memory) -> bool {
    let phase = disk.module.as_ref().map(|it| it.phase);
    phase == Some(ModulePhase::Stopping)
}

fn is_intended(disk: &Memory) -> bool {
    disk.promotion.as_ref().is_some_and(|promotion| {
        promotion.phase == Phase::Unfinished
            && disk.story.is_open()
            && disk.story.epoch == promotion.epoch
    })
}

fn ended(system: &System, run: &Running, ending: &Ending) -> Broken {
    let finished = system.disk.is_promoted();
    let took_over = run.tale.decided == Decided::TakeOver;
    broken(ending.code != Code::Bug, Property::Bug).or_else(|| {
        let said_done = took_over && ending.code == Code::Done;
        broken(!said_done || finished, Property::ExitCode)
    })
}

/// Checks what a run leaves on the disk: its end, or none if it was killed.
pub(crate) fn left(system: &System, tale: &Tale, ending: Option<&Ending>) -> Broken {
    let (dead, alive) = rows(&system.disk);
    let is_whole = ending.is_some() && !tale.unwritten;
    // Who was killed may not have written down the last look, or none.
    let right = |seen: Row, until_look: Row, before: Row, disk: Row| {
        seen.bears_from(before, disk)
            || (!is_whole && (until_look.bears(disk) || before.bears(disk)))
    };
    let (ghost, until, before) = (&system.ghost, tale.until_look, tale.before);
    broken(right(ghost.dead, until.0, before.0, dead), Property::Row)
        .or_else(|| {
            broken(
                right(ghost.alive, until.1, before.1, alive),
                Property::Return,
            )
        })
        .or_else(|| broken(counts(system, tale, ending, is_whole), Property::Attempts))
}

/// Whether this run's try is counted as it should be.
fn counts(system: &System, tale: &Tale, ending: Option<&Ending>, is_whole: bool) -> bool {
    let Some(promotion) = &system.disk.promotion else {
        return true;
    };
    let (before, now) = (tale.attempts, promotion.attempts);
    let is_reset = now == 0
        && (matches!(tale.call, Call::Retry | Call::Failback)
            || promotion.phase == Phase::Returning);
    let may_count = now == before || (now == before + 1 && tale.intended);
    let Some(ending) = ending.filter(|_| is_whole) else {
        // What was given up takes all tries at once; who was killed then had no time to say so.
        return is_reset || may_count || (now == MAX_ATTEMPTS && tale.intended);
    };
    if tale.decided != Decided::TakeOver || !tale.intended {
        let gave_up = matches!(ending.end, End::GivenUp(_)) && now >= MAX_ATTEMPTS;
        return is_reset || gave_up || now == before;
    }
    match &ending.end {
        End::Incomplete(_) => now == before + 1,
        End::FenceFailed(_) => now == before + 1 && promotion.phase == Phase::FenceFailed,
        End::GivenUp(_) => now >= MAX_ATTEMPTS,
        End::Stopped | End::Withheld(_) | End::NotReady(_) | End::Changed(_) | End::NoAccounts => {
            now == before
        }
        End::Complete
        | End::NoPrivilege
        | End::NotWritten(_)
        | End::OtherHost(_)
        | End::Acknowledged(_)
        | End::Bug(_) => may_count,
    }
}

const MAX_ATTEMPTS: u32 = 2;

/// Checks what was told.
pub(crate) fn told(run: &Running, is_latched: bool) -> Broken {
    broken(
        !is_latched || run.tale.attempts >= MAX_ATTEMPTS,
        Property::Attempts,
    )
}

/// Checks a write that is done.
pub(crate) fn written(
    role: Role,
    setup: &Setup,
    system: &System,
    before: &Memory,
    run: &Running,
    write: &Write,
) -> Broken {
    match write {
        Write::Promotion(promotion) => {
            let was = before.promotion.as_ref();
            match (
                was.map(|it| it.phase),
                promotion.as_ref().map(|it| it.phase),
            ) {
                (Some(Phase::Finished), Some(Phase::Finished)) => None,
                (_, Some(Phase::Finished)) if run.tale.call == Call::Ack => None,
                (_, Some(Phase::Finished)) => broken(is_finished(role, system), Property::Finished),
                (Some(_), None) => {
                    let gave_up = was.is_some_and(|it| it.finishing >= setup.policy.max_attempts);
                    broken(gave_up || !system.world.owes_a_flush(), Property::Flushed)
                }
                (None, Some(Phase::Unfinished)) => {
                    let is_blocked = (system.ghost.promoted)
                        .is_some_and(|at| run.now.saturating_sub(at) < BLOCK);
                    broken(!is_blocked, Property::Block)
                        .or_else(|| broken(run.tale.dead_looks >= 2, Property::TwoLooks))
                }
                (_, _) => None,
            }
        }
        Write::Module(None) => broken(system.world.module_runs, Property::Finished),
        Write::Module(Some(_))
        | Write::Suspicion(_)
        | Write::Journal(_)
        | Write::Gist
        | Write::ForgetList => None,
    }
}

fn is_finished(role: Role, system: &System) -> bool {
    let world = &system.world;
    match role {
        Role::Mailbox | Role::FencedMailbox => world.left() == 0 && !world.owes_a_flush(),
        Role::Proxy => world.moved == WHOLE_SWITCH,
        Role::Mesh => world.recovered && world.mesh_runs,
        Role::ManualSite => false,
    }
}

/// Checks that what the machine takes for durable is.
pub(crate) fn coherent(system: &System, run: &Running) -> Broken {
    let (disk, memory) = (&system.disk, &run.state.memory);
    let same = disk.suspicion == memory.suspicion
        && disk.promotion == memory.promotion
        && disk.module == memory.module
        && disk.story.begun == memory.story.begun
        && disk.story.stages == memory.story.stages
        && disk.story.commands == memory.story.commands
        && disk.story.listed == memory.story.listed
        && disk.story.is_open() == memory.story.is_open();
    broken(same, Property::Coherence)
}

/// Whether nothing is left to be seen to.
pub(crate) fn is_at_rest(system: &System) -> bool {
    let (disk, world) = (&system.disk, &system.world);
    system.run.is_none()
        && disk.promotion.is_none()
        && disk.module.is_none()
        && disk.suspicion.is_none()
        && world.orphan.is_none()
        && !world.operation
        && world.module_runs
        && world.mesh_runs
}
