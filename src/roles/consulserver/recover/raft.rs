//! The Raft folder: its size, its backup, and `peers.json` in it. The service's own user may write
//! there, so nothing is followed and nothing that is there is written into.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::ground::Prepared;
use crate::roles::consulserver::Recovery;
use crate::store::file;

/// Consul keeps `raft/snapshots/NAME/FILE`.
const DEPTH: u32 = 4;

/// Returns the bytes in a folder.
pub(super) fn size(folder: &Path) -> Result<u64, String> {
    let found = fs::symlink_metadata(folder);
    let found = found.map_err(|error| said(&error, "look at", folder))?;
    if !found.is_dir() {
        // Of a link, the backup would be a link to what the recovery changes.
        return Err(format!("{} is not a folder itself", folder.display()));
    }
    sum(folder, DEPTH).map_err(|error| said(&error, "look at", folder))
}

fn sum(folder: &Path, depth: u32) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        let more = if found.is_dir() && depth > 0 {
            sum(&entry.path(), depth - 1)?
        } else {
            found.len()
        };
        bytes = u64::saturating_add(bytes, more);
    }
    Ok(bytes)
}

/// Returns the bytes that are free beside a folder.
pub(super) fn free(folder: &Path) -> Result<u64, String> {
    let found = rustix::fs::statvfs(folder);
    let found = found.map_err(|errno| said(&errno.into(), "look at", folder))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Removes what a killed run left of a backup.
pub(super) fn clear_draft(recovery: &Recovery) -> Result<(), String> {
    remove_folder(&recovery.draft())
}

/// Makes the draft the backup, durably. The backup of an earlier recovery goes.
pub(super) fn keep_backup(recovery: &Recovery) -> Result<(), String> {
    let (draft, backup) = (recovery.draft(), recovery.backup());
    let keep = || -> io::Result<()> {
        rustix::fs::syncfs(File::open(&draft)?)?;
        fs::rename(&draft, &backup)?;
        file::sync_folder(&backup)
    };
    remove_folder(&backup)?;
    keep().map_err(|error| said(&error, "keep the backup in", &backup))
}

/// Writes the peers where Consul looks for them when it starts. Beside them must be its note about
/// them: without it Consul takes them for a relic of its version 0.7 and removes them unread.
pub(super) fn write_peers(recovery: &Recovery, prepared: &Prepared) -> Result<(), String> {
    let write_all = || -> io::Result<()> {
        let held = hold(&recovery.raft())?;
        let within = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
        let path = within.join("peers.json");
        let (note, draft) = (within.join("peers.info"), file::beside(&path, ".new"));
        if is_absent(&note) {
            let text = "peers.json is read when Consul starts.\n";
            write(&note, &draft, text, prepared.owner)?;
        }
        write(&path, &draft, &prepared.peers, prepared.owner)
    };
    write_all().map_err(|error| said(&error, "write", &recovery.peers()))
}

/// Opens a folder that the service's user could put a link in the place of at any time.
fn hold(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::empty())?)
}

/// Writes a file in one step, by way of its draft.
fn write(path: &Path, draft: &Path, text: &str, owner: Option<(u32, u32)>) -> io::Result<()> {
    let mut file = file::create(draft)?;
    file.write_all(text.as_bytes())?;
    if let Some((user, group)) = owner {
        std::os::unix::fs::fchown(&file, Some(user), Some(group))?;
    }
    file.sync_all()?;
    fs::rename(draft, path)?;
    file::sync_folder(path)
}

/// Removes what is half made: of the backup, and of the peers.
pub(super) fn clear_drafts(recovery: &Recovery) -> Result<(), String> {
    clear_draft(recovery)?;
    let gone = file::remove(&peers_draft(recovery));
    gone.map_err(|refusal| format!("{:#}", refusal.error))
}

fn peers_draft(recovery: &Recovery) -> PathBuf {
    file::beside(&recovery.peers(), ".new")
}

/// Removes the peers, if Consul has not read them.
pub(super) fn remove_peers(recovery: &Recovery) -> Result<(), String> {
    let path = recovery.peers();
    file::remove(&path).map_err(|refusal| format!("{:#}", refusal.error))
}

/// Puts the backup in the place of the Raft folder. Done again after a kill, it comes to the same:
/// while there is a backup, it has not taken its place.
pub(super) fn put_back(recovery: &Recovery) -> Result<(), String> {
    let (raft, backup, failed) = (recovery.raft(), recovery.backup(), recovery.failed());
    if is_absent(&backup) {
        return Ok(());
    }
    if !is_absent(&raft) {
        remove_folder(&failed)?;
        fs::rename(&raft, &failed).map_err(|error| said(&error, "move away", &raft))?;
    }
    fs::rename(&backup, &raft)
        .and_then(|()| file::sync_folder(&raft))
        .map_err(|error| said(&error, "put back", &raft))
}

/// Whether nothing has this name.
pub(super) fn is_absent(path: &Path) -> bool {
    let found = fs::symlink_metadata(path);
    found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn remove_folder(path: &Path) -> Result<(), String> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            fs::remove_file(path).map_err(|error| said(&error, "remove", path))
        }
        Err(error) => Err(said(&error, "remove", path)),
    }
}

fn said(error: &io::Error, verb: &str, path: &Path) -> String {
    format!("cannot {verb} {}: {error}", path.display())
}
