//! A program that takes its time and does nothing else, in place of `zmprov`: this benchmark,
//! under another name. A shell script would take milliseconds more than it says.

use std::env;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::measure::{command, median, wall};

/// What its name begins with; the rest is how long it sleeps, in microseconds.
const NAME: &str = "zmprov-";
/// Starts that are measured.
const STARTS: usize = 101;

/// What a start and an end alone take.
static START: OnceLock<Duration> = OnceLock::new();

/// Measures what a start and an end alone take, so that [`name`] can take it off.
pub(crate) fn calibrate() -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let idle = folder.path().join(name(Duration::ZERO));
    place(&idle)?;
    let starts = (0..STARTS).map(|_| wall(command([&idle])));
    let start = median(starts.collect::<Result<_>>()?);
    START.get_or_init(|| start);
    Ok(())
}

/// Returns the name under which it takes that long, from its start to its end, when nothing else
/// runs; with zero, as little as it can.
pub(crate) fn name(takes: Duration) -> String {
    let start = START.get().copied().unwrap_or_default();
    format!("{NAME}{}", takes.saturating_sub(start).as_micros())
}

/// Places it at this path.
pub(crate) fn place(path: &Path) -> io::Result<()> {
    symlink(env::current_exe()?, path)
}

/// Plays it, if we are called by such a name; returns whether we are.
pub(crate) fn play() -> bool {
    let Some(called) = env::args_os().next() else {
        return false;
    };
    let sleeps = Path::new(&called)
        .file_name()
        .and_then(|name| name.to_str()?.strip_prefix(NAME)?.parse().ok());
    sleeps.inspect(|&sleeps| thread::sleep(Duration::from_micros(sleeps)));
    sleeps.is_some()
}
