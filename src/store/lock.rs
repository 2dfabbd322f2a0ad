//! One run at a time. The only file that knows fs2.

use std::fs::File;
use std::io;
use std::path::Path;

use fs2::FileExt;
use rustix::fs::{Mode, OFlags};

use crate::base::refusal::{Code, Refusal};
use crate::store::file::{beside, strangeness};

/// Proof that only one habeat runs with these state files. Ends with the process, however it ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock that lies beside the promotion file, or refuses at once.
    ///
    /// The file is never deleted: deleting it would let two runs hold two files.
    ///
    /// # Errors
    /// `Busy` when another run holds it; otherwise when the file cannot be made or is not ours.
    pub fn take(promotion: &Path) -> Result<Self, Refusal> {
        let path = beside(promotion, ".lock");
        let refused = |error: io::Error| {
            Refusal::io(
                error,
                format!("cannot use the lock file {}", path.display()),
            )
        };
        let file = open(&path).map_err(refused)?;
        match try_hold(&file).map_err(refused)? {
            Held::Ours => Ok(Self { _file: file }),
            Held::Taken => Err(Refusal {
                code: Code::Busy,
                error: anyhow::anyhow!("another run holds the lock {}", path.display()),
            }),
        }
    }
}

/// Takes the kernel's lock on an open file, unless somebody has it. Ends with the file.
///
/// # Errors
/// When there is no lock to be had on such a file.
pub fn try_hold(file: &File) -> io::Result<Held> {
    // Named in full: `File` has methods of the same names since Rust 1.89.
    match FileExt::try_lock_exclusive(file) {
        Ok(()) => Ok(Held::Ours),
        Err(error) if error.kind() == fs2::lock_contended_error().kind() => Ok(Held::Taken),
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

fn open(path: &Path) -> io::Result<File> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map(File::from);
    let why = match opened {
        Ok(file) => match strangeness(&file)? {
            None => return Ok(file),
            Some(why) => why,
        },
        Err(rustix::io::Errno::LOOP) => "it is a symbolic link".to_owned(),
        Err(rustix::io::Errno::NXIO) => "it is a pipe or a socket".to_owned(),
        // A file of another user in a sticky folder (sysctl fs.protected_regular).
        Err(rustix::io::Errno::ACCESS) if foreign_owner(path) => "it is another user's".to_owned(),
        Err(errno) => return Err(errno.into()),
    };
    log::warn!("file={} foreign=removed cause={why:?}", path.display());
    std::fs::remove_file(path)?;
    let fresh = rustix::fs::open(path, flags | OFlags::EXCL, Mode::RUSR | Mode::WUSR)?;
    Ok(File::from(fresh))
}

fn foreign_owner(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path)
        .is_ok_and(|found| found.uid() != rustix::process::geteuid().as_raw())
}
