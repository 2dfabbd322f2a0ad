//! Files in a folder that anybody may write to. What is not ours is reported, moved out of the way
//! and never believed; what is ours is replaced in one step.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::base::refusal::Refusal;
use crate::base::{owner, unguessable};

/// State documents are a few hundred bytes; a larger one is not ours.
pub const DOCUMENT_MAX: u64 = 64 * 1024;
/// What we make for ourselves alone.
const MODE: u32 = 0o600;
/// A neighbour may put something in our way as often as it is moved; none is as fast as this often.
const TRIES: u32 = 64;
/// The end of the name of a draft, after the number that makes it unguessable.
const DRAFT: &str = "new";
/// Files of one folder that are looked at for drafts of killed runs.
const SWEPT: usize = 10_000;

/// What becomes of a file that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// It is moved out of the way.
    Move,
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
/// When a file of ours cannot be opened.
pub fn open(path: &Path, foreign: Foreign) -> Result<Option<File>, Refusal> {
    // Looked at before it is opened: to open a device may do something.
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error, "look at", path)),
    };
    if let Some(why) = strangeness(&found) {
        disown(path, &found, &why, foreign);
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => File::from(descriptor),
        // Gone or replaced since it was looked at: by somebody else, for nobody of ours does that.
        Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(None),
        Err(errno) => return Err(refused(errno.into(), "open", path)),
    };
    let found = file.metadata();
    let found = found.map_err(|error| refused(error, "look at", path))?;
    match strangeness(&found) {
        None => Ok(Some(file)),
        Some(why) => {
            disown(path, &found, &why, foreign);
            Ok(None)
        }
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
    replace_by(path, |file| file.write_all(bytes)).map_err(|error| refused(error, "write", path))
}

/// Replaces a file, as [`replace`], by what `write` writes.
///
/// # Errors
/// When it cannot be written; the old content is then untouched.
pub fn replace_by(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let draft = beside(path, &format!(".{}.{DRAFT}", unguessable::word()?));
    let finish = |mut file: File| {
        write(&mut file)?;
        file.sync_all()?;
        take_place(&draft, path)?;
        sync_folder(path)
    };
    let written = create(&draft).and_then(finish);
    match &written {
        // A folder that others may fill is read only where something was written.
        Ok(()) => sweep(path),
        Err(_) => drop(fs::remove_file(&draft)),
    }
    written
}

/// Renames, whatever stands at the new name: what cannot be replaced is moved out of the way.
fn take_place(draft: &Path, path: &Path) -> io::Result<()> {
    for _ in 0..TRIES {
        // A folder, empty or not, is the only thing that rename(2) does not replace by a file.
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => {
                set_aside(path, &found, "it is a directory")?;
            }
            Ok(_) | Err(_) => match fs::rename(draft, path) {
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
                renamed => return renamed,
            },
        }
    }
    fs::rename(draft, path)
}

/// Creates a file that did not exist, for us alone whatever the umask. What is in its place is
/// removed if it is ours, and else moved out of the way.
///
/// # Errors
/// When the name stays taken or the file cannot be created.
pub fn create(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for _ in 0..TRIES {
        match rustix::fs::open(path, flags, Mode::from_raw_mode(MODE)) {
            Ok(descriptor) => {
                let file = File::from(descriptor);
                file.set_permissions(fs::Permissions::from_mode(MODE))?;
                return Ok(file);
            }
            Err(Errno::EXIST) => clear(path)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn clear(path: &Path) -> io::Result<()> {
    let cleared = fs::symlink_metadata(path).and_then(|found| match strangeness(&found) {
        None => fs::remove_file(path),
        Some(why) => set_aside(path, &found, &why),
    });
    match cleared {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        cleared => cleared,
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
    match strangeness(&file.metadata()?) {
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

/// Removes the drafts of a file that killed runs left: a convenience, and never a reason to fail.
fn sweep(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    let entries = fs::read_dir(folder).into_iter().flatten().take(SWEPT);
    let is_draft_of = |entry: &fs::DirEntry| {
        is_draft(
            &entry.file_name().to_string_lossy(),
            &name.to_string_lossy(),
        )
    };
    for entry in entries.flatten().filter(is_draft_of) {
        // Of the entry itself, a link is not followed.
        let ours = entry.metadata().is_ok_and(|it| strangeness(&it).is_none());
        if ours && fs::remove_file(entry.path()).is_ok() {
            log::info!("file={} leftover=removed", entry.path().display());
        }
    }
}

fn is_draft(name: &str, of: &str) -> bool {
    let number = name.strip_prefix(of).and_then(|it| it.strip_prefix('.'));
    let number = number.and_then(|it| it.strip_suffix(DRAFT)?.strip_suffix('.'));
    number.is_some_and(|it| it.len() == 32 && it.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// Makes a name in the file's folder durable.
///
/// # Errors
/// When the folder cannot be synced.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    File::open(folder)?.sync_all()
}

/// Whether a name leads to the open file.
pub fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => same(&open, &named),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// Returns why what was found cannot be a file of ours, if it cannot.
pub fn strangeness(found: &Metadata) -> Option<String> {
    let ours = geteuid().as_raw();
    match FileType::from_raw_mode(found.mode()) {
        FileType::RegularFile => {}
        FileType::Symlink => return Some("it is a symbolic link".into()),
        FileType::Directory => return Some("it is a directory".into()),
        FileType::Fifo => return Some("it is a pipe".into()),
        FileType::Socket => return Some("it is a socket".into()),
        FileType::CharacterDevice | FileType::BlockDevice => return Some("it is a device".into()),
        FileType::Unknown => return Some("it is not a regular file".into()),
    }
    if found.uid() != ours {
        return Some(format!("it belongs to user {}, not to {ours}", found.uid()));
    }
    if found.nlink() != 1 {
        return Some(format!("it has {} links", found.nlink()));
    }
    let mode = found.mode() & 0o7777;
    owner::is_open(found).then(|| format!("others may write it (mode {mode:04o})"))
}

fn disown(path: &Path, judged: &Metadata, why: &str, foreign: Foreign) {
    match foreign {
        Foreign::Leave => log::warn!("file={} foreign=ignored cause={why:?}", path.display()),
        Foreign::Move => {
            // Not believed in any case: whoever put it there shall not hold us up.
            if let Err(error) = set_aside(path, judged, why) {
                let file = path.display();
                log::warn!(
                    "file={file} foreign=ignored cause={why:?} error={:?}",
                    error.to_string()
                );
            }
        }
    }
}

/// Moves what was judged not to be ours to a name that nobody knows, in the same folder.
///
/// # Errors
/// When it stays.
pub fn set_aside(path: &Path, judged: &Metadata, why: &str) -> io::Result<()> {
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    hidden.push(format!(".{}.foreign", unguessable::word()?));
    let aside = path.with_file_name(hidden);
    match fs::rename(path, &aside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        moved => moved?,
    }
    let moved = fs::symlink_metadata(&aside)?;
    if !same(&moved, judged) && strangeness(&moved).is_none() {
        // It was replaced after it was judged, by one of ours.
        return fs::rename(&aside, path);
    }
    log::warn!(
        "file={} foreign=moved to={} cause={why:?}",
        path.display(),
        aside.display()
    );
    Ok(())
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

fn refused(error: io::Error, verb: &str, path: &Path) -> Refusal {
    Refusal::io(error, format!("cannot {verb} {}", path.display()))
}
