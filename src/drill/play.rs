//! Plays one scenario, line by line, and holds what follows against what must follow.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::habeat::{Habeat, Ran};
use super::lab::{Lab, Seen};
use super::scenario::{Call, Fact, Move, Scenario};
use super::timeline::{Line, Played};

/// SIGKILL (signal(7)).
const SIGKILL: i32 = 9;

/// Lines of a run's log shown where it went wrong.
const LAST_WORDS: usize = 12;

/// What a run says of itself, as far as a drill reads it.
#[derive(Debug, Default, Deserialize)]
struct Said {
    decision: String,
    reason: String,
    verdict: String,
    exit: i32,
}

/// Plays a scenario in a new folder, up to the first line that does not hold.
pub(super) fn play(scenario: &Scenario, folder: &Path) -> Played {
    let mut played = Played::of(scenario);
    if let Err(err) = play_into(&mut played, scenario, folder) {
        played.trouble.push(format!("{err:#}"));
    }
    played
}

fn play_into(played: &mut Played, scenario: &Scenario, folder: &Path) -> Result<()> {
    let mut lab = Lab::build(folder, &scenario.setup).context("cannot build the lab")?;
    let habeat = Habeat::of(folder)?;
    let mut before = lab.look()?;
    for (number, line) in (1..).zip(scenario.moves) {
        for event in line.happens {
            lab.happen(*event)
                .with_context(|| format!("cannot make it happen that {}", event.story()))?;
        }
        let (mut told, ran) = call(&habeat, &lab, number, line)
            .with_context(|| format!("line {number} of {}", scenario.name))?;
        let after = lab.look()?;
        told.done = done(&before, &after);
        told.mismatches.extend(facts(line.facts, &after));
        told.mismatches.extend(never_twice(&after));
        if !told.mismatches.is_empty() {
            told.last_words = last_words(&ran.stderr);
        }
        let holds = told.mismatches.is_empty();
        played.lines.push(told);
        if !holds {
            break;
        }
        before = after;
    }
    Ok(())
}

/// Calls habeat as the line says, and holds its answer against what it must say.
fn call(habeat: &Habeat, lab: &Lab, number: usize, line: &Move) -> Result<(Line, Ran)> {
    let mut told = Line::new(number, story(line, number));
    let ran = match line.call {
        Call::Run { says, exit } => asked("run", &mut told, habeat, (says, exit))?,
        Call::Failback { says, exit } => asked("failback", &mut told, habeat, (says, exit))?,
        Call::RunAndKill { on } => {
            let running = habeat.start(number, &["run", "--json"])?;
            let ran = running.kill_when_exists(&lab.path(on))?;
            "killed".clone_into(&mut told.call);
            if ran.status.signal() != Some(SIGKILL) {
                told.mismatches
                    .push(format!("it ended before it was killed: {}", ran.status));
            }
            ran
        }
        Call::Retry => {
            let ran = habeat
                .start(number, &["retry", "--reason", "mended"])?
                .wait()?;
            "retry".clone_into(&mut told.call);
            if !ran.status.success() {
                told.mismatches
                    .push(format!("retry failed: {}", ran.status));
            }
            ran
        }
    };
    told.exit = match (ran.status.code(), ran.status.signal()) {
        (Some(code), _) => code.to_string(),
        (None, Some(signal)) => format!("-{signal}"),
        (None, None) => ran.status.to_string(),
    };
    Ok((told, ran))
}

/// Calls a verb that decides, and holds its answer against what it must say and exit with.
fn asked(verb: &str, told: &mut Line, habeat: &Habeat, must: (&str, i32)) -> Result<Ran> {
    let ran = habeat.start(told.number, &[verb, "--json"])?.wait()?;
    verb.clone_into(&mut told.call);
    hold_against(told, &ran, must);
    Ok(ran)
}

fn story(line: &Move, number: usize) -> String {
    let mut stories: Vec<_> = line.happens.iter().map(|event| event.story()).collect();
    if let Call::Failback { .. } = line.call {
        stories.push("the operator asks for the return".to_owned());
    }
    match (line.call, stories.is_empty(), number) {
        (Call::RunAndKill { on }, ..) => format!("the timer again; kill -9 while it is {on}"),
        (Call::Retry, ..) => "the operator lets it be tried again".to_owned(),
        (Call::Run { .. } | Call::Failback { .. }, false, _) => stories.join("; "),
        (Call::Run { .. } | Call::Failback { .. }, true, 1) => "all is well".to_owned(),
        (Call::Run { .. } | Call::Failback { .. }, true, _) => "the timer again".to_owned(),
    }
}

/// Notes what a run said, and where it is not what it must say.
fn hold_against(told: &mut Line, ran: &Ran, (says, exit): (&str, i32)) {
    let said: Said = match serde_json::from_str(&ran.stdout) {
        Ok(said) => said,
        Err(err) => {
            told.mismatches
                .push(format!("its output is not the JSON of a run: {err}"));
            return;
        }
    };
    let answer = format!("{}/{}", said.decision, said.reason);
    if answer != says {
        told.mismatches
            .push(format!("it must decide {says}, and decided {answer}"));
    }
    if ran.status.code() != Some(exit) {
        told.mismatches.push(format!(
            "it must exit with {exit}, and ended with {}",
            ran.status
        ));
    }
    if Some(said.exit) != ran.status.code() {
        told.mismatches
            .push(format!("it says it exits with {}", said.exit));
    }
    (told.decision, told.reason, told.verdict) = (said.decision, said.reason, said.verdict);
}

/// Returns every fact that is not so.
fn facts(expected: &[Fact], seen: &Seen) -> Vec<String> {
    expected
        .iter()
        .filter_map(|fact| {
            let (what, expected, found) = match *fact {
                Fact::Promotions(n) => ("promoteAccounts calls", n, seen.count("promoteAccounts")),
                Fact::Moves(n) => ("promotions that moved something", n, seen.moves),
                Fact::OnPeer(n) => ("accounts on the peer", n, seen.on_peer),
                Fact::Flushed(n) => ("accounts flushed", n, seen.flushed().len()),
                Fact::FlushedAgain(n) => {
                    let again = seen.flushes.len() - seen.flushed().len();
                    ("accounts flushed again", n, again)
                }
                Fact::Fences(n) => ("calls of the fence", n, seen.count("fence")),
                Fact::ModuleStops(n) => ("stops of the HA module", n, seen.count("doStopService")),
                Fact::ModuleStarts(n) => {
                    ("starts of the HA module", n, seen.count("doStartService"))
                }
                Fact::Switched(expected) => {
                    let found = &seen.switched;
                    return (found != expected)
                        .then(|| format!("switched: must be {expected:?}, and is {found:?}"));
                }
                Fact::Service(expected) => {
                    let found = &seen.mesh;
                    return (found != expected)
                        .then(|| format!("service: must be {expected:?}, and is {found:?}"));
                }
                Fact::Raft(expected) => {
                    let found = &seen.raft;
                    return (found != expected)
                        .then(|| format!("raft: must be {expected:?}, and is {found:?}"));
                }
                Fact::Contradictions(n) => ("contradictions", n, seen.contradictions),
                Fact::NothingRemembered => ("state files", 0, seen.remembered.len()),
            };
            (expected != found).then(|| format!("{what}: must be {expected}, and are {found}"))
        })
        .collect()
}

/// Returns what must never be, in any scenario.
fn never_twice(seen: &Seen) -> Vec<String> {
    let mut once = BTreeSet::new();
    let twice = seen.moved.iter().filter(|name| !once.insert(name.as_str()));
    let mut wrong: Vec<_> = twice
        .map(|name| format!("{name} was promoted twice"))
        .collect();
    let flushed = seen.flushed();
    let strange = flushed.iter().filter(|name| !once.contains(**name));
    wrong.extend(strange.map(|name| format!("{name} was flushed, and never promoted")));
    wrong
}

/// Tells what was done between two looks.
fn done(before: &Seen, after: &Seen) -> Vec<String> {
    let grown = |size: &dyn Fn(&Seen) -> usize, words: &str| {
        let more = size(after).saturating_sub(size(before));
        (more > 0).then(|| format!("{more} {words}"))
    };
    let called = |word: &'static str| move |seen: &Seen| seen.count(word);
    [
        grown(&called("fence"), "fence"),
        grown(&called("promoteAccounts"), "promoteAccounts"),
        grown(&|seen| seen.moved.len(), "moved"),
        grown(&|seen| seen.flushed().len(), "flushed"),
        grown(&|seen| seen.switched.len(), "switch"),
        grown(&|seen| calls(&seen.mesh, "stop"), "service stop"),
        grown(&|seen| calls(&seen.mesh, "start"), "service start"),
        grown(&called("doStopService"), "doStopService"),
        grown(&called("doStartService"), "doStartService"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn calls(made: &[String], call: &str) -> usize {
    made.iter().filter(|made| *made == call).count()
}

/// Returns the last lines of a run's log.
fn last_words(log: &str) -> Vec<String> {
    let lines: Vec<_> = log.lines().collect();
    let last = lines.len().saturating_sub(LAST_WORDS);
    lines.into_iter().skip(last).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
