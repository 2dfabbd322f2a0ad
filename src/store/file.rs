//! Files in a folder that anybody may write to. What is not ours is reported, removed and never
//! believed; what is ours is replaced in one step.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::process::{getegid, geteuid};

use crate::base::refusal::Refusal;

/// State documents are a few hundred bytes; a larger one is not ours.
pub const DOCUMENT_MAX: u64 = 64 * 1024;
/// The draft of a replaced file may be the leftover of a killed run: try again after removing it.
const DRAFT_TRIES: u32 = 3;

/// What becomes of a file that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// It is removed.
    Remove,
    /// It is left alone, and not believed: a dry run touches nothing.
    Leave,
}

/// Returns `path` with `suffix` appended to its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens a file of ours for reading; `None` when there is none, or none of ours.
///
/// # Errors
/// When the file cannot be opened or a foreign one cannot be removed.
pub fn open(path: &Path, foreign: Foreign) -> Result<Option<File>, Refusal> {
    // O_NONBLOCK: a FIFO put in our way must not hold us.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => {
            let file = File::from(descriptor);
            match strangeness(&file).map_err(|error| refused(error, "look at", path))? {
                None => Ok(Some(file)),
                Some(why) => disown(path, &why, foreign).map(|()| None),
            }
        }
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(rustix::io::Errno::LOOP) => {
            disown(path, "it is a symbolic link", foreign).map(|()| None)
        }
        Err(rustix::io::Errno::NXIO) => disown(path, "it is a socket", foreign).map(|()| None),
        Err(errno) => Err(refused(errno.into(), "open", path)),
    }
}

/// Reads a small file of ours; `None` when there is none, or none of ours.
///
/// # Errors
/// As [`open`], and when the file cannot be read or is too large.
pub fn read(path: &Path, foreign: Foreign) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(file) = open(path, foreign)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(DOCUMENT_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(error, "read", path))?;
    if bytes.len() as u64 > DOCUMENT_MAX {
        let text = format!(
            "the state file {} is larger than any of ours",
            path.display()
        );
        return Err(Refusal::unusable(anyhow!(text)));
    }
    Ok(Some(bytes))
}

/// Replaces a file in one step: a reader sees the old content or the new one, whole and durable.
///
/// # Errors
/// When it cannot be written; the old content is then untouched.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    let draft = beside(path, ".new");
    let write = || -> io::Result<()> {
        let mut file = create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_folder(path)
    };
    write().map_err(|error| refused(error, "write", path))
}

/// Creates a file that did not exist, for us alone. A leftover or a trap in its place is removed.
///
/// # Errors
/// When the name stays taken or the file cannot be created.
pub fn create(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut tries = 0;
    loop {
        match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
            Ok(descriptor) => return Ok(File::from(descriptor)),
            Err(rustix::io::Errno::EXIST) if tries < DRAFT_TRIES => {
                tries += 1;
                fs::remove_file(path)?;
            }
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Opens a file of ours for reading and appending.
///
/// # Errors
/// When there is none of ours, or it cannot be opened.
pub fn open_append(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(
        path,
        flags | OFlags::NONBLOCK,
        Mode::empty(),
    )?);
    match strangeness(&file)? {
        None => Ok(file),
        Some(why) => Err(io::Error::other(why)),
    }
}

/// Removes a file, durably. That there is none is fine.
///
/// # Errors
/// When it stays.
pub fn remove(path: &Path) -> Result<(), Refusal> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path).map_err(|error| refused(error, "remove", path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused(error, "remove", path)),
    }
}

/// Makes a name in the file's folder durable.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    File::open(folder)?.sync_all()
}

/// Returns why an open file cannot be one of ours, if it cannot.
pub fn strangeness(file: &File) -> io::Result<Option<String>> {
    let found = file.metadata()?;
    let ours = geteuid().as_raw();
    let group_ours = found.gid() == getegid().as_raw();
    Ok(
        if FileType::from_raw_mode(found.mode()) != FileType::RegularFile {
            Some("it is not a regular file".into())
        } else if found.uid() != ours {
            Some(format!("it belongs to user {}, not to {ours}", found.uid()))
        } else if found.nlink() != 1 {
            Some(format!("it has {} links", found.nlink()))
        } else if found.mode() & 0o002 != 0 || (found.mode() & 0o020 != 0 && !group_ours) {
            Some(format!(
                "others may write it (mode {:04o})",
                found.mode() & 0o7777
            ))
        } else {
            None
        },
    )
}

fn disown(path: &Path, why: &str, foreign: Foreign) -> Result<(), Refusal> {
    match foreign {
        Foreign::Leave => {
            log::warn!("file={} foreign=ignored cause={why:?}", path.display());
            Ok(())
        }
        Foreign::Remove => {
            log::warn!("file={} foreign=removed cause={why:?}", path.display());
            fs::remove_file(path).map_err(|error| refused(error, "remove the foreign file", path))
        }
    }
}

fn refused(error: io::Error, verb: &str, path: &Path) -> Refusal {
    Refusal::io(error, format!("cannot {verb} {}", path.display()))
}
