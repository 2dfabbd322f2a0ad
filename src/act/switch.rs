//! The stage that moves traffic: each command once, whichever run it is in; then the proofs.
//!
//! A command that ended well has only taken the order. Whether the traffic moved is what the
//! proofs say, and they are asked in every run that gets so far.

use crate::act::{Deed, End, StageEnd, Tools, sequence};
use crate::plan::{Outcome, Stage, Step};
use crate::store::Event;
use crate::store::state::checksum;

/// Letters of a command that the journal shows.
const SHOWN: usize = 200;

/// Runs the stage.
pub(super) fn run(stage: &Stage, [commands, verify]: [&[Step]; 2], tools: &Tools<'_>) -> StageEnd {
    let mut steps = Vec::new();
    if let Err(end) = all_once(stage, commands, tools, &mut steps) {
        return StageEnd { steps, end };
    }
    let mut proofs = sequence(stage, verify, tools);
    steps.append(&mut proofs.steps);
    StageEnd { steps, ..proofs }
}

fn all_once(
    stage: &Stage,
    commands: &[Step],
    tools: &Tools<'_>,
    deeds: &mut Vec<Deed>,
) -> Result<(), End> {
    let mut done = done_before(stage, tools);
    for (number, step) in (1..).zip(commands) {
        let command = name(step);
        if let Some(at) = done.iter().position(|it| *it == command) {
            done.remove(at);
            log::info!(
                "step={} command={command:?} outcome=\"done by an earlier run\"",
                step.name
            );
            continue;
        }
        log::info!(
            "step={} command={command:?} number={number}/{}",
            step.name,
            commands.len()
        );
        let (deed, _) = tools.run(step);
        let outcome = deed.outcome.clone();
        deeds.push(deed);
        match outcome {
            Outcome::Ok => {}
            Outcome::Stopped | Outcome::Skipped(_) => return Err(End::Stopped),
            Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::SpawnFailed(_)
            | Outcome::Unjournalled(_)
            | Outcome::BadOutput(_) => {
                let all = commands.len();
                return Err(End::Incomplete(format!(
                    "{} {number} of {all} ({command}): {outcome}",
                    step.name
                )));
            }
        }
        let stage = stage.name.to_owned();
        let noted = tools.note(&Event::CommandDone { stage, command });
        noted.map_err(End::Incomplete)?;
    }
    Ok(())
}

/// The commands that earlier runs have done. One that stands twice in the list is done twice.
fn done_before(stage: &Stage, tools: &Tools<'_>) -> Vec<String> {
    let ledger = tools.ledger.as_ref();
    let done = ledger.and_then(|ledger| ledger.story.commands.get(stage.name));
    done.cloned().unwrap_or_default()
}

/// Names a command by what it is, not by its place: the admin may mend the list between two runs.
fn name(step: &Step) -> String {
    let words = step.variants.concat();
    let line = words.join(" ");
    // The words keep their bounds in the sum: `a b` is not `a`, `b`.
    let sum = checksum(&format!("{words:?}"));
    let shown: String = line.chars().take(SHOWN).collect();
    format!("{shown} #{sum}")
}
