//! The state folder: nobody else may enter what lies in it.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::anyhow;
use rustix::process::geteuid;

use crate::base::owner;
use crate::base::refusal::{Code, Refusal};
use crate::config::Files;

/// What we make for ourselves alone.
const MODE: u32 = 0o700;

/// Makes the folders where there are none; returns the inner one, open.
///
/// # Errors
/// `Privilege` when they cannot be made or are root's; `Unusable` when somebody else could change
/// what lies in them.
pub(super) fn prepare(files: &Files) -> Result<File, Refusal> {
    let outer = &files.state_dir;
    if !found(outer)? {
        let made = DirBuilder::new().recursive(true).mode(MODE).create(outer);
        let make = "cannot make the folder of state_dir";
        made.and_then(|()| chmod(outer))
            .map_err(|error| refused(error, make, outer))?;
    }
    inspect(files)?;
    let inner = files.folder();
    if !found(&inner)? {
        let made = DirBuilder::new().mode(MODE).create(&inner);
        let made = made.or_else(|error| {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            if is_there { Ok(()) } else { Err(error) }
        });
        made.map_err(|error| refused(error, "cannot make the folder", &inner))?;
    }
    require_ours(&inner)?;
    // Whoever can open it could hold its lock.
    let opened = chmod(&inner).and_then(|()| File::open(&inner));
    opened.map_err(|error| refused(error, "cannot open the folder", &inner))
}

/// Looks at the folders, and makes none.
///
/// # Errors
/// As [`prepare`], for those that are there.
pub fn inspect(files: &Files) -> Result<(), Refusal> {
    let outer = &files.state_dir;
    if !found(outer)? {
        return Ok(());
    }
    require_ours(outer)?;
    let exposure = owner::exposure(outer);
    match exposure.map_err(|error| refused(error, "cannot look at the way to", outer))? {
        Some(why) => Err(unusable(outer, &why)),
        None => Ok(()),
    }
}

fn found(folder: &Path) -> Result<bool, Refusal> {
    match fs::symlink_metadata(folder) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(refused(error, "cannot look at the folder", folder)),
    }
}

fn require_ours(folder: &Path) -> Result<(), Refusal> {
    let found = fs::symlink_metadata(folder);
    let found = found.map_err(|error| refused(error, "cannot look at the folder", folder))?;
    match strangeness(&found) {
        None => Ok(()),
        Some(_) if found.is_dir() && found.uid() == 0 && !geteuid().is_root() => Err(Refusal {
            code: Code::Privilege,
            error: anyhow!(
                "the folder {} of state_dir is root's: run habeat as root, or give state_dir a \
                 folder of your own",
                folder.display()
            ),
        }),
        Some(why) => Err(unusable(folder, &why)),
    }
}

fn strangeness(found: &Metadata) -> Option<String> {
    let ours = geteuid().as_raw();
    if !found.is_dir() {
        let kind = if found.is_symlink() {
            "a link"
        } else {
            "a file"
        };
        return Some(format!("it is {kind}, not a folder"));
    }
    if found.uid() != ours {
        return Some(format!("it belongs to user {}, not to {ours}", found.uid()));
    }
    owner::stranger(found)
}

fn chmod(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(MODE))
}

fn unusable(folder: &Path, why: &str) -> Refusal {
    Refusal::unusable(anyhow!(
        "cannot keep state in {}: {why}; nothing was changed; give state_dir a folder that only \
         the user of habeat may write; see docs/runbook.md#state-unusable",
        folder.display()
    ))
}

fn refused(error: io::Error, doing: &str, folder: &Path) -> Refusal {
    let is_denied = error.kind() == io::ErrorKind::PermissionDenied;
    let next = if is_denied {
        ": run habeat as root, or set state_dir"
    } else {
        ""
    };
    Refusal::io(error, format!("{doing} {}{next}", folder.display()))
}
