//! A program of the admin's own: exit 0 is up; exit 1 with a reason and without a complaint is
//! down; anything else is a doubt.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{Doubt, DoubtKind, Provider, Question, Testimony, Voice};
use crate::base::command::{Finished, Outcome, Runner};
use crate::base::deadline::Deadline;
use crate::base::logging::word;

/// Tells the program which name it is asked for.
const HOST: &str = "HABEAT_HOST";

/// Where output is kept, in a file without a name. Unlike `/tmp` it is seldom in memory.
const SPOOL: &str = "/var/tmp";

/// The output that is kept. Only its first line is read.
const KEPT: u64 = 4096;

/// The characters of a reason that are shown.
const SHOWN: usize = 200;

/// Between SIGTERM and SIGKILL, at the most; never more than a quarter of the whole time.
const GRACE: Duration = Duration::from_secs(1);

/// What a killed program has to be gone, at the most; never more than an eighth of the whole time.
const FAREWELL: Duration = Duration::from_millis(100);

/// As the config has it: a program and its arguments.
impl Provider for Vec<String> {
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt> {
        ask(self, question.host, question.deadline)
    }
}

/// Asks about `host`; returns the name it is known by, and what was said of it.
fn ask(argv: &[String], host: &str, deadline: Deadline) -> Result<(String, Testimony), Doubt> {
    let left = deadline.left();
    let grace = GRACE.min(left / 4);
    let within = left - grace - FAREWELL.min(left / 8);
    let runner = Runner {
        stop: Arc::new(AtomicBool::new(false)),
        grace,
        environment: vec![(HOST.to_owned(), host.to_owned())],
        spool_dir: PathBuf::from(SPOOL),
        gate: None,
    };
    let mut finished = runner.run_keeping(KEPT, argv, within);
    let reason = finished.stdout.take().and_then(first_line);
    let testimony = judge(&finished, reason.as_deref())?;
    let program = argv.first().map_or("", String::as_str);
    log::info!(
        "program={} host={} testimony={:?} said={:?}",
        word(program),
        word(host),
        testimony.to_string(),
        reason.unwrap_or_default()
    );
    Ok((host.to_owned(), testimony))
}

/// `reason` is the first line of standard output that has something on it.
fn judge(finished: &Finished, reason: Option<&str>) -> Result<Testimony, Doubt> {
    let complaint = last_line(&finished.stderr);
    let (kind, what) = match &finished.outcome {
        Outcome::Ok => return Ok(Testimony::Up),
        // Many interpreters end with 1 when a script breaks, often after a first line of output.
        Outcome::Exit(1) if !finished.stderr.is_empty() => {
            let what = "exit 1 with something on standard error: that is how a script breaks";
            return Err(about(DoubtKind::Unclear, what, complaint.as_deref()));
        }
        Outcome::Exit(1) if reason.is_none() => (
            DoubtKind::Unclear,
            "exit 1 without a reason on standard output: that is how a script breaks".to_owned(),
        ),
        Outcome::Exit(1) => return Ok(Testimony::Down(Voice::Proven)),
        Outcome::SpawnFailed(why) => (DoubtKind::Unusable, format!("could not start: {why}")),
        Outcome::TimedOut => (
            DoubtKind::Timeout,
            "had not ended in time, and was ended".to_owned(),
        ),
        other @ (Outcome::Exit(_)
        | Outcome::Signal(_)
        | Outcome::Stopped
        | Outcome::Unjournalled(_)
        | Outcome::BadOutput(_)
        | Outcome::Skipped(_)) => (DoubtKind::Unclear, other.to_string()),
    };
    Err(about(kind, &what, reason.or(complaint.as_deref())))
}

fn about(kind: DoubtKind, what: &str, said: Option<&str>) -> Doubt {
    let said = said.map_or_else(String::new, |said| format!(": {said}"));
    Doubt::new(kind, format!("{what}{said}"))
}

fn first_line(from: File) -> Option<String> {
    let mut bytes = Vec::new();
    from.take(KEPT).read_to_end(&mut bytes).ok()?;
    String::from_utf8_lossy(&bytes).lines().find_map(printable)
}

fn last_line(text: &str) -> Option<String> {
    text.lines().rev().find_map(printable)
}

/// Returns what of a line can be shown, if anything.
fn printable(line: &str) -> Option<String> {
    let clean = line.replace(char::is_control, " ");
    let shown: String = clean.trim().chars().take(SHOWN).collect();
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests;
