//! What is measured of a program, and with what.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Returns a command for these words.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark starts whole programs, not the steps of a plan"
)]
pub(crate) fn command<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Command {
    let mut words = words.into_iter();
    let mut command = words.next().map_or_else(|| Command::new(""), Command::new);
    command.args(words).stdin(Stdio::null());
    // Cargo sets it for us; the loader would search a dozen folders of Cargo's for each library.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Returns how long a run takes from start to end.
pub(crate) fn wall(mut run: Command) -> Result<Duration> {
    let started = Instant::now();
    let status = run
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", run.get_program().display()))?;
    let took = started.elapsed();
    // 3: the run holds.
    ensure!(matches!(status.code(), Some(0 | 3)), "{run:?}: {status}");
    Ok(took)
}

/// Returns the middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Returns what it is measured on: cores, kernel, and how busy they are with other things.
pub(crate) fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!(
        "{cores} cores, Linux {}, load {load}",
        kernel.trim()
    ))
}

/// Words that put a run under strace(1), which writes its count of system calls to a file.
pub(crate) fn counting(into: &str) -> [&str; 7] {
    ["strace", "-f", "-c", "-U", "calls,name", "-o", into]
}

/// Returns the system calls that a run under [`counting`] made, those of its children included.
pub(crate) fn system_calls(from: &Path) -> Result<u64> {
    let text = fs::read_to_string(from).context("no count by strace; is it installed?")?;
    let total = text.lines().find(|line| line.ends_with(" total"));
    total
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("no total in what strace says: {text}"))
}

/// Words that put a run under time(1), which writes its peak memory to a file. A program of its
/// own, since a child's peak includes that of the parent it was forked from (getrusage(2)).
pub(crate) fn weighing(into: &str) -> [&str; 5] {
    ["/usr/bin/time", "-f", "%M", "-o", into]
}

/// Returns the peak memory, in KiB, of a run under [`weighing`].
pub(crate) fn peak_memory(from: &Path) -> Result<u64> {
    let text = fs::read_to_string(from).context("no figure by time; is it installed?")?;
    let last = text.lines().last().unwrap_or_default();
    last.parse()
        .with_context(|| format!("no number in what time says: {text}"))
}
