//! `habeat check`: the config, its cross-rules, the installed units; with `--online` every probe,
//! anchor and witness once.

use std::path::Path;

use serde::Serialize;

use crate::base::refusal::Code;
use crate::config::{self, Config, Loaded, Problem};
use crate::observe::{Answer, Look, survey};

mod leaders;
mod neighbours;
mod outlook;
mod programs;
mod state;
mod targets;
pub mod units;

use self::outlook::{Prospect, outlook};

#[derive(Serialize)]
struct Checked {
    version: u32,
    file: String,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outlook: Vec<Prospect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<Vec<Online>>,
}

#[derive(Serialize)]
struct Finding {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    key: String,
    message: String,
}

#[derive(Serialize)]
struct Online {
    asked: &'static str,
    name: String,
    said: String,
}

/// Checks; returns what to print and the exit code.
pub fn check(path: &Path, online: bool, json: bool) -> (String, Code) {
    let file = path.display().to_string();
    let (checked, code) = match config::load(path) {
        Ok(Loaded {
            config,
            mut warnings,
        }) => {
            warnings.extend(programs::warnings(&config));
            warnings.extend(units::warnings(&config, path));
            warnings.extend(neighbours::warnings(&config, path));
            warnings.extend(targets::warnings(&config));
            warnings.extend(state::warnings(&config));
            let errors = state::errors(&config);
            let code = if errors.is_empty() {
                Code::Done
            } else {
                Code::Unusable
            };
            let online = online.then(|| {
                let (leaders, twice) = leaders::ask(&config);
                warnings.extend(twice);
                ask(&config).into_iter().chain(leaders).collect()
            });
            let warnings = findings(&warnings);
            (
                Checked {
                    version: 1,
                    file,
                    errors: findings(&errors),
                    warnings,
                    outlook: outlook(&config),
                    online,
                },
                code,
            )
        }
        Err(invalid) => {
            let code = invalid.code();
            let (errors, warnings) = (findings(&invalid.errors), findings(&invalid.warnings));
            (
                Checked {
                    version: 1,
                    file,
                    errors,
                    warnings,
                    outlook: Vec::new(),
                    online: None,
                },
                code,
            )
        }
    };
    let text = if json {
        serde_json::to_string(&checked).unwrap_or_else(|error| error.to_string())
    } else {
        render(&checked)
    };
    (text, code)
}

fn findings(problems: &[Problem]) -> Vec<Finding> {
    let finding = |problem: &Problem| Finding {
        line: problem.line,
        key: problem.key.clone(),
        message: problem.message.clone(),
    };
    problems.iter().map(finding).collect()
}

fn ask(config: &Config) -> Vec<Online> {
    let seen = survey(config);
    let look = |asked, look: &Look| Online {
        asked,
        name: look.target.clone(),
        said: match &look.answer {
            Answer::Answered => "answered".into(),
            Answer::Ours(why) => format!("our own side answered, which is nobody's answer ({why})"),
            Answer::NoAnswer(why) => format!("no answer ({why})"),
            Answer::CouldNotProbe(why) => format!("could not probe ({why})"),
        } + &left_out(look),
    };
    let probes = seen.looks.iter().map(|probe| look("probe", probe));
    let anchors = seen.anchors.iter().map(|anchor| look("anchor", anchor));
    let witnesses = seen.heard.iter().map(|heard| Online {
        asked: "witness",
        name: format!("{} about {}", heard.witness, heard.host),
        said: heard.testimony.to_string(),
    });
    probes.chain(anchors).chain(witnesses).collect()
}

fn left_out(look: &Look) -> String {
    let said = look.left_out.iter().map(|why| format!("; left out: {why}"));
    said.collect()
}

fn render(checked: &Checked) -> String {
    let title = format!(
        "{}: {}, {}",
        checked.file,
        count(checked.errors.len(), "error"),
        count(checked.warnings.len(), "warning")
    );
    let line = |kind: &str, finding: &Finding| {
        let line = finding
            .line
            .map(|line| format!("line {line}: "))
            .unwrap_or_default();
        // What is wrong with the file as a whole has no key.
        let key = match finding.key.as_str() {
            "" => String::new(),
            key => format!("{key}: "),
        };
        format!("  {kind}: {line}{key}{}", finding.message)
    };
    let errors = checked.errors.iter().map(|finding| line("error", finding));
    let warnings = checked
        .warnings
        .iter()
        .map(|finding| line("warning", finding));
    let outlook = checked
        .outlook
        .iter()
        .map(|prospect| format!("  if {prospect}"));
    let online = checked.online.iter().flatten();
    let online = online.map(|Online { asked, name, said }| format!("  {asked} {name}: {said}"));
    std::iter::once(title)
        .chain(errors)
        .chain(warnings)
        .chain(outlook)
        .chain(online)
        .collect::<Vec<_>>()
        .join("\n")
}

fn count(n: usize, word: &str) -> String {
    match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}
