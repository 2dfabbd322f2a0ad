//! Holds a command back until it is written down which process it is.
//!
//! The program starts itself as the child's first image. That one waits for a word from us, and
//! only then becomes the command. If we are killed before, the word never comes and the line
//! closes: the command is never run. So nothing ever runs that the journal does not know.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Ourselves, even if the file has been replaced since (proc(5)).
pub const OURSELVES: &str = "/proc/self/exe";

/// The first argument of the child's first image. No verb, and nothing an operator types.
const HELD: &str = "--held";

/// The child's first word: it leads its own session, and waits.
const READY: u8 = b'r';
/// The answer: it is written down, go.
const GO: u8 = b'g';

/// How long the first image may take to come up. It takes milliseconds.
const COMES_UP: Duration = Duration::from_secs(30);

/// How long a child that got SIGKILL may take to end.
const REAP: Duration = Duration::from_secs(2);

/// What the child's first image exits with when it does not become the command.
const NEVER: u8 = 127;

/// Our end of the line to a child that is held back.
#[derive(Debug)]
pub(super) struct Line(UnixStream);

/// Starts `words` held back. `command` makes a command for a program and its arguments.
pub(super) fn start(
    gate: &OsStr,
    words: &[String],
    command: impl FnOnce(&OsStr, Vec<&OsStr>) -> Command,
) -> io::Result<(Child, Line)> {
    let (ours, theirs) = UnixStream::pair()?;
    let arguments = std::iter::once(OsStr::new(HELD)).chain(words.iter().map(OsStr::new));
    let mut command = command(gate, arguments.collect());
    command
        .arg0("habeat")
        .stdin(Stdio::from(OwnedFd::from(theirs)));
    let mut child = command.spawn()?;
    // With it goes our copy of the other end: the line closes when the child's does.
    drop(command);
    ours.set_read_timeout(Some(COMES_UP))?;
    let mut word = [0];
    match (&ours).read_exact(&mut word) {
        Ok(()) if word == [READY] => Ok((child, Line(ours))),
        Ok(()) | Err(_) => {
            never(Some(Line(ours)), &mut child);
            Err(io::Error::other(format!(
                "{} did not come up to start it",
                gate.display()
            )))
        }
    }
}

impl Line {
    /// Lets the child become the command.
    pub(super) fn go(&self) -> io::Result<()> {
        (&self.0).write_all(&[GO])
    }

    /// Returns why a child that has ended never became the command, if it did not.
    pub(super) fn refusal(&self) -> Option<io::Error> {
        let mut errno = [0; 4];
        self.0.set_nonblocking(true).ok()?;
        (&self.0).read_exact(&mut errno).ok()?;
        Some(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
    }
}

/// Has a child end: without ever becoming the command, if it is held back.
pub(super) fn never(line: Option<Line>, child: &mut Child) {
    drop(line);
    let _ = child.kill();
    let until = Instant::now() + REAP;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Is the child's first image, if that is what this program was started as; returns only if it did
/// not become the command. To be called before anything else.
#[must_use]
pub fn enter() -> Option<u8> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != HELD {
        return None;
    }
    let program = words.next()?;
    // Whom could it tell? The other end finds the line closed.
    let _ = hold(&program, words);
    Some(NEVER)
}

#[expect(
    clippy::disallowed_methods,
    reason = "becomes the program whose start was asked for"
)]
fn hold(program: &OsStr, arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    rustix::process::setsid()?;
    // Closed when we become the command, as all that is not its standard input, output or error.
    let mut line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    line.write_all(&[READY])?;
    let mut word = [0];
    line.read_exact(&mut word)?;
    if word != [GO] {
        return Err(ErrorKind::InvalidData.into());
    }
    let refused = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .exec();
    let errno = refused.raw_os_error().unwrap_or_default();
    line.write_all(&errno.to_ne_bytes())
}
