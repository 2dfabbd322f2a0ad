//! The files of a site.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

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
        let lines = self.lines(&format!("promotion-{}.journal", self.config.role));
        let json = lines.iter().filter_map(|line| line.split_once(' '));
        json.map_while(|(_, json)| serde_json::from_str(json).ok())
            .collect()
    }

    /// Removes a file that must be there.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap_or_else(|e| panic!("cannot remove {name}: {e}"));
    }

    /// Returns the names of all files.
    pub(crate) fn names(&self) -> Vec<String> {
        snapshot(&self.path(""), &[]).into_keys().collect()
    }
}

/// What a folder holds: of each file the kind, mode, links and content, and when it was changed.
pub(crate) fn snapshot(folder: &Path, except: &[&str]) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("cannot read {folder:?}: {e}"));
    let mut found = BTreeMap::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let about = fs::symlink_metadata(entry.path());
        let about = about.unwrap_or_else(|e| panic!("cannot look at {name}: {e}"));
        let content = if about.is_file() {
            fs::read(entry.path()).unwrap_or_else(|e| panic!("cannot read {name}: {e}"))
        } else {
            Vec::new()
        };
        let changed = about.modified().ok();
        let (mode, links) = (about.mode(), about.nlink());
        let content = content.escape_ascii();
        if !except.contains(&name.as_str()) {
            found.insert(name, format!("{mode:o} {links} {changed:?} {content}"));
        }
    }
    found
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
