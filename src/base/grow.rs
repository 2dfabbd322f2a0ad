//! Files that only grow, such as the log.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Opens a file that only grows, such as the log, and makes it if there is none. Whose it is does
/// not matter: nothing is decided from it.
///
/// # Errors
/// When it cannot be opened. A pipe that nobody reads is no file to wait for.
pub fn open(path: &Path, mode: Mode) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags | OFlags::NONBLOCK, mode)?;
    Ok(File::from(opened))
}
