//! What can happen next.

use habeat::core::effect::{Effect, Task};
use habeat::core::machine::Setup;
use habeat::core::plan::ACTIVATE;

use crate::setup::Role;
use crate::system::{Call, Kind, Running, System, Verdict, kind};
use crate::time::Later;
use crate::world::{Account, WHOLE_SWITCH};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Move {
    /// A run begins.
    Start(Call, Later),
    /// The effect is done, and its answer told; true = we are asked to stop by then.
    Tell(Answer, bool),
    /// The run is killed before the effect.
    Crash,
    /// The run is killed when the effect is done, and before it is told.
    CrashAfter(Answer),
    /// The run is killed, and the command that it began goes on.
    CrashWithin,
    OrphanEnds,
    OperationEnds,
    /// Somebody makes an empty promotion file.
    Touch,
    LoseJournal,
    /// The admin deletes the files, and sees to the rest.
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Look(Verdict),
    SlowLook,
    /// As it should be.
    Done,
    /// A part of it.
    Part,
    SlowPart,
    /// It ended well, and nothing came of it; there is still something.
    Nothing,
    Failed,
    /// A part of it, and then it failed.
    HalfFailed,
    /// Our side gave up, and the server goes on.
    TimedOut,
    /// Nobody, although somebody is there.
    Lie,
    /// Somebody came in addition.
    Grown,
    /// Nobody has a replica.
    Lacking,
    NotReady,
    GivenUp,
    Stopped,
    Late,
}

impl Move {
    /// Whether it is one that a calm world does not make.
    pub(crate) fn is_fault(self) -> bool {
        match self {
            Self::Start(call, later) => call == Call::Paused || later == Later::Reboot,
            Self::Tell(answer, stop) => stop || !answer.is_calm(),
            Self::OrphanEnds | Self::OperationEnds => false,
            Self::Crash
            | Self::CrashAfter(_)
            | Self::CrashWithin
            | Self::Touch
            | Self::LoseJournal
            | Self::Delete => true,
        }
    }
}

impl Answer {
    fn is_calm(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Look(Verdict::Dead | Verdict::Alive)
        )
    }
}

/// Returns all that can happen.
pub(crate) fn moves(role: Role, setup: &Setup, system: &System) -> Vec<Move> {
    match &system.run {
        Some(run) => running(role, setup, system, run),
        None => idle(role, system),
    }
}

fn idle(role: Role, system: &System) -> Vec<Move> {
    let (disk, world) = (&system.disk, &system.world);
    let mut all = Vec::new();
    for later in [Later::Soon, Later::ByTimer, Later::Day] {
        all.push(Move::Start(Call::Run, later));
    }
    if system.ghost.promoted.is_some() || disk.story.last().is_some() {
        all.push(Move::Start(Call::Run, Later::Hours));
    }
    if world.orphan.is_some() || disk.suspicion.is_some() {
        all.push(Move::Start(Call::Run, Later::Reboot));
    }
    if disk.has_something_to_return() || disk.suspicion.is_some() {
        all.push(Move::Start(Call::Failback, Later::ByTimer));
    }
    if disk.promotion.is_some() {
        all.push(Move::Start(Call::Ack, Later::Soon));
        all.push(Move::Start(Call::Retry, Later::Soon));
    }
    if world.orphan.is_some() {
        all.push(Move::OrphanEnds);
    } else {
        if disk.story != habeat::core::story::Story::default() {
            all.push(Move::LoseJournal);
        }
        if disk.promotion.is_some() || disk.module.is_some() || disk.suspicion.is_some() {
            all.push(Move::Delete);
        }
    }
    if world.operation {
        all.push(Move::OperationEnds);
    }
    if disk.promotion.is_none() == disk.suspicion.is_some() {
        all.push(Move::Start(Call::Paused, Later::ByTimer));
    }
    if role != Role::ManualSite && disk.promotion.is_none() {
        all.push(Move::Touch);
    }
    all
}

fn running(role: Role, setup: &Setup, system: &System, run: &Running) -> Vec<Move> {
    let mut all = Vec::new();
    // Before a query is after the effect that came before it.
    if matches!(run.effect, Effect::Write(_) | Effect::Run(_)) {
        all.push(Move::Crash);
    }
    let answers = answers(role, setup, system, run);
    for answer in answers.iter().copied() {
        all.push(Move::Tell(answer, false));
        if !run.tale.stopped && answer.is_calm() && stop_matters(role, run) {
            all.push(Move::Tell(answer, true));
        }
    }
    match &run.effect {
        Effect::Write(_) => all.push(Move::CrashAfter(Answer::Done)),
        Effect::Run(order) => {
            all.push(Move::Tell(Answer::Stopped, true));
            let kind = kind(setup, order);
            let touches = [Answer::Done, Answer::Part, Answer::TimedOut];
            if changes(kind) {
                let after = answers.into_iter().filter(|it| touches.contains(it));
                all.extend(after.map(Move::CrashAfter));
            }
            if leaves_an_orphan(kind) {
                all.push(Move::CrashWithin);
            }
        }
        Effect::Recall
        | Effect::Observe
        | Effect::FindOrphans
        | Effect::AwaitOrphans(_)
        | Effect::EndOrphans
        | Effect::Wait(_)
        | Effect::End(_) => {}
    }
    all
}

/// A stop is noticed before the next step: that it came during a write, or during a look that another
/// one follows, comes to the same as a little later.
fn stop_matters(role: Role, run: &Running) -> bool {
    match &run.effect {
        Effect::Write(_) => false,
        Effect::Observe => {
            run.tale.look.is_some() || matches!(role, Role::ManualSite | Role::Proxy)
        }
        Effect::Recall
        | Effect::FindOrphans
        | Effect::AwaitOrphans(_)
        | Effect::EndOrphans
        | Effect::Run(_)
        | Effect::Wait(_)
        | Effect::End(_) => true,
    }
}

fn changes(kind: Kind) -> bool {
    match kind {
        Kind::Command(step, _) => step != "verify",
        Kind::Task(task) => matches!(
            task,
            Task::Promote | Task::Sweep | Task::Recover | Task::Restore | Task::List
        ),
    }
}

fn leaves_an_orphan(kind: Kind) -> bool {
    match kind {
        Kind::Command(step, _) => !matches!(step, "verify" | "fence-verify"),
        Kind::Task(task) => task == Task::Promote,
    }
}

fn answers(role: Role, setup: &Setup, system: &System, run: &Running) -> Vec<Answer> {
    use Answer::{Done, Failed, Look, Nothing, SlowLook};
    match &run.effect {
        Effect::Observe => {
            let mut looks = [
                Verdict::Dead,
                Verdict::Alive,
                Verdict::Cut,
                Verdict::Silent,
                Verdict::NoProbe,
            ]
            .map(Look)
            .to_vec();
            // A first look that is slow is one that was asked for later, unless a step follows it.
            if run.tale.look.is_some() || role == Role::ManualSite {
                looks.push(SlowLook);
            }
            if role == Role::Mesh {
                looks.push(Look(Verdict::Led));
            }
            looks
        }
        Effect::Write(_) => vec![Done, Failed],
        Effect::FindOrphans | Effect::AwaitOrphans(_) | Effect::EndOrphans => {
            match system.world.orphan {
                Some(_) => vec![Done, Nothing],
                None => vec![Done],
            }
        }
        Effect::Run(order) => {
            let mut all = of_step(kind(setup, order), system, run);
            if order.not_after.is_some() {
                all.push(Answer::Late);
            }
            all
        }
        Effect::Recall | Effect::Wait(_) => vec![Done],
        Effect::End(_) => Vec::new(),
    }
}

fn of_step(kind: Kind, system: &System, run: &Running) -> Vec<Answer> {
    use Answer::{
        Done, Failed, GivenUp, Grown, HalfFailed, Lacking, Lie, NotReady, Nothing, Part, SlowPart,
        TimedOut,
    };
    let world = &system.world;
    match kind {
        Kind::Command("fence-verify", _) if !world.off => vec![Failed],
        Kind::Command("verify", _) if world.moved != WHOLE_SWITCH => vec![Failed],
        Kind::Command(ACTIVATE, _) => vec![Done, Failed, HalfFailed],
        Kind::Command(..) | Kind::Task(Task::Operations | Task::Restore) => vec![Done, Failed],
        Kind::Task(Task::AwaitOperations) => vec![Done, Nothing, Failed],
        Kind::Task(Task::List) => {
            let mut all = vec![Done, Failed];
            if world.left() > 0 {
                all.push(Lacking);
                if !run.tale.listed {
                    all.push(Lie);
                }
            }
            if world.accounts.contains(&Account::Absent) {
                all.push(Grown);
            }
            all
        }
        Kind::Task(Task::Promote) => {
            vec![Done, Part, SlowPart, Nothing, Failed, HalfFailed, TimedOut]
        }
        Kind::Task(Task::Sweep) => vec![Done, Part, Failed],
        Kind::Task(Task::Prepare) => vec![Done, NotReady, Failed],
        Kind::Task(Task::Recover) => vec![Done, NotReady, HalfFailed, Failed, GivenUp, Part],
        Kind::Task(Task::Command(_)) => Vec::new(),
    }
}
