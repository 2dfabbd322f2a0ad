//! Other configs of this node that would get in the way of the one that is checked: two roles on
//! one node never share a state file, two configs of one role do unless they say otherwise.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{Config, Files};
use crate::roles;
use crate::roles::check::Findings;

/// More configs than any node has.
const MOST: usize = 32;

/// Notes which configs beside the one at `path` share its state files.
pub(super) fn look(config: &Config, path: &Path, found: &mut Findings) {
    for other in beside(path) {
        // What is wrong with another config, its own check tells.
        let Ok(theirs) = roles::load(&other) else {
            continue;
        };
        if let Some(shared) = shared(&config.files, &theirs.config.files) {
            found.warn(
                &other.display().to_string(),
                format!(
                    "has the state file {} too: one of the two leaves with 75 whenever both run, \
                     and each takes the other's promotion for its own; give one of them another \
                     role or other local.check…File paths, or remove it",
                    shared.display()
                ),
            );
        }
    }
}

fn shared<'a>(ours: &'a Files, theirs: &Files) -> Option<&'a Path> {
    let all = |files: &'a Files| [&files.promotion, &files.down, &files.module];
    let theirs = [&theirs.promotion, &theirs.down, &theirs.module];
    let mut both = all(ours).into_iter().filter(|file| theirs.contains(file));
    both.next().map(PathBuf::as_path)
}

/// The configs beside this one that the shipped units would run.
fn beside(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(own)) = (path.parent(), path.file_name()) else {
        return Vec::new();
    };
    let is_config = |name: &str| {
        name == "habeat.yml" || (name.starts_with("habeat-") && name.ends_with(".yml"))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let others = entries.filter(|entry| {
        let name = entry.file_name();
        name != own && name.to_str().is_some_and(is_config)
    });
    let mut paths: Vec<PathBuf> = others.map(|entry| entry.path()).take(MOST).collect();
    paths.sort();
    paths
}
