//! The files of a site.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use habeat::config::Files;
use serde_json::Value;

use super::Site;

impl Site {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap_or_else(|e| panic!("cannot write {name}: {e}"));
    }

    /// Writes a program.
    pub(crate) fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = fs::Permissions::from_mode(0o700);
        fs::set_permissions(self.path(name), mode)
            .unwrap_or_else(|e| panic!("cannot make {name} a program: {e}"));
    }

    /// Returns the lines of a file of the stubs; one that was never written has none.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Reads a file that must be there.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("cannot read {name}: {e}"))
    }

    /// Reads a text that must be there.
    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap_or_else(|e| panic!("{name} is no text: {e}"))
    }

    /// Returns the phase of the promotion that the role remembers, if it remembers one.
    pub(crate) fn phase(&self) -> Option<String> {
        let name = format!("promotion-{}", self.config.role);
        let text = fs::read(self.path(&name)).ok()?;
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        let phase = document["state"]["phase"].as_str();
        Some(phase.unwrap_or_else(|| panic!("{document}")).to_owned())
    }

    /// Returns what the journal of the role tells; a torn last line never happened.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let lines = self.lines(&self.record(".journal"));
        let json = lines.iter().filter_map(|line| line.split_once(' '));
        json.map_while(|(_, json)| serde_json::from_str(json).ok())
            .collect()
    }

    /// Returns the name of a file of the state folder: the run lock, the journal, the account list.
    pub(crate) fn record(&self, suffix: &str) -> String {
        let role = self.config.role;
        let files = Files {
            down: PathBuf::new(),
            promotion: self.path(&format!("promotion-{role}")),
            module: PathBuf::new(),
            state_dir: "state".into(),
        };
        format!("{}{suffix}", files.record().display())
    }

    /// Removes a file that must be there.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap_or_else(|e| panic!("cannot remove {name}: {e}"));
    }

    /// Returns the names of what lies in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.all_names().into_iter();
        names.filter(|name| !name.contains('/')).collect()
    }

    /// Returns the names of what lies in the folder and, as paths, in those in it.
    pub(crate) fn all_names(&self) -> Vec<String> {
        snapshot(&self.path(""), &[]).into_keys().collect()
    }
}

/// What a folder holds: of each file the kind, mode, links and content, and when it was changed; but
/// for those that end like this.
pub(crate) fn snapshot(folder: &Path, except: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    add(folder, "", &mut found);
    found.retain(|name, _| !except.iter().any(|it| name.ends_with(it)));
    found
}

fn add(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("cannot read {folder:?}: {e}"));
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = fs::symlink_metadata(entry.path());
        let about = about.unwrap_or_else(|e| panic!("cannot look at {name}: {e}"));
        let content = if about.is_file() {
            fs::read(entry.path()).unwrap_or_else(|e| panic!("cannot read {name}: {e}"))
        } else {
            Vec::new()
        };
        let mode = about.mode();
        if about.is_dir() {
            // When it was changed, and how many it holds, its files tell.
            add(&entry.path(), &format!("{name}/"), found);
            found.insert(name, format!("{mode:o}"));
        } else {
            let (links, changed) = (about.nlink(), about.modified().ok());
            let content = content.escape_ascii();
            found.insert(name, format!("{mode:o} {links} {changed:?} {content}"));
        }
    }
}

/// Whether a file is there, links not followed.
pub(crate) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A seeded sequence of numbers (Knuth's MMIX constants).
pub(crate) fn numbers(seed: u64) -> impl Iterator<Item = usize> {
    let next = |n: &u64| {
        let n = n.wrapping_mul(6_364_136_223_846_793_005);
        Some(n.wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(next(&seed), next).map(|n| usize::try_from(n >> 33).unwrap_or(0))
}
