//! Past runs: one JSON document per line. A convenience for people: nothing is decided from it,
//! and a run that cannot write it says so and goes on.

use std::fs::{DirBuilder, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::Mode;

use crate::config::History;
use crate::record::report::Report;
use crate::store::file;

/// A line of a quiet run is about this long; the file is trimmed when it could hold twice `keep`.
const LINE_BYTES: u64 = 700;

/// Appends a run.
///
/// # Errors
/// When the file cannot be written.
pub fn append(history: &History, report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    let mut file = open(&history.file)?;
    file.write_all(&line)?;
    let keep = u64::try_from(history.keep).unwrap_or(u64::MAX);
    if file.metadata()?.len() > keep.saturating_mul(2 * LINE_BYTES) {
        trim(&history.file, history.keep)?;
    }
    Ok(())
}

fn open(path: &Path) -> std::io::Result<File> {
    let open = || file::open_to_grow(path, Mode::RUSR | Mode::WUSR);
    match (open(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == std::io::ErrorKind::NotFound => {
            DirBuilder::new().mode(0o700).create(folder)?;
            open()
        }
        (result, _) => result,
    }
}

/// Keeps the last lines.
fn trim(path: &Path, keep: usize) -> std::io::Result<()> {
    let lines = BufReader::new(File::open(path)?).split(b'\n').count();
    if lines <= keep {
        return Ok(());
    }
    let mut kept = Vec::new();
    for line in BufReader::new(File::open(path)?)
        .split(b'\n')
        .skip(lines - keep)
    {
        kept.extend(line?);
        kept.push(b'\n');
    }
    file::replace(path, &kept).map_err(|refusal| std::io::Error::other(refusal.error))
}
