//! Decides whether a command that ended has done its work. Exit 0 is not proof.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::act::envelope::{self, Unread, printable};
use crate::base::command::{Finished, Outcome};

/// How a command's result is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// The exit status alone.
    Exit,
    /// Exit status 0, and no known error text, and no error in a JSON envelope if there is one.
    Carbonio,
    /// As `Carbonio`, and there must be a JSON envelope with a `response`.
    CarbonioJson,
    /// Exit status 0 and no `ERROR:` line.
    Zmprov,
}

/// What the command line says, even with exit 0, when the local mailboxd does not answer
/// (carbonio-core-utils, `src/bin/advanced_status.sh` looks for this text).
const NO_SERVER: &str = "Unable to communicate with server";

/// What the wrapper `/opt/zextras/bin/carbonio` says to any other user
/// (carbonio-core-utils, `src/bin/carbonio.sh`).
const WRONG_USER: &str = "Please run as zextras user";

/// What the old control scripts say where systemd is in charge (carbonio-core-utils,
/// `src/bin/shutil.sh`).
const SYSTEMD_RULES: &str = "Services are now handled by systemd";

/// How a line of `zmprov`'s errors begins (carbonio-mailbox, `ProvUtil.java`).
const ERROR_LINE: &str = "ERROR:";

/// Texts of failure, wherever they stand in a line.
const FAILURES: [&str; 3] = [NO_SERVER, WRONG_USER, SYSTEMD_RULES];

/// How much is searched for texts at either end of a large output.
const WINDOW: u64 = 64 << 10;

/// Judges a finished command. Reads its output, bounded, from the start; rewinds it afterwards.
///
/// A command that did not end with status 0 keeps its outcome, whatever it printed; its words
/// are for [`complaint`].
#[must_use]
pub fn judge(judge: Judge, finished: &mut Finished) -> Outcome {
    if !finished.outcome.is_ok() {
        if let Some(said) = complaint(finished) {
            log::debug!("outcome={:?} said={said:?}", finished.outcome.to_string());
        }
        return finished.outcome.clone();
    }
    let found = match judge {
        Judge::Exit => Ok(()),
        Judge::Zmprov => no_failure(finished, &[]),
        Judge::Carbonio => no_failure(finished, &FAILURES).and_then(|()| no_refusal(finished)),
        Judge::CarbonioJson => no_failure(finished, &FAILURES).and_then(|()| response(finished)),
    };
    let found = found.and_then(|()| rewind(finished));
    found.map_or_else(Outcome::BadOutput, |()| Outcome::Ok)
}

/// Whether a command ended with status 0, is all there, and says no text of failure.
///
/// # Errors
/// What it came to instead.
pub(crate) fn sound(finished: &Finished) -> Result<(), Outcome> {
    match &finished.outcome {
        Outcome::Ok => no_failure(finished, &FAILURES).map_err(Outcome::BadOutput),
        failed @ (Outcome::Exit(_)
        | Outcome::Signal(_)
        | Outcome::TimedOut
        | Outcome::Stopped
        | Outcome::SpawnFailed(_)
        | Outcome::Unjournalled(_)
        | Outcome::BadOutput(_)
        | Outcome::Skipped(_)) => Err(failed.clone()),
    }
}

/// Returns the first error text that means something to a person, at most 200 printable
/// characters: the message in the JSON answer, a known text, or else the first line of standard
/// error, or of standard output if the command failed.
#[must_use]
pub fn complaint(finished: &Finished) -> Option<String> {
    let from_json = finished
        .stdout
        .as_ref()
        .and_then(|output| envelope::find(output, &mut Unread("")).ok().flatten())
        .and_then(|answer| answer.refusal());
    let from_text = || {
        let windows = windows(finished).unwrap_or_default();
        let known = windows.iter().find_map(|window| window.failure(&FAILURES));
        let stderr = || first_line(&finished.stderr);
        let stdout = || {
            let head = windows.get(1).filter(|_| !finished.outcome.is_ok())?;
            first_line(&head.text)
        };
        known.or_else(stderr).or_else(stdout)
    };
    let said = from_json.or_else(from_text);
    rewind(finished).ok();
    said
}

/// Nothing is cut, and no text of failure is in it.
fn no_failure(finished: &Finished, texts: &[&str]) -> Result<(), String> {
    if finished.truncated {
        return Err("it printed more than can be kept".to_owned());
    }
    let windows = windows(finished).map_err(|err| format!("cannot read it back: {err}"))?;
    match windows.iter().find_map(|window| window.failure(texts)) {
        Some(line) => Err(line),
        None => Ok(()),
    }
}

/// If there is a JSON answer, it is not an error.
fn no_refusal(finished: &Finished) -> Result<(), String> {
    answer(finished).map(|_| ())
}

/// There is a JSON answer with a `response`.
fn response(finished: &Finished) -> Result<(), String> {
    match answer(finished)? {
        Some(answer) if answer.response => Ok(()),
        Some(_) => Err("the JSON answer has no `response`".to_owned()),
        None => Err("there is no JSON answer in the output".to_owned()),
    }
}

fn answer(finished: &Finished) -> Result<Option<envelope::Envelope>, String> {
    let Some(output) = &finished.stdout else {
        return Ok(None);
    };
    let answer = envelope::find(output, &mut Unread(""))?;
    match answer.as_ref().and_then(envelope::Envelope::refusal) {
        Some(refusal) => Err(refusal),
        None => Ok(answer),
    }
}

fn rewind(finished: &Finished) -> Result<(), String> {
    let Some(mut output) = finished.stdout.as_ref() else {
        return Ok(());
    };
    output
        .rewind()
        .map_err(|err| format!("cannot read it back: {err}"))
}

/// A piece of what a command printed.
struct Window {
    text: String,
    /// Whether it begins where a line begins.
    line_start: bool,
}

impl Window {
    /// Returns the first line with one of `texts`, from there on, or that begins with `ERROR:`.
    fn failure(&self, texts: &[&str]) -> Option<String> {
        self.text.lines().enumerate().find_map(|(number, line)| {
            let whole = number > 0 || self.line_start;
            if whole && line.starts_with(ERROR_LINE) {
                return Some(printable(line));
            }
            let at = texts.iter().find_map(|text| line.find(text))?;
            line.get(at..).map(printable)
        })
    }
}

/// Standard error, then standard output: all of it, or both its ends.
fn windows(finished: &Finished) -> io::Result<Vec<Window>> {
    let mut windows = vec![Window {
        text: finished.stderr.clone(),
        line_start: true,
    }];
    let Some(output) = &finished.stdout else {
        return Ok(windows);
    };
    let length = output.metadata()?.len();
    windows.push(window(output, 0)?);
    if length > WINDOW {
        windows.push(window(output, WINDOW.max(length - WINDOW))?);
    }
    Ok(windows)
}

fn window(mut output: &File, from: u64) -> io::Result<Window> {
    // One byte more: after a line break, a line begins.
    let before = from.saturating_sub(1);
    output.seek(SeekFrom::Start(before))?;
    let mut bytes = Vec::new();
    output
        .take(WINDOW + from - before)
        .read_to_end(&mut bytes)?;
    Ok(Window {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        line_start: from == 0,
    })
}

/// Returns the first line with a word in it.
fn first_line(text: &str) -> Option<String> {
    text.lines()
        .find(|line| line.chars().any(char::is_alphanumeric))
        .map(printable)
}

#[cfg(test)]
mod tests;
