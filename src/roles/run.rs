//! Runs what the machine orders: one step, or one stage of batches.

use super::appserver;
use super::consulserver::recover::{self, Prepared};
use super::plan::Book;
use super::stage::{Action, Stage};
use crate::act::{Deeds, Tools};
use crate::base::command::Outcome;
use crate::core::effect::{Order, Task};
use crate::core::event::Ran;
use crate::core::plan::Class;
use crate::core::story::Story;

/// Carries out the stages of a book.
#[derive(Debug)]
pub struct Crew<'a> {
    /// What there is to run.
    pub book: &'a Book,
    /// What it is run with.
    pub tools: Tools,
    /// What a recovery of the mesh was found to need.
    pub prepared: Option<Prepared>,
}

impl Crew<'_> {
    /// Does what is ordered. `story` is what the journal tells so far.
    pub fn run(&mut self, order: &Order, story: &Story, deeds: &mut Deeds) -> Ran {
        let Some(stage) = self.book.stage(order.stage) else {
            return unfit(order);
        };
        self.tools.is_tracked = is_tracked(stage, order);
        match (&stage.action, order.task) {
            (Action::Commands(commands), Task::Command(at)) => match commands.get(at) {
                Some((_, step)) => self.tools.command(step, order, deeds),
                None => unfit(order),
            },
            (Action::PowerOff(what), Task::Command(_)) => self.tools.power_off(what, order, deeds),
            (Action::Batches(batches), Task::Sweep) => {
                self.tools.sweep(stage.name, batches, story, deeds)
            }
            (Action::Promote(promotion), _) => {
                appserver::promotion::run(promotion, order, &mut self.tools, story, deeds)
            }
            (Action::Recover(recovery) | Action::Restore(recovery), _) => {
                let (tools, prepared) = (&mut self.tools, &mut self.prepared);
                recover::run(recovery, order, (tools, prepared), story, deeds)
            }
            (Action::Commands(_) | Action::PowerOff(_) | Action::Batches(_), _) => unfit(order),
        }
    }
}

/// Whether the next run must find the process. What only asks may be asked again beside itself.
fn is_tracked(stage: &Stage, order: &Order) -> bool {
    let takes_back = |at| match &stage.action {
        Action::Commands(commands) => {
            let command = commands.get(at);
            command.is_some_and(|(class, _)| *class == Class::Undo)
        }
        Action::PowerOff(_)
        | Action::Batches(_)
        | Action::Promote(_)
        | Action::Recover(_)
        | Action::Restore(_) => false,
    };
    // A single step that may be done again harms nobody beside itself; of several, the first must
    // not come after the last of the next run.
    let leaves_halves = match &stage.action {
        Action::Batches(batches) => batches.steps.len() > 1,
        Action::Commands(_)
        | Action::PowerOff(_)
        | Action::Promote(_)
        | Action::Recover(_)
        | Action::Restore(_) => false,
    };
    match order.task {
        Task::Command(at) => order.not_after.is_some() || takes_back(at),
        Task::Sweep => leaves_halves,
        Task::Promote | Task::Recover | Task::Restore => true,
        Task::Operations | Task::AwaitOperations | Task::List | Task::Prepare => false,
    }
}

/// What an order comes to that its stage cannot carry out.
pub(super) fn unfit(order: &Order) -> Ran {
    let why = format!("{} is not run like that", order.stage);
    Outcome::BadOutput(why).into()
}
