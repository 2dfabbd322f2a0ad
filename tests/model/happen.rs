//! Does an effect in the model's world, and answers it.

use habeat::base::command::Outcome;
use habeat::core::effect::{Effect, Task};
use habeat::core::event::{Finding, NotWritten, Ran, Recovery, What};
use habeat::core::machine::Setup;
use habeat::core::story::Entry;
use habeat::core::{Memory, STOP_MESH};
use habeat::observe::{Connectivity, Leader, Observation, Reach};
use habeat::witness::{Doubt, DoubtKind, Heard, Testimony, Voice, Weight};

use crate::moves::Answer;
use crate::setup::Role;
use crate::system::{Kind, System, Verdict, kind};
use crate::time::{SLOW, at};
use crate::world::{World, journal, write};

/// Does it as the answer says; returns the event, and how long it took.
pub(crate) fn happen(
    role: Role,
    setup: &Setup,
    system: &mut System,
    effect: &Effect,
    answer: Answer,
    now: u64,
) -> (What, u64) {
    let (disk, world) = (&mut system.disk, &mut system.world);
    match effect {
        Effect::Observe => {
            let (verdict, took) = match answer {
                Answer::Look(verdict) => (verdict, 0),
                _ => (Verdict::Dead, SLOW),
            };
            let seen = Box::new(observation(role, verdict));
            let since = at(now);
            (What::Observed { seen, since }, took)
        }
        Effect::Write(_) if answer == Answer::Failed => {
            (What::Written(Err(NotWritten("no room".into()))), 0)
        }
        Effect::Write(what) => {
            write(disk, world, what, now);
            (What::Written(Ok(())), 0)
        }
        Effect::FindOrphans | Effect::AwaitOrphans(_) if answer == Answer::Done => {
            system.end_orphan(true);
            (What::Orphans(Vec::new()), 0)
        }
        Effect::EndOrphans if answer == Answer::Done => {
            system.end_orphan(false);
            (What::Orphans(Vec::new()), 0)
        }
        Effect::FindOrphans | Effect::AwaitOrphans(_) | Effect::EndOrphans => {
            (What::Orphans(vec![7]), 0)
        }
        Effect::Run(order) => {
            let ran = run(disk, world, kind(setup, order), answer);
            let is_slow = matches!(answer, Answer::SlowPart | Answer::Late);
            (What::Ran(ran), if is_slow { SLOW } else { 0 })
        }
        Effect::Recall | Effect::Wait(_) | Effect::End(_) => (What::Waited, 0),
    }
}

fn observation(role: Role, verdict: Verdict) -> Observation {
    let said = match verdict {
        Verdict::Dead | Verdict::Led => Testimony::Down(Voice::Proven),
        Verdict::Cut => Testimony::Up,
        Verdict::Alive | Verdict::Silent | Verdict::NoProbe => {
            Testimony::Unknown(Doubt::new(DoubtKind::Timeout, ""))
        }
    };
    Observation {
        reach: match verdict {
            Verdict::Alive => Reach::Answers,
            Verdict::NoProbe => Reach::Unknown(String::new()),
            Verdict::Dead | Verdict::Cut | Verdict::Silent | Verdict::Led => Reach::Silent,
        },
        looks: Vec::new(),
        connectivity: Connectivity::Connected,
        anchors: Vec::new(),
        heard: vec![Heard {
            witness: "w".into(),
            host: "mbox1".into(),
            testimony: said,
            weight: Weight::Full,
        }],
        leader: match (role, verdict) {
            (Role::Mesh, Verdict::Led) => Leader::Known("n".into()),
            (Role::Mesh, Verdict::Dead) => Leader::Lost,
            _ => Leader::NotAsked,
        },
    }
}

fn run(disk: &mut Memory, world: &mut World, kind: Kind, answer: Answer) -> Ran {
    let outcome = match answer {
        Answer::Stopped => Outcome::Stopped,
        Answer::TimedOut => Outcome::TimedOut,
        Answer::Failed | Answer::HalfFailed => Outcome::Exit(1),
        _ => Outcome::Ok,
    };
    if answer == Answer::Late {
        return Ran {
            outcome: Outcome::Skipped(String::new()),
            finding: Finding::Late,
        };
    }
    let finding = match kind {
        Kind::Command(step, at) => {
            if matches!(answer, Answer::Done | Answer::HalfFailed) {
                world.command(step, at);
            }
            Finding::Nothing
        }
        Kind::Task(task) => of_task(disk, world, task, answer),
    };
    Ran { outcome, finding }
}

fn of_task(disk: &mut Memory, world: &mut World, task: Task, answer: Answer) -> Finding {
    match (task, answer) {
        (Task::Recover | Task::Prepare | Task::Restore, _) => mesh(disk, world, task, answer),
        (_, Answer::Stopped)
        | (Task::List | Task::Operations | Task::AwaitOperations, Answer::Failed) => {
            Finding::Nothing
        }
        (Task::Operations, _) => Finding::Operations(usize::from(world.operation)),
        (Task::AwaitOperations, Answer::Done) => {
            world.end_operation();
            Finding::Operations(0)
        }
        (Task::AwaitOperations, _) => Finding::Operations(1),
        (Task::List, Answer::Lie) => Finding::Listed(world.list(0, false)),
        (Task::List, _) => {
            if answer == Answer::Grown {
                world.grow();
            }
            Finding::Listed(world.list(world.left(), answer == Answer::Lacking))
        }
        (Task::Promote, _) => {
            match answer {
                Answer::Done => world.promote(2),
                Answer::Part | Answer::SlowPart | Answer::HalfFailed => world.promote(1),
                Answer::TimedOut => world.operation = true,
                _ => {}
            }
            Finding::Nothing
        }
        (Task::Sweep, _) => {
            let most = match answer {
                Answer::Done => 2,
                Answer::Part => 1,
                _ => 0,
            };
            let undone = world.sweep(disk, most);
            Finding::Swept { done: most, undone }
        }
        (Task::Command(_), _) => Finding::Nothing,
    }
}

/// The recovery is opaque: what it does is one effect, and it notes its own steps.
fn mesh(disk: &mut Memory, world: &mut World, task: Task, answer: Answer) -> Finding {
    let step = STOP_MESH.to_owned();
    let stopped = Entry::Before { step };
    let why = String::new;
    let (recovery, entries) = match (task, answer) {
        (_, Answer::NotReady) => (Recovery::NotReady(why()), vec![]),
        (_, Answer::Stopped) if task != Task::Recover => (Recovery::Stopped, vec![]),
        (Task::Prepare, Answer::Done) if world.recovered => (Recovery::Done, vec![]),
        (Task::Prepare, Answer::Done) => (Recovery::Ready, vec![]),
        (Task::Recover, Answer::Done) => {
            world.recovered = true;
            world.mesh_runs = true;
            (Recovery::Done, vec![stopped])
        }
        // Undone; or not even that.
        (Task::Recover, Answer::Stopped) => (Recovery::Stopped, vec![stopped, Entry::Undone]),
        (Task::Recover, Answer::GivenUp) => {
            (Recovery::GivenUp(why()), vec![stopped, Entry::Undone])
        }
        (Task::Recover, Answer::HalfFailed | Answer::Part) => {
            world.mesh_runs = false;
            (Recovery::Incomplete(why()), vec![stopped])
        }
        (Task::Restore, Answer::Done) => {
            world.mesh_runs = true;
            (Recovery::Done, vec![Entry::Undone])
        }
        (_, _) => (Recovery::Incomplete(why()), vec![]),
    };
    for entry in entries.clone() {
        journal(disk, world, entry);
    }
    Finding::Recovery(recovery, entries)
}
