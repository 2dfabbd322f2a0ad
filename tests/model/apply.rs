//! Makes a move: the world does what it does, the machine is told, and the properties are checked.

use habeat::core::effect::{Effect, Fact, Task, Write};
use habeat::core::event::{Event, What};
use habeat::core::machine::{Setup, State, Turn};
use habeat::core::plan::ACTIVATE;
use habeat::core::story::Entry;
use habeat::core::{Choice, Hold, Memory, Phase, Promotion};

use crate::happen::happen;
use crate::moves::{Answer, Move};
use crate::properties::{Broken, Property, coherent, handed_out, left, told, written};
use crate::setup::Role;
use crate::system::{Call, Decided, Ghost, Kind, Row, Running, Since, System, Tale, Verdict, kind};
use crate::time::at;
use crate::world::{Orphan, leave_child, recall};

/// The machine, or one with a mistake.
pub(crate) type Machine = fn(&Setup, State, Event, &mut Tale) -> Turn;

pub(crate) struct Model {
    pub(crate) role: Role,
    pub(crate) setup: Setup,
    pub(crate) machine: Machine,
    /// An adapter knows what is on the disk better than the machine in it.
    pub(crate) is_adapted: bool,
}

impl Model {
    /// # Errors
    /// What it breaks.
    pub(crate) fn apply(&self, from: &System, step: Move) -> Result<System, Property> {
        let mut next = from.clone();
        let broken = match step {
            Move::Start(call, later) => {
                let now = next.wake(later);
                self.start(&mut next, call, now)
            }
            Move::Tell(answer, stop) => self.tell(&mut next, answer, stop),
            Move::Crash | Move::CrashAfter(_) | Move::CrashWithin => self.crash(&mut next, step),
            Move::OrphanEnds => {
                next.end_orphan(true);
                None
            }
            Move::OperationEnds => {
                next.world.end_operation();
                None
            }
            Move::Touch => {
                next.disk.promotion = Some(Promotion::undocumented());
                None
            }
            Move::LoseJournal => {
                next.disk.story = habeat::core::story::Story::default();
                next.ghost.promoted = None;
                next.ghost.done = 0;
                None
            }
            Move::Delete => {
                next.disk = Memory::default();
                next.world.put_right();
                next.ghost = Ghost::default();
                None
            }
        };
        broken.map_or(Ok(next), Err)
    }

    fn start(&self, system: &mut System, call: Call, now: u64) -> Broken {
        system.disk.paused = call == Call::Paused;
        let mut tale = Tale::begin(call, system, now);
        let asked = event(now, false, What::Asked(call.errand()));
        let turn = (self.machine)(&self.setup, State::default(), asked, &mut tale);
        let memory = recall(&system.disk, &mut system.world);
        let recalled = event(now, false, What::Recalled(Box::new(memory)));
        let turn = (self.machine)(&self.setup, turn.state, recalled, &mut tale);
        self.turned(system, turn, now, tale)
    }

    fn tell(&self, system: &mut System, answer: Answer, stop: bool) -> Broken {
        let Some(mut run) = system.run.take().map(|it| *it) else {
            return None;
        };
        let before = matches!(run.effect, Effect::Write(_)).then(|| system.disk.clone());
        let (role, setup) = (self.role, &self.setup);
        let (what, took) = happen(role, setup, system, &run.effect, answer, run.now);
        run.now += took;
        run.tale.stopped |= stop;
        self.note(system, &mut run, answer);
        let broken = match (&run.effect, before) {
            (Effect::Write(write), Some(before)) if answer == Answer::Done => {
                let broken = written(role, setup, system, &before, &run, write);
                is_written(system, &mut run.tale, write, run.now);
                broken
            }
            _ => None,
        };
        if broken.is_some() {
            return broken;
        }
        let event = event(run.now, stop, what);
        let turn = (self.machine)(setup, run.state, event, &mut run.tale);
        self.turned(system, turn, run.now, run.tale)
    }

    /// Remembers what the answer shows to whoever looks on.
    fn note(&self, system: &mut System, run: &mut Running, answer: Answer) {
        let tale = &mut run.tale;
        match (&run.effect, answer) {
            (Effect::Observe, Answer::Look(verdict)) => looked(system, tale, verdict, 0, run.now),
            (Effect::Observe, _) => {
                looked(system, tale, Verdict::Dead, crate::time::SLOW, run.now);
            }
            (Effect::Write(_), Answer::Failed) => tale.unwritten = true,
            (Effect::Run(order), _) => match kind(&self.setup, order) {
                Kind::Task(Task::List) => tale.listed = true,
                Kind::Task(Task::Operations | Task::AwaitOperations) => {
                    tale.says_idle = matches!(answer, Answer::Done);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn turned(&self, system: &mut System, turn: Turn, now: u64, mut tale: Tale) -> Broken {
        let mut is_latched = false;
        for fact in &turn.facts {
            if let Fact::Decided(decision, _) = fact {
                tale.decided = Decided::by(&decision.choice);
                is_latched |= matches!(decision.choice, Choice::Hold(Hold::Latched(_)));
            }
        }
        let run = Running {
            state: turn.state,
            effect: turn.effect,
            now,
            tale,
        };
        let broken = told(&run, is_latched)
            .or_else(|| handed_out(self.role, &self.setup, system, &run))
            .or_else(|| coherent(system, &run).filter(|_| !self.is_adapted));
        if broken.is_some() {
            return broken;
        }
        if let Effect::End(ending) = &run.effect {
            if run.tale.unwritten {
                system.forgets(&run.tale);
            }
            let broken = left(system, &run.tale, Some(ending));
            system.rest(now);
            return broken;
        }
        self.go_on(system, run);
        None
    }

    fn go_on(&self, system: &mut System, mut run: Running) {
        let to = match &run.effect {
            Effect::Recall | Effect::Observe | Effect::Write(_) | Effect::End(_) => Since::Writes,
            Effect::FindOrphans => Since::Work,
            Effect::AwaitOrphans(_) | Effect::EndOrphans | Effect::Wait(_) => Since::Waits,
            Effect::Run(order) if order.task == Task::AwaitOperations => Since::Waits,
            Effect::Run(_) => Since::Work,
        };
        run.tale.since = run.tale.since.max(to);
        if let Effect::Run(order) = &run.effect
            && matches!(
                kind(&self.setup, order),
                Kind::Command("fence-command" | ACTIVATE, _)
                    | Kind::Task(Task::Promote | Task::Recover)
            )
        {
            system.ghost.promoted = Some(run.now);
        }
        system.run = Some(Box::new(run));
    }

    fn crash(&self, system: &mut System, step: Move) -> Broken {
        let Some(run) = system.run.take().map(|it| *it) else {
            return None;
        };
        let mut tale = run.tale;
        let (role, setup) = (self.role, &self.setup);
        if let Effect::Run(order) = &run.effect
            && step != Move::Crash
        {
            if step == Move::CrashWithin {
                leave_child(&mut system.disk);
                system.world.orphan = Some(match kind(setup, order) {
                    Kind::Command(step, at) => Orphan::Command(step, at),
                    Kind::Task(_) => Orphan::Promote,
                });
            }
        }
        if let Move::CrashAfter(answer) = step {
            let before = system.disk.clone();
            happen(role, setup, system, &run.effect, answer, run.now);
            if let Effect::Write(write) = &run.effect {
                let broken = written(role, setup, system, &before, &run, write);
                if broken.is_some() {
                    return broken;
                }
                is_written(system, &mut tale, write, run.now);
            }
        }
        system.forgets(&tale);
        let broken = left(system, &tale, None);
        system.rest(run.now);
        broken
    }
}

fn event(now: u64, stop: bool, what: What) -> Event {
    let at = at(now);
    Event { at, stop, what }
}

fn looked(system: &mut System, tale: &mut Tale, verdict: Verdict, took: u64, now: u64) {
    let ghost = &mut system.ghost;
    // What was written by now was right then.
    tale.until_look = (ghost.dead, ghost.alive);
    tale.look = Some((verdict, now - took));
    tale.since = Since::Writes;
    match verdict {
        Verdict::Dead => {
            tale.dead_looks = (tale.dead_looks + 1).min(2);
            ghost.alive = Row::default();
            // A run counts once, with whichever of its looks is far enough from the last one.
            let is_counted = ghost.dead.last.is_some_and(|last| last >= tale.began);
            if !is_counted && matches!(tale.call, Call::Run | Call::Paused) {
                ghost.dead.count(now);
            }
        }
        Verdict::Led => {
            // Leaders only matter where nothing is begun, and the operator's question is not about
            // them.
            if tale.call != Call::Failback && system.disk.promotion.is_none() {
                ghost.dead = Row::default();
            } else if tale.call != Call::Failback {
                ghost.dead.count(now);
            }
            ghost.alive = Row::default();
        }
        Verdict::Alive => {
            ghost.dead = Row::default();
            let is_counted = ghost.alive.last.is_some_and(|last| last >= tale.began);
            if !is_counted {
                ghost.alive.count(now);
            }
        }
        Verdict::Cut => {
            ghost.dead = Row::default();
            ghost.alive = Row::default();
        }
        Verdict::Silent => ghost.alive = Row::default(),
        Verdict::NoProbe => {}
    }
    if matches!(verdict, Verdict::Alive | Verdict::Cut) {
        tale.was_fenced = (system.world.off, system.world.fenced);
        tale.saved = false;
        system.world.saw_life();
    }
}

fn is_written(system: &mut System, tale: &mut Tale, write: &Write, now: u64) {
    let ghost = &mut system.ghost;
    match write {
        Write::Promotion(promotion) => {
            tale.saved = true;
            let tries = promotion.as_ref().map_or(0, |it| it.attempts);
            tale.intended |= tale.decided == Decided::TakeOver && tries > tale.attempts;
            match promotion.as_ref().map(|it| it.phase) {
                None | Some(Phase::Returning) => ghost.done = 0,
                Some(
                    Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts | Phase::Finished,
                ) => {}
            }
        }
        Write::Journal(Entry::CommandDone { stage, command }) if stage == ACTIVATE => {
            ghost.done |= if command == "route" { 1 } else { 2 };
        }
        Write::Gist => {
            ghost.promoted = ghost.promoted.map(|_| now);
        }
        Write::Suspicion(_) | Write::Module(_) | Write::Journal(_) | Write::ForgetList => {}
    }
}
