//! Which installed services run a config.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{UNIT_FOLDERS, installed};
use crate::cli::DEFAULT_CONFIG;

/// What the name of an instance stands as in a template (systemd.unit(5)).
const SPECIFIERS: [&str; 2] = ["%i", "%I"];
/// More units than any node has.
const MOST: usize = 4096;

/// A service that runs the config.
#[derive(Debug)]
pub(super) struct Runner {
    /// Its full name, such as `habeat@proxyserver.service`.
    pub name: String,
    /// The text of the unit and of its drop-ins.
    pub text: String,
}

impl Runner {
    /// Returns the name of the timer that belongs to it.
    pub(super) fn timer(&self) -> String {
        self.name.replace(".service", ".timer")
    }

    /// Returns the names under which a unit of the same kind may be installed: an instance's own,
    /// then the template's.
    pub(super) fn files(name: &str) -> Vec<String> {
        let template = name.split_once('@').and_then(|(before, after)| {
            let (_, kind) = after.rsplit_once('.')?;
            Some(format!("{before}@.{kind}"))
        });
        std::iter::once(name.to_owned()).chain(template).collect()
    }
}

/// Returns the services that run the config at `path`, those that name it themselves first.
pub(super) fn all(root: &Path, path: &Path) -> Vec<Runner> {
    let Some(path) = path.to_str() else {
        return Vec::new();
    };
    let names = names(root);
    let (templates, plain): (Vec<_>, Vec<_>) = names.iter().partition(|it| it.contains("@."));
    let plain = plain.into_iter().filter_map(|name| {
        let text = installed(root, &Runner::files(name))?;
        let instance = instance(name);
        let config = config_of(&text)?;
        let is_it = SPECIFIERS
            .iter()
            .fold(config, |config, it| config.replace(it, instance))
            == path;
        is_it.then(|| Runner {
            name: name.clone(),
            text,
        })
    });
    let of_templates = templates.into_iter().filter_map(|name| {
        let text = installed(root, std::slice::from_ref(name))?;
        let config = config_of(&text)?;
        let instance = SPECIFIERS.iter().find_map(|it| {
            let (before, after) = config.split_once(it)?;
            path.strip_prefix(before)?.strip_suffix(after)
        })?;
        if instance.is_empty() || instance.contains('/') {
            return None;
        }
        let name = name.replace("@.", &format!("@{instance}."));
        let text = installed(root, &Runner::files(&name))?;
        Some(Runner { name, text })
    });
    let mut found: Vec<Runner> = plain.collect();
    for runner in of_templates {
        if !found.iter().any(|it| it.name == runner.name) {
            found.push(runner);
        }
    }
    found
}

fn instance(name: &str) -> &str {
    let after = name.split_once('@').map_or("", |(_, after)| after);
    after.strip_suffix(".service").unwrap_or_default()
}

fn names(root: &Path) -> BTreeSet<String> {
    let folders = UNIT_FOLDERS.iter().map(|folder| root.join(folder));
    let entries = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let services = names.filter(|name| name.ends_with(".service"));
    services.take(MOST).collect()
}

/// Returns the config that a service gives to habeat, if it starts habeat at all.
fn config_of(unit: &str) -> Option<String> {
    let mut command = None;
    for line in unit.lines() {
        if let Some(value) = line.trim_start().strip_prefix("ExecStart=") {
            // An empty one takes back what stood before it (systemd.service(5)).
            command = (!value.trim().is_empty()).then_some(value);
        }
    }
    let mut words = command?.split_whitespace();
    let is_habeat = |word: &str| Path::new(word).file_name().is_some_and(|it| it == "habeat");
    words.find(|word| is_habeat(word.trim_start_matches(['-', '@', ':', '+', '!'])))?;
    let words: Vec<&str> = words.collect();
    let named = words.iter().enumerate().find_map(|(at, word)| {
        let word = word.trim_matches(['"', '\'']);
        match word.strip_prefix("--config") {
            Some("") => words.get(at + 1).copied(),
            Some(value) => value.strip_prefix('='),
            None => None,
        }
    });
    let named = named.map(|it| it.trim_matches(['"', '\'']).to_owned());
    Some(named.unwrap_or_else(|| DEFAULT_CONFIG.to_owned()))
}
