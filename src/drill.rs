//! Plays whole outages against a lab on loopback, through the real pipeline.
//!
//! The lab is embedded: a TCP service plays the peer, another one the anchor, a fake Consul agent
//! the witness, shell scripts the programs that are run. habeat itself is started as the timer would
//! start it, with a config that names them; nothing in it knows of the drill.

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::base::refusal::{Code, Refusal};

pub mod fake_consul;
mod folder;
mod habeat;
mod lab;
mod play;
mod scenario;
mod scenarios;
mod service;
mod timeline;

use folder::Folder;
use scenario::Scenario;
pub use timeline::Drilled;
use timeline::Played;

/// How a drill tells what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Aligned lines for a person, as soon as a scenario is over.
    Text,
    /// One JSON document at the end.
    Json,
}

/// What becomes of the lab's folder when everything passed. After a failure it is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    /// It goes.
    Remove,
    /// It stays, to be looked at.
    Keep,
}

/// Plays the scenario of this name, or all of them, and prints the timeline on standard output;
/// with `list`, only names them.
///
/// The lab's folder goes afterwards, unless it is asked for by `keep` or something went wrong.
///
/// # Errors
/// When there is no scenario of that name, the lab's folder cannot be made, or the output cannot
/// be written. A scenario that goes wrong is no error but [`Drilled::Failed`].
pub fn run(name: Option<&str>, list: bool, json: bool, keep: bool) -> Result<Drilled, Refusal> {
    let out = &mut io::stdout().lock();
    let form = if json { Form::Json } else { Form::Text };
    let chosen: Vec<&Scenario> = match name {
        Some(name) => vec![find(name).map_err(|error| Refusal {
            code: Code::Usage,
            error,
        })?],
        None => scenarios::all().collect(),
    };
    let afterwards = if keep {
        Afterwards::Keep
    } else {
        Afterwards::Remove
    };
    let drilled = if list {
        name_all(out, form, &chosen)
    } else {
        play_all(out, form, &chosen, afterwards)
    };
    drilled.map_err(|error| Refusal {
        code: Code::Failed,
        error,
    })
}

fn play_all(
    out: &mut impl Write,
    form: Form,
    chosen: &[&Scenario],
    afterwards: Afterwards,
) -> Result<Drilled> {
    let folder = Folder::create()?;
    let mut played = Vec::new();
    for scenario in chosen {
        let one = play::play(scenario, &folder.path().join(scenario.name));
        if form == Form::Text {
            writeln!(out, "{one}")
                .and_then(|()| out.flush())
                .context(OUTPUT)?;
        }
        played.push(one);
    }
    let ending = finish(&played, folder, afterwards)?;
    close(out, form, &played, &ending)?;
    Ok(ending.drilled)
}

const OUTPUT: &str = "cannot write the drill's timeline to standard output";

/// How it ended, and where the lab can be looked at.
struct Ending {
    drilled: Drilled,
    kept: Option<String>,
}

fn find(name: &str) -> Result<&'static Scenario> {
    let Some(found) = scenarios::all().find(|scenario| scenario.name == name) else {
        let names: Vec<_> = scenarios::all().map(|scenario| scenario.name).collect();
        bail!(
            "there is no scenario `{name}`; there are: {}",
            names.join(", ")
        );
    };
    Ok(found)
}

fn name_all(out: &mut impl Write, form: Form, chosen: &[&Scenario]) -> Result<Drilled> {
    let width = chosen.iter().map(|one| one.name.len()).max().unwrap_or(0);
    match form {
        Form::Text => chosen
            .iter()
            .try_for_each(|one| writeln!(out, "{:width$}  {}", one.name, one.title)),
        Form::Json => {
            let entry = |one: &&Scenario| json!({"name": one.name, "title": one.title});
            let scenarios: Vec<_> = chosen.iter().map(entry).collect();
            writeln!(out, "{:#}", json!({ "scenarios": scenarios }))
        }
    }
    .context(OUTPUT)?;
    Ok(Drilled::Passed)
}

/// Judges the whole, and removes the lab when nobody will want to look at it.
fn finish(played: &[Played], folder: Folder, afterwards: Afterwards) -> Result<Ending> {
    let drilled = match failed(played) {
        0 => Drilled::Passed,
        _ => Drilled::Failed,
    };
    let kept = match (drilled, afterwards) {
        (Drilled::Passed, Afterwards::Remove) => {
            folder.remove()?;
            None
        }
        (Drilled::Failed, _) | (Drilled::Passed, Afterwards::Keep) => {
            Some(folder.path().display().to_string())
        }
    };
    Ok(Ending { drilled, kept })
}

fn failed(played: &[Played]) -> usize {
    played
        .iter()
        .filter(|one| one.result() == Drilled::Failed)
        .count()
}

fn close(out: &mut impl Write, form: Form, played: &[Played], ending: &Ending) -> Result<()> {
    let failed = failed(played);
    let passed = played.len() - failed;
    match form {
        Form::Text => {
            if let Some(kept) = &ending.kept {
                writeln!(
                    out,
                    "the lab, with its config, state and log, is kept in {kept}"
                )
                .context(OUTPUT)?;
            }
            writeln!(out, "{passed} scenarios passed, {failed} failed")
        }
        Form::Json => {
            let scenarios = json!(played);
            let whole = json!({"scenarios": scenarios, "passed": passed, "failed": failed,
                "result": ending.drilled, "kept": ending.kept});
            writeln!(out, "{whole:#}")
        }
    }
    .context(OUTPUT)
}

#[cfg(test)]
mod tests;
