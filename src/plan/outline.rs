//! A stage as the machine needs to know it.

use super::stage::{Stage, Step, Work};
use super::{DEACTIVATE, START_MODULE};
use crate::core::plan::{Class, Command, StagePlan, Work as Outlined};

/// Letters of a command that the journal shows.
const SHOWN: usize = 200;

impl Stage {
    /// Returns the names and kinds of what is run, without what is run.
    pub fn outline(&self) -> StagePlan {
        let work = match &self.work {
            Work::Sequence(steps) => Outlined::Commands(self.sequence(steps)),
            Work::Switch { commands, verify } => {
                let commands = commands.iter().map(|it| command(it, Class::Reversible));
                let proofs = verify.iter().map(|it| command(it, Class::Query));
                Outlined::Commands(commands.chain(proofs).collect())
            }
            Work::PowerOff { .. } => Outlined::Commands(vec![Command {
                step: self.name,
                id: self.name.to_owned(),
                class: Class::Irreversible,
            }]),
            Work::Promote { .. } => Outlined::Accounts,
            Work::Batches { .. } => Outlined::Sweep,
            Work::Recover(_) => Outlined::Recover,
            Work::Restore(_) => Outlined::Restore,
        };
        StagePlan {
            name: self.name,
            work,
            on_failure: self.on_failure,
        }
    }

    /// Of a fence only the first command cannot be taken back: once it is fenced, the rest comes to
    /// the same.
    fn sequence(&self, steps: &[Step]) -> Vec<Command> {
        let class = |number: usize, step: &Step| match (self.name, step.name) {
            (DEACTIVATE | START_MODULE, _) => Class::Undo,
            (_, FENCE_VERIFY) => Class::Query,
            (super::FENCE, _) if number == 0 => Class::Irreversible,
            _ => Class::Reversible,
        };
        let steps = steps.iter().enumerate();
        steps
            .map(|(number, step)| command(step, class(number, step)))
            .collect()
    }

    /// Whether the command at this place takes something back.
    pub fn takes_back(&self) -> bool {
        matches!(self.name, DEACTIVATE | START_MODULE)
    }

    /// Returns the command at this place of the outline.
    pub fn command(&self, at: usize) -> Option<&Step> {
        match &self.work {
            Work::Sequence(steps) => steps.get(at),
            Work::Switch { commands, verify } => commands.iter().chain(verify).nth(at),
            Work::PowerOff { .. }
            | Work::Promote { .. }
            | Work::Batches { .. }
            | Work::Recover(_)
            | Work::Restore(_) => None,
        }
    }
}

/// The step that shows that the old active cannot serve.
pub(super) const FENCE_VERIFY: &str = "fence-verify";

fn command(step: &Step, class: Class) -> Command {
    Command {
        step: step.name,
        id: id(step),
        class,
    }
}

/// Names a command by what it is, not by its place: the admin may mend the list between two runs.
fn id(step: &Step) -> String {
    let words = step.variants.concat();
    let line = words.join(" ");
    // The words keep their bounds in the sum: `a b` is not `a`, `b`.
    let sum = crc32fast::hash(format!("{words:?}").as_bytes());
    let shown: String = line.chars().take(SHOWN).collect();
    format!("{shown} #{sum:08x}")
}
