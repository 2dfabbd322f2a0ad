//! Finds the answer in what a command printed: the last complete envelope, behind any noise.
//!
//! Early 25.9 builds print a deprecation warning before the JSON (CO-2484 in the
//! change log of Carbonio 25.9.0), a login shell prints banners, a terminal library prints colours.
//!
//! An object that breaks off, or breaks, after its first key is a damaged answer and not noise:
//! what is nested in it is never taken for an answer of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};

use serde::de::DeserializeSeed;
use serde_json::error::Category;

use super::fence::Fenced;
use super::loose::As;
use super::utf8::Utf8;
use super::visit::EnvelopeShape;
use super::{Envelope, Payload, Unread, unreadable};

/// Braces that turn out to be noise before we give up.
const NOISE: usize = 64;

/// Where an answer may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Anywhere,
}

/// An answer in the output.
struct Found {
    /// Where it begins, in bytes.
    start: u64,
    envelope: Envelope,
}

/// Finds the last answer in `output`, first among the objects that begin a line, and reads
/// `payload` out of it. One pass does, where no second answer follows the first.
///
/// # Errors
/// When the output cannot be read, or holds a damaged answer.
pub(crate) fn find(output: &File, payload: &mut impl Payload) -> Result<Option<Envelope>, String> {
    for at in [At::LineStart, At::Anywhere] {
        let found = Scan::new(output)?.last_answer(at, payload)?;
        if let Some(found) = found {
            return Ok(Some(found.envelope));
        }
    }
    Ok(None)
}

/// What an opening brace turned out to begin.
enum Attempt {
    Object(Envelope),
    Noise,
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

    fn last_answer(&mut self, at: At, payload: &mut impl Payload) -> Result<Option<Found>, String> {
        let mut found: Option<Found> = None;
        let (mut noise, mut several) = (0, false);
        while self.next_brace(at).map_err(|err| unreadable(&err))? {
            let start = self.at;
            let attempt = match found {
                None => {
                    payload.forget();
                    self.attempt(payload)?
                }
                Some(_) => self.attempt(&mut Unread(payload.key()))?,
            };
            match attempt {
                Attempt::Object(envelope) if envelope.is_one() => {
                    several = found.is_some();
                    found = Some(Found { start, envelope });
                }
                Attempt::Object(_) => {}
                Attempt::Noise if noise == NOISE => {
                    return Err("there is too much noise around the JSON answer".to_owned());
                }
                Attempt::Noise => {
                    noise += 1;
                    self.go_to(start + 1)?;
                    self.blank = false;
                }
            }
        }
        if let Some(last) = found.as_ref().filter(|_| several) {
            payload.forget();
            self.go_to(last.start)?;
            self.attempt(payload)?;
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
    fn attempt(&mut self, payload: &mut impl Payload) -> Result<Attempt, String> {
        let mut fenced = Fenced::new(Utf8::new(&mut self.input));
        let mut json = serde_json::Deserializer::from_reader(&mut fenced);
        let read = As(EnvelopeShape::new(payload)).deserialize(&mut json);
        self.at += fenced.read;
        let err = match read {
            Ok(envelope) => return Ok(Attempt::Object(envelope)),
            Err(err) => err,
        };
        if let Some(why) = payload.complaint() {
            return Err(why);
        }
        match err.classify() {
            Category::Io => Err(format!("the JSON answer cannot be read: {err}")),
            _ if fenced.strings == 0 => Ok(Attempt::Noise),
            Category::Eof => Err("the JSON answer breaks off before its end".to_owned()),
            Category::Syntax | Category::Data => Err(format!("the JSON answer is damaged: {err}")),
        }
    }

    fn go_to(&mut self, place: u64) -> Result<(), String> {
        self.at = place;
        self.input
            .seek(SeekFrom::Start(place))
            .map_err(|err| unreadable(&err))?;
        Ok(())
    }
}
