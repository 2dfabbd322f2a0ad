//! Files that only grow, such as the log.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};

/// Opens a file that only grows, such as the log, and makes it if there is none. Whose it is does
/// not matter: nothing is decided from it.
///
/// # Errors
/// When it cannot be opened. A pipe that nobody reads is no file to wait for.
pub fn open(path: &Path, mode: Mode) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags | OFlags::NONBLOCK, mode)?;
    Ok(File::from(opened))
}

/// A file of lines. What it does not take at once, as a pipe that is full, is left out.
#[derive(Debug)]
pub struct Lines {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// The last line was not written to its end.
    torn: bool,
    left_out: u64,
    error: Option<io::Error>,
}

impl Lines {
    /// Makes one of a file that was opened by [`open`].
    pub fn new(file: File) -> Self {
        let state = Mutex::new(State {
            file,
            torn: false,
            left_out: 0,
            error: None,
        });
        Self { state }
    }

    /// Appends a line, in one call: what several runs append at once stays whole lines.
    pub fn put(&self, line: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = if state.torn {
            state.file.write_all(b"\n")
        } else {
            Ok(())
        };
        if let Err(error) = begun.and_then(|()| state.file.write_all(line)) {
            state.left_out += 1;
            // How much of it is there is not known.
            state.torn = true;
            state.error = Some(error);
        } else {
            state.torn = false;
        }
    }

    /// Returns the last error, and how many lines were left out; `None` when none was.
    pub fn trouble(&self) -> Option<(String, u64)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let error = state.error.as_ref()?;
        Some((format!("cannot be written: {error}"), state.left_out))
    }
}
