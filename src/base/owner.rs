//! Whose a file is. What another user may change is nothing to obey, and nothing to believe.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{getegid, geteuid};

/// In such a folder only the owner of a file may move or remove it (inode(7)).
const STICKY: u32 = 0o1000;

/// Returns why somebody else than us or root could change what was found, if somebody could.
pub fn stranger(found: &Metadata) -> Option<String> {
    if !is_trusted(found.uid()) {
        return Some(format!("it belongs to user {}", found.uid()));
    }
    is_open(found).then(|| {
        let mode = found.mode() & 0o7777;
        match found.mode() & 0o002 {
            0 => format!("group {} may write it (mode {mode:04o})", found.gid()),
            _ => format!("every user may write it (mode {mode:04o})"),
        }
    })
}

/// Returns by which folder on the way to a file somebody else could put another one in its place,
/// if there is such a folder.
///
/// # Errors
/// When the way cannot be looked at.
pub fn exposure(path: &Path) -> io::Result<Option<String>> {
    let written = std::path::absolute(path)?;
    let real = fs::canonicalize(path)?;
    for step in written.ancestors().chain(real.ancestors().skip(1)) {
        let found = fs::symlink_metadata(step)?;
        let exposed = if found.is_dir() {
            stranger(&found).filter(|_| !is_trusted(found.uid()) || found.mode() & STICKY == 0)
        } else {
            // A link; of the file itself its reader has judged what it opened.
            (!is_trusted(found.uid())).then(|| format!("it belongs to user {}", found.uid()))
        };
        if let Some(why) = exposed {
            return Ok(Some(format!("{}: {why}", step.display())));
        }
    }
    Ok(None)
}

/// Whether others than the owner and the owner's or our group may write it.
pub fn is_open(found: &Metadata) -> bool {
    let group_ours = found.gid() == 0 || found.gid() == getegid().as_raw();
    found.mode() & 0o002 != 0 || (found.mode() & 0o020 != 0 && !group_ours)
}

fn is_trusted(user: u32) -> bool {
    user == 0 || user == geteuid().as_raw()
}
