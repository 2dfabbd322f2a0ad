//! `habeat check`: the config, its cross-rules, the installed units, what a takeover needs; with
//! `--online` every probe, anchor and witness once, with `--against` the other site's config.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::logging::one_line;
use crate::base::refusal::Code;
use crate::config::{Config, Invalid, Problem};
use crate::roles::check::programs::commands;
use crate::roles::check::{Findings, Online};
use crate::roles::{self, Loaded};

mod against;
mod neighbours;
mod online;
mod outlook;
mod state;
mod targets;
mod trust;
pub mod units;

use self::outlook::{Prospect, Worst, outlook, worst};

/// What is checked beyond the file itself.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Ask every probe, anchor and witness once.
    pub online: bool,
    /// A config that holds when the whole site is lost is an error.
    pub strict: bool,
    /// The config of the other site.
    pub against: Option<PathBuf>,
}

#[derive(Serialize)]
struct Checked {
    version: u32,
    file: String,
    /// The worst of it, in one sentence.
    result: String,
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

/// Checks; returns what to print and the exit code.
pub fn check(path: &Path, scope: &Scope, json: bool) -> (String, Code) {
    let (checked, code) = match roles::load(path) {
        Ok(loaded) => usable(path, scope, loaded),
        Err(invalid) => unusable(path, &invalid),
    };
    let text = if json {
        serde_json::to_string(&checked).unwrap_or_else(|error| error.to_string())
    } else {
        render(&checked)
    };
    (text, code)
}

fn unusable(path: &Path, invalid: &Invalid) -> (Checked, Code) {
    let checked = Checked {
        version: 1,
        file: path.display().to_string(),
        result: result(&invalid.errors, &invalid.warnings, None),
        errors: findings(&invalid.errors),
        warnings: findings(&invalid.warnings),
        outlook: Vec::new(),
        online: None,
    };
    (checked, invalid.code())
}

fn usable(path: &Path, scope: &Scope, loaded: Loaded) -> (Checked, Code) {
    let Loaded {
        config,
        role,
        warnings,
    } = loaded;
    let mut found = Findings {
        errors: Vec::new(),
        warnings,
    };
    role.look(&config, &mut found);
    commands("fence.commands", &config.fence.commands, &mut found);
    commands("fence.verify", &config.fence.verify, &mut found);
    trust::look(&config, &mut found);
    units::look(&config, &role, path, &mut found);
    neighbours::look(&config, path, &mut found);
    targets::look(&config, &mut found);
    state::look(&config, &mut found);
    if let Some(other) = &scope.against {
        against::look(&config, other, &mut found);
    }
    let (online, servers) = if scope.online {
        let (told, servers) = online::ask(&config, &role, &mut found);
        (Some(told), servers)
    } else {
        (None, Vec::new())
    };
    let outlook = outlook(&config, &servers);
    let worst = judge_outlook(&config, scope, &outlook, &mut found);
    let code = if found.errors.is_empty() {
        Code::Done
    } else {
        Code::Unusable
    };
    let checked = Checked {
        version: 1,
        file: path.display().to_string(),
        result: result(&found.errors, &found.warnings, worst.as_deref()),
        errors: findings(&found.errors),
        warnings: findings(&found.warnings),
        outlook,
        online,
    };
    (checked, code)
}

/// A config that loads and does not do what habeat is there for is worth a word.
fn judge_outlook(
    config: &Config,
    scope: &Scope,
    outlook: &[Prospect],
    found: &mut Findings,
) -> Option<String> {
    let worst = worst(config, outlook);
    for one in &worst {
        let message = format!("{one}; below is what would change it");
        match one {
            Worst::Holds(_) if scope.strict => found.error("outlook", message),
            Worst::Holds(_) | Worst::Twice(_) => found.warn("outlook", message),
        }
    }
    worst.first().map(ToString::to_string)
}

/// The worst of it, in one sentence: its first word is the grade.
fn result(errors: &[Problem], warnings: &[Problem], worst: Option<&str>) -> String {
    let counts = || {
        let errors = count(errors.len(), "error");
        format!("{errors}, {}", count(warnings.len(), "warning"))
    };
    match (errors, worst) {
        ([_, ..], Some(worst)) => format!("ERROR      Not usable as it is; and {worst}."),
        ([_, ..], None) => format!("ERROR      Not usable as it is: {}.", counts()),
        ([], Some(worst)) => format!("WARNING    Usable, but {worst}."),
        ([], None) if warnings.is_empty() => {
            "OK         Usable, and every kind of loss is covered as you configured it.".to_owned()
        }
        ([], None) => format!("WARNING    Usable: {}.", counts()),
    }
}

fn findings(problems: &[Problem]) -> Vec<Finding> {
    let finding = |problem: &Problem| Finding {
        line: problem.line,
        key: problem.key.clone(),
        message: problem.message.clone(),
    };
    problems.iter().map(finding).collect()
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
    let online = checked.online.iter().flatten().map(|online| {
        let Online {
            asked,
            name,
            said,
            mark,
        } = online;
        format!("  {} {asked} {name}: {said}", mark.sign())
    });
    // What others said, or wrote into the file, makes no line of its own.
    [checked.result.clone(), title]
        .into_iter()
        .chain(errors)
        .chain(warnings)
        .chain(online)
        .chain(outlook)
        .map(|line| one_line(&line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn count(n: usize, word: &str) -> String {
    match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    }
}
