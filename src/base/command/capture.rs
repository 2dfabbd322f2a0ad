//! Takes in what a running command says: bounded, and never waiting longer than it was told.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::base::unguessable;

/// The standard error that is kept: its end, where a stack trace says what went wrong.
const KEPT_ERRORS: usize = 8 << 10;

/// One read: what a pipe holds by default (pipe(7)).
const CHUNK: usize = 64 << 10;

/// Reads after the end: enough for the largest pipe (1 MiB, `/proc/sys/fs/pipe-max-size`), and
/// no more, because whoever still holds the pipe may write for ever.
const LAST_READS: usize = 32;

/// What a moment of listening brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heard {
    Nothing,
    Output,
    /// A pipe was closed: the child is about to end, or has ended.
    End,
}

/// The two pipes of a command, and what came out of them.
#[derive(Debug)]
pub(super) struct Capture {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    spool: Spool,
    tail: VecDeque<u8>,
    chunk: Vec<u8>,
}

impl Capture {
    pub(super) fn new(child: &mut Child, mut spool: Spool) -> Self {
        let stdout = child.stdout.take().filter(never_blocks);
        spool.cut = stdout.is_none();
        Self {
            stdout,
            stderr: child.stderr.take().filter(never_blocks),
            spool,
            tail: VecDeque::new(),
            chunk: vec![0; CHUNK],
        }
    }

    /// Waits up to `at_most` until the command says something, and takes it in.
    pub(super) fn listen(&mut self, at_most: Duration) -> Heard {
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        let mut pipes: Vec<PollFd<'_>> = [stdout, stderr]
            .into_iter()
            .flatten()
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        match poll(&mut pipes, Timespec::try_from(at_most).ok().as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Heard::Nothing,
            Ok(_) => {}
            Err(_) => thread::sleep(at_most),
        }
        let chunk = &mut self.chunk;
        let (spool, tail) = (&mut self.spool, &mut self.tail);
        let out = take_in(&mut self.stdout, chunk, |bytes| spool.keep(bytes));
        let err = take_in(&mut self.stderr, chunk, |bytes| keep_last(tail, bytes));
        out.max(err)
    }

    /// Takes in what the pipes still hold, without waiting.
    pub(super) fn drain(&mut self) {
        for _ in 0..LAST_READS {
            if self.listen(Duration::ZERO) == Heard::Nothing {
                break;
            }
        }
    }

    /// Returns standard output (rewound), the end of standard error, and whether the former is cut.
    pub(super) fn into_parts(self) -> (Option<File>, String, bool) {
        let (left, right) = self.tail.as_slices();
        let errors = String::from_utf8_lossy(&[left, right].concat()).into_owned();
        let mut file = self.spool.file;
        match file.rewind() {
            Ok(()) => (Some(file), errors, self.spool.cut),
            Err(_) => (None, errors, true),
        }
    }
}

/// Makes reads return at once when there is nothing to read. A pipe that will not is not read.
fn never_blocks(pipe: &impl AsFd) -> bool {
    rustix::io::ioctl_fionbio(pipe, true)
        .inspect_err(|err| log::warn!("a command's output cannot be read: {err}"))
        .is_ok()
}

fn take_in<R: Read>(pipe: &mut Option<R>, chunk: &mut [u8], keep: impl FnOnce(&[u8])) -> Heard {
    let Some(from) = pipe else {
        return Heard::Nothing;
    };
    match from.read(chunk) {
        Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Heard::Nothing
        }
        Ok(0) | Err(_) => {
            *pipe = None;
            Heard::End
        }
        Ok(length) => {
            keep(&chunk[..length]);
            Heard::Output
        }
    }
}

fn keep_last(tail: &mut VecDeque<u8>, bytes: &[u8]) {
    tail.extend(&bytes[bytes.len().saturating_sub(KEPT_ERRORS)..]);
    let over = tail.len().saturating_sub(KEPT_ERRORS);
    tail.drain(..over);
}

/// A file without a name that holds standard output, up to a bound.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    room: u64,
    cut: bool,
}

impl Spool {
    /// Makes one in `folder` that keeps `room` bytes.
    pub(super) fn create(folder: &Path, room: u64) -> io::Result<Self> {
        let file = nameless(folder).or_else(|_| unlinked(folder))?;
        Ok(Self {
            file,
            room,
            cut: false,
        })
    }

    fn keep(&mut self, bytes: &[u8]) {
        let fits = usize::try_from(self.room).map_or(bytes.len(), |room| room.min(bytes.len()));
        self.cut |= fits < bytes.len();
        self.room -= fits as u64;
        if let Err(err) = self.file.write_all(&bytes[..fits]) {
            log::warn!("a command's output cannot be kept and is cut: {err}");
            self.cut = true;
            self.room = 0;
        }
    }
}

/// open(2), `O_TMPFILE`: there is never a name that a killed run could leave behind.
fn nameless(folder: &Path) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file: OwnedFd = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(file.into())
}

/// For file systems without `O_TMPFILE` (NFS, some overlays).
fn unlinked(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!(".habeat-output-{}", unguessable::word()?));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
    let file: OwnedFd = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)?;
    std::fs::remove_file(&path)?;
    Ok(file.into())
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
