//! What a plan consists of. Data: it can be printed, compared and tested.

use super::appserver::AccountSteps;
use super::consulserver::Recovery;
use crate::act::{Argv, Batches, Names, PowerOff, Step};
use crate::core::plan::{Class, Command, OnFailure, StagePlan, Work};

/// Letters of a command that the journal shows.
const SHOWN: usize = 200;

/// Stages run one after another; the steps inside a stage may run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The name in the log, the journal and the report.
    pub name: &'static str,
    /// What is done.
    pub action: Action,
    /// What a failure means for the stages after it.
    pub on_failure: OnFailure,
}

/// What a stage does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// These commands in order, up to the first failure; each with what it may do.
    Commands(Vec<(Class, Step)>),
    /// The judged VMs are powered off.
    PowerOff(PowerOff),
    /// These steps for every batch of accounts; the batches side by side.
    Batches(Batches),
    /// List the accounts, promote, list again until none is left.
    Promote(Box<AccountSteps>),
    /// The surviving Consul server gets a leader again, or is put back as it was.
    Recover(Box<Recovery>),
    /// A service that a killed recovery has stopped is started again, without any change.
    Restore(Box<Recovery>),
}

impl Stage {
    /// Returns the stage as the machine needs to know it: names and kinds of what is run.
    pub fn outline(&self) -> StagePlan {
        let work = match &self.action {
            Action::Commands(commands) => Work::Commands(commands.iter().map(command).collect()),
            Action::PowerOff(_) => Work::Commands(vec![Command {
                step: self.name,
                id: self.name.to_owned(),
                class: Class::Irreversible,
            }]),
            Action::Promote(_) => Work::Accounts,
            Action::Batches(_) => Work::Sweep,
            Action::Recover(_) => Work::Recover,
            Action::Restore(_) => Work::Restore,
        };
        StagePlan {
            name: self.name,
            work,
            on_failure: self.on_failure,
        }
    }
}

fn command((class, step): &(Class, Step)) -> Command {
    Command {
        step: step.name,
        id: id(step),
        class: *class,
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

/// Returns every command of a plan, in order, for showing. Where the namespace is found out at run
/// time the one tried first is shown; where names are filled in at run time a placeholder is.
pub fn lines(stages: &[Stage]) -> Vec<Argv> {
    stages.iter().flat_map(|it| shown(&it.action)).collect()
}

fn shown(action: &Action) -> Vec<Argv> {
    match action {
        Action::Commands(commands) => commands.iter().map(|(_, step)| step.first()).collect(),
        Action::PowerOff(PowerOff { vcenter, hosts, .. }) => {
            let order = |host: &String| -> Argv {
                let words = ["(vcenter)", &vcenter.base_url, "power-off", host];
                words.map(str::to_owned).into()
            };
            hosts.iter().map(order).collect()
        }
        Action::Batches(batches) => batches.steps.iter().map(|it| batch(it, batches)).collect(),
        Action::Promote(promotion) => {
            let (list, promote) = (promotion.list.first(), promotion.promote.first());
            vec![list.clone(), promote, list]
        }
        Action::Recover(recovery) => recovery.lines(),
        Action::Restore(recovery) => vec![recovery.start.first()],
    }
}

fn batch(step: &Step, batches: &Batches) -> Argv {
    let most = batches.max_names;
    let mut argv = step.first();
    argv.push(match batches.names {
        Names::Arguments => format!("<up to {most} accounts>"),
        Names::CommaList => format!("<up to {most} accounts, comma-separated>"),
    });
    argv
}
