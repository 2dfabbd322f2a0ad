//! The JSON answers of the `carbonio` command line: found behind noise, read in constant memory.
//!
//! An answer is `{"ok":true,"response":{…}}`, the bare `{…}` without that wrapping, or one such
//! envelope per server, `{"response":{"<server>":{"ok":true,"response":{…}}}}`. An error is
//! `ok: false`, or an `error` that is a text or an object with a `message`
//! (carbonio-configd, `internal/zxadmin/client.go`; carbonio-admin-console-ui, `types/operations.ts`). What is not certainly an answer is an error here.

mod fence;
mod find;
pub(crate) mod loose;
mod utf8;
mod visit;

use std::fs::File;

use serde::de::{DeserializeSeed, Deserializer};

pub(crate) use self::find::find;
use self::loose::{As, Plain, Scalar};

/// The longest text of someone else's that goes into our log or report.
const SHOWN: usize = 200;

/// What is read out of an answer: the value of one key below `response`.
pub(crate) trait Payload {
    /// Returns the key.
    fn key(&self) -> &'static str;

    /// Forgets what was read so far: it was no answer, or not the last one.
    fn forget(&mut self);

    /// Reads the value, and returns whether there was one (null is none).
    fn take<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<bool, D::Error>;

    /// Returns why the value was refused, if it was this payload that refused it.
    fn complaint(&mut self) -> Option<String>;
}

/// Stands in for a payload that is looked for, and not read.
pub(crate) struct Unread(pub(crate) &'static str);

impl Payload for Unread {
    fn key(&self) -> &'static str {
        self.0
    }

    fn forget(&mut self) {}

    fn take<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<bool, D::Error> {
        let value = As(Plain).deserialize(from)?;
        Ok(value != Scalar::Null)
    }

    fn complaint(&mut self) -> Option<String> {
        None
    }
}

/// What an envelope says, apart from its payload.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// `ok`, where it is given; anything but a true one is false.
    pub(crate) ok: Option<bool>,
    /// `error`, of the envelope itself or of the first server that has one.
    pub(crate) error: Option<String>,
    /// `message`: in an envelope that is not ok, a last resort.
    pub(crate) message: Option<String>,
    /// Whether there is a `response` that is not null.
    pub(crate) response: bool,
    /// Whether the payload is there, of every server where there are several.
    pub(crate) payload: bool,
}

impl Envelope {
    /// Whether it is one at all, and not some other object, such as a log line in JSON.
    fn is_one(&self) -> bool {
        self.ok.is_some() || self.error.is_some() || self.response || self.payload
    }

    /// Returns the server's message if this is an error, ready to be shown.
    pub(crate) fn refusal(&self) -> Option<String> {
        if self.error.is_none() && self.ok != Some(false) {
            return None;
        }
        let said = self.error.as_deref().or(self.message.as_deref());
        Some(printable(said.unwrap_or("ok is false, without a message")))
    }
}

/// Reads `payload` out of the last answer in `output`. After an error, forget what was read.
///
/// # Errors
/// When there is no complete answer, when it is an error, or when it lacks the payload.
pub(crate) fn read(output: &File, payload: &mut impl Payload) -> Result<(), String> {
    let envelope = find(output, payload)?.ok_or("there is no JSON answer in the output")?;
    if let Some(refusal) = envelope.refusal() {
        return Err(refusal);
    }
    if !envelope.payload {
        return Err(format!("the answer has no `{}`", payload.key()));
    }
    Ok(())
}

fn unreadable(err: &std::io::Error) -> String {
    format!("the captured output cannot be read back: {err}")
}

/// Returns at most 200 characters of `text`, with nothing in it that a terminal or a log obeys.
pub(crate) fn printable(text: &str) -> String {
    let mut shown: String = text
        .trim()
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.trim().chars().nth(SHOWN).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
