//! Reads a file whole: bounded, never waiting, and telling who else may read it.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::base::owner;

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
    /// Its permission bits.
    pub(crate) mode: u32,
    /// How somebody else than us or root could change it.
    pub(crate) exposed: Option<String>,
}

impl Source {
    /// Whether every user of the machine may read it.
    pub(crate) fn is_readable_by_all(&self) -> bool {
        self.mode & 0o004 != 0
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// With words that read after "cannot read FILE: ".
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Source> {
    // Without O_NONBLOCK, opening a FIFO waits for a writer (open(2)).
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    let meta = file.metadata()?;
    expect_regular(&meta)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok(Source {
            bytes,
            mode: meta.mode() & 0o7777,
            exposed: owner::stranger(&meta)
                .map_or_else(|| owner::exposure(path), |why| Ok(Some(why)))?,
        });
    }
    Err(io::Error::other(format!("it is larger than {limit} bytes")))
}

fn expect_regular(meta: &Metadata) -> io::Result<()> {
    if meta.is_dir() {
        return Err(io::Error::other("it is a directory; give the file itself"));
    }
    if meta.is_file() {
        return Ok(());
    }
    Err(io::Error::other("it is not a regular file"))
}
