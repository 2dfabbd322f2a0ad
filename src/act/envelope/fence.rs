//! Keeps an answer from needing more than a little memory to read.

use std::io::{self, Read};

/// Nesting of objects and lists; a real answer has six levels.
const DEPTH: usize = 64;

/// One string (a name, a stack trace), in bytes.
const STRING: usize = 64 << 10;

/// Refuses JSON that would need more than a little memory to read.
pub(super) struct Fenced<R> {
    input: R,
    pub(super) read: u64,
    depth: usize,
    /// Strings that were complete: more than none means that an object had its first key.
    pub(super) strings: usize,
    /// The length of the string we are in.
    string: Option<usize>,
    escaped: bool,
}

impl<R: Read> Fenced<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            read: 0,
            depth: 0,
            strings: 0,
            string: None,
            escaped: false,
        }
    }

    fn pass(&mut self, byte: u8) -> io::Result<()> {
        match (self.string, byte) {
            (Some(_), _) if self.escaped => self.escaped = false,
            (Some(_), b'\\') => self.escaped = true,
            (Some(_), b'"') => {
                self.string = None;
                self.strings += 1;
            }
            (Some(length), _) => self.string = Some(length + 1),
            (None, b'"') => self.string = Some(0),
            (None, b'{' | b'[') => self.depth += 1,
            (None, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (None, _) => {}
        }
        if self.depth > DEPTH {
            return Err(io::Error::other(format!(
                "it is nested deeper than {DEPTH} levels"
            )));
        }
        if self.string.is_some_and(|length| length > STRING) {
            return Err(io::Error::other(format!(
                "it has a string longer than {STRING} bytes"
            )));
        }
        Ok(())
    }
}

impl<R: Read> Read for Fenced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        for &byte in &buffer[..length] {
            self.pass(byte)?;
        }
        self.read += length as u64;
        Ok(length)
    }
}
