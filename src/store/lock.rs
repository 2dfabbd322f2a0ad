//! One run at a time. The only file that knows fs2.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::anyhow;
use fs2::FileExt;
use rustix::fs::{Mode, OFlags};

use crate::base::refusal::{Code, Refusal};
use crate::config::Files;
use crate::store::file::{self, beside};
use crate::store::folder;

/// Somebody may remove the name while it is locked, but not as often as this.
const TRIES: u32 = 16;
/// What keeps everybody else from opening the file, and so from holding its lock.
const OTHERS: u32 = 0o077;
const SUFFIX: &str = ".lock";

/// Proof that only one habeat runs with these state files. Ends with the process, however it ends.
///
/// Two locks, since a name can be removed while a run is at work: that of the file, and that of its
/// folder.
#[derive(Debug)]
pub struct RunLock {
    _held: Vec<File>,
}

impl RunLock {
    /// Takes the lock in the state folder, or refuses at once. The file is never deleted.
    ///
    /// # Errors
    /// `Busy` when another run holds it; otherwise when the folder or the file cannot be made or is
    /// not ours.
    pub fn take(files: &Files) -> Result<Self, Refusal> {
        let folder = folder::prepare(files)?;
        let path = beside(&files.record(), SUFFIX);
        let refused = |error: io::Error| {
            Refusal::io(
                error,
                format!("cannot use the lock file {}", path.display()),
            )
        };
        let mut held = vec![hold(folder, &files.folder())?];
        held.push(lock_name(&path, refused)?);
        held.extend(legacy(&beside(&files.promotion, SUFFIX))?);
        Ok(Self { _held: held })
    }
}

fn lock_name(path: &Path, refused: impl Fn(io::Error) -> Refusal) -> Result<File, Refusal> {
    for _ in 0..TRIES {
        let file = hold(open(path).map_err(&refused)?, path)?;
        if file::is_at(&file, path) {
            return Ok(file);
        }
    }
    Err(refused(io::Error::other("it is replaced again and again")))
}

fn hold(file: File, path: &Path) -> Result<File, Refusal> {
    match try_hold(&file) {
        Ok(Held::Ours) => Ok(file),
        Ok(Held::Taken) => Err(Refusal {
            code: Code::Busy,
            error: anyhow!("another run holds the lock {}", path.display()),
        }),
        Err(error) => Err(Refusal::io(
            error,
            format!("cannot lock {}", path.display()),
        )),
    }
}

/// Holds the lock of an earlier version, which may be at work, and then takes its name away.
fn legacy(path: &Path) -> Result<Option<File>, Refusal> {
    let Some(file) = file::open(path, file::Foreign::Move)? else {
        return Ok(None);
    };
    let refused = |error| Refusal::io(error, format!("cannot use {}", path.display()));
    let found = file.metadata().map_err(refused)?;
    if found.mode() & OTHERS != 0 {
        let why = "others may open it, and hold its lock";
        file::set_aside(path, &found, why).map_err(refused)?;
        return Ok(None);
    }
    let file = hold(file, path)?;
    file::remove(path)?;
    Ok(Some(file))
}

/// Takes the kernel's lock on an open file, unless somebody has it. Ends with the file.
///
/// # Errors
/// When there is no lock to be had on such a file.
pub fn try_hold(file: &File) -> io::Result<Held> {
    // Named in full: `File` has methods of the same names since Rust 1.89.
    held(FileExt::try_lock_exclusive(file))
}

fn held(answer: io::Result<()>) -> io::Result<Held> {
    match answer {
        Ok(()) => Ok(Held::Ours),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Held::Taken),
        Err(error) => Err(error),
    }
}

/// Whose a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// We have it now.
    Ours,
    /// Another process has it.
    Taken,
}

/// Opens the file, made where there is none; one that others may open is none of ours.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return file::create(path),
        Err(error) => return Err(error),
    };
    let exposed = || (found.mode() & OTHERS != 0).then(|| "others may open it".to_owned());
    if let Some(why) = file::strangeness(&found).or_else(exposed) {
        file::set_aside(path, &found, &why)?;
        return file::create(path);
    }
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        Err(rustix::io::Errno::NOENT) => file::create(path),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests;
