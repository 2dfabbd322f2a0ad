//! What an earlier version kept beside the promotion file is taken over once.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::base::refusal::Refusal;
use crate::config::Files;
use crate::store::file::{self, Foreign, beside};
use crate::store::journal;

/// More than any list: sixteen million accounts with names of 64 bytes.
const FILE_MAX: u64 = 1024 * 1024 * 1024;

/// Moves journal and account list into the state folder, unless there is a journal there already.
///
/// # Errors
/// When they are damaged, or cannot be moved.
pub(super) fn adopt(files: &Files) -> Result<(), Refusal> {
    let (old, new) = (&files.promotion, &files.record());
    let journal = beside(old, journal::SUFFIX);
    if journal::read(&beside(new, journal::SUFFIX), Foreign::Leave)?.is_some()
        || journal::read(&journal, Foreign::Move)?.is_none()
    {
        return Ok(());
    }
    // The journal goes last: as long as it is there, all is to be taken over.
    let lists = [".accounts", journal::SUFFIX];
    for (from, to) in lists.map(|suffix| (beside(old, suffix), beside(new, suffix))) {
        if let Some(file) = file::open(&from, Foreign::Move)? {
            copy(file, &to).map_err(|error| {
                Refusal::io(error, format!("cannot take {} over", from.display()))
            })?;
            file::remove(&from)?;
            log::info!("file={} taken-over={}", from.display(), to.display());
        }
    }
    Ok(())
}

fn copy(file: File, to: &Path) -> io::Result<()> {
    let mut bounded = file.take(FILE_MAX);
    file::replace_by(to, |copy| io::copy(&mut bounded, copy).map(|_| ()))
}
