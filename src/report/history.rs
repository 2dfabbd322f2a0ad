//! Past runs: one JSON document per line. A convenience for people: nothing is decided from it,
//! and a run that cannot write it says so and goes on.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::Mode;

use crate::base::grow;
use crate::config::History;
use crate::report::record::Report;
use crate::store::file;
use crate::store::lock::{self, Held};

/// A line of a quiet run is about this long; the file is trimmed when it could hold twice `keep`.
const LINE_BYTES: u64 = 700;

/// How long another habeat may be at the file: a line is written, or a thousand are read, in less.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a waiting run looks.
const TICK: Duration = Duration::from_millis(10);

/// Appends a run. Two roles of a node may share a file: they take turns.
///
/// # Errors
/// When the file cannot be written, or another habeat does not let go of it.
pub fn append(history: &History, report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    let mut file = open_alone(&history.file)?;
    file.write_all(&line)?;
    let keep = u64::try_from(history.keep).unwrap_or(u64::MAX);
    if file.metadata()?.len() > keep.saturating_mul(2 * LINE_BYTES) {
        trim(&history.file, history.keep)?;
    }
    Ok(())
}

/// Opens the file and holds its lock, which ends with it.
fn open_alone(path: &Path) -> std::io::Result<File> {
    let end = Instant::now() + PATIENCE;
    loop {
        let file = open(path)?;
        match lock::try_hold(&file)? {
            // Whoever trimmed it meanwhile has put another file in its place.
            Held::Ours if is_at(&file, path) => return Ok(file),
            Held::Ours | Held::Taken => {}
        }
        if Instant::now() >= end {
            let why = "another habeat does not let go of it";
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, why));
        }
        thread::sleep(TICK);
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let name = |found: Metadata| (found.dev(), found.ino());
    let ours = file.metadata().map(name).ok();
    ours.is_some() && ours == fs::metadata(path).map(name).ok()
}

fn open(path: &Path) -> std::io::Result<File> {
    let open = || grow::open(path, Mode::RUSR | Mode::WUSR);
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
