//! Finds the answer in what a command printed: the last complete envelope, behind any noise.
//!
//! Early 25.9 builds print a deprecation warning before the JSON (CO-2484 in the
//! change log of Carbonio 25.9.0), a login shell prints banners, a terminal library prints colours.
//!
//! An object that breaks off, or breaks, after its first key is a damaged answer and not noise:
//! what is nested in it is never taken for an answer of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};

use serde::de::DeserializeSeed;
use serde_json::error::Category;

use super::loose::As;
use super::visit::EnvelopeShape;
use super::{Envelope, Unread, unreadable};

/// Braces that turn out to be noise before we give up.
const NOISE: usize = 64;

/// Nesting of objects and lists; a real answer has six levels.
const DEPTH: usize = 64;

/// One string (a name, a stack trace), in bytes.
const STRING: usize = 64 << 10;

/// An answer in the output.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::act) struct Found {
    /// Where it begins, in bytes.
    pub(super) start: u64,
    /// What it says; `payload` is about the key that was looked for.
    pub(in crate::act) envelope: Envelope,
}

/// Where an answer may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Anywhere,
}

/// Finds the last answer in `output`, first among the objects that begin a line.
///
/// # Errors
/// When the output cannot be read, or holds a damaged answer.
pub(in crate::act) fn find(output: &File, key: &'static str) -> Result<Option<Found>, String> {
    for at in [At::LineStart, At::Anywhere] {
        let found = Scan::new(output)?.last_envelope(at, key)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// What an opening brace turned out to begin.
enum Attempt {
    Object(Envelope),
    Noise { read: u64 },
}

struct Scan<'a> {
    input: BufReader<&'a File>,
    at: u64,
    /// Whether there was only blank space, or another object, since the line began.
    blank: bool,
}

impl<'a> Scan<'a> {
    fn new(mut output: &'a File) -> Result<Self, String> {
        output.rewind().map_err(|err| unreadable(&err))?;
        Ok(Self {
            input: BufReader::new(output),
            at: 0,
            blank: true,
        })
    }

    fn last_envelope(&mut self, at: At, key: &'static str) -> Result<Option<Found>, String> {
        let mut found = None;
        let mut noise = 0;
        while self.next_brace(at).map_err(|err| unreadable(&err))? {
            let start = self.at;
            match self.attempt(key)? {
                Attempt::Object(envelope) if envelope.is_one() => {
                    found = Some(Found { start, envelope });
                }
                Attempt::Object(_) => {}
                Attempt::Noise { .. } if noise == NOISE => {
                    return Err("there is too much noise around the JSON answer".to_owned());
                }
                Attempt::Noise { read } => {
                    noise += 1;
                    self.back_to_after(start, read)?;
                }
            }
        }
        Ok(found)
    }

    /// Moves to the next brace that may begin an answer; false at the end.
    fn next_brace(&mut self, at: At) -> io::Result<bool> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let mut passed = 0;
            let mut there = false;
            for &byte in buffer {
                if byte == b'{' && (self.blank || at == At::Anywhere) {
                    there = true;
                    break;
                }
                self.blank = byte == b'\n' || (self.blank && byte.is_ascii_whitespace());
                passed += 1;
            }
            self.input.consume(passed);
            self.at += passed as u64;
            if there {
                return Ok(true);
            }
        }
    }

    /// Tries to read an object from here on.
    fn attempt(&mut self, key: &'static str) -> Result<Attempt, String> {
        let mut fenced = Fenced::new(&mut self.input);
        let mut json = serde_json::Deserializer::from_reader(&mut fenced);
        let read = As(EnvelopeShape::new(&mut Unread(key))).deserialize(&mut json);
        self.at += fenced.read;
        match read {
            Ok(envelope) => Ok(Attempt::Object(envelope)),
            Err(err) if err.classify() == Category::Io => {
                Err(format!("the JSON answer cannot be read: {err}"))
            }
            Err(_) if fenced.strings == 0 => Ok(Attempt::Noise { read: fenced.read }),
            Err(err) if err.classify() == Category::Eof => {
                Err("the JSON answer breaks off before its end".to_owned())
            }
            Err(err) => Err(format!("the JSON answer is damaged: {err}")),
        }
    }

    fn back_to_after(&mut self, start: u64, read: u64) -> Result<(), String> {
        let back = i64::try_from(read.saturating_sub(1)).unwrap_or(i64::MAX);
        self.at = start + 1;
        self.blank = false;
        self.input
            .seek_relative(-back)
            .map_err(|err| unreadable(&err))
    }
}

/// Refuses JSON that would need more than a little memory to read.
pub(super) struct Fenced<R> {
    input: R,
    read: u64,
    depth: usize,
    /// Strings that were complete: more than none means that an object had its first key.
    strings: usize,
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
