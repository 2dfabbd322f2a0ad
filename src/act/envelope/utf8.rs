//! Keeps one name in a foreign encoding from spoiling the whole answer.

use std::io::{self, Read};
use std::str::from_utf8;

/// What stands for a byte that is no text: DEL, which JSON allows in a string and no name has.
const NO_TEXT: u8 = 0x7f;

/// Hands text on as it is, and [`NO_TEXT`] for each byte that belongs to none. Reads byte by byte:
/// the input must be buffered.
pub(super) struct Utf8<R> {
    input: R,
    /// Bytes that are to be handed on, from the last to the first.
    ready: Vec<u8>,
    /// One that was read to see whether it belongs to those before it.
    ahead: Option<u8>,
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            ready: Vec::with_capacity(4),
            ahead: None,
        }
    }

    fn next(&mut self) -> io::Result<Option<u8>> {
        if let Some(byte) = self.ready.pop() {
            return Ok(Some(byte));
        }
        match self.byte()? {
            Some(byte) if !byte.is_ascii() => self.character(byte).map(Some),
            other => Ok(other),
        }
    }

    /// Reads the rest of a character of several bytes; returns its first.
    fn character(&mut self, first: u8) -> io::Result<u8> {
        let length = first.leading_ones() as usize;
        let mut bytes = vec![first];
        while bytes.len() < length.min(4) {
            match self.byte()? {
                Some(byte) if byte & 0xc0 == 0x80 => bytes.push(byte),
                other => {
                    self.ahead = other;
                    break;
                }
            }
        }
        if from_utf8(&bytes).is_err() {
            bytes.fill(NO_TEXT);
        }
        bytes.reverse();
        self.ready = bytes;
        Ok(self.ready.pop().unwrap_or(NO_TEXT))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        if let Some(byte) = self.ahead.take() {
            return Ok(Some(byte));
        }
        let mut one = [0];
        match self.input.read_exact(&mut one) {
            Ok(()) => Ok(Some(one[0])),
            Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(err) => Err(err),
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for (count, place) in buffer.iter_mut().enumerate() {
            match self.next()? {
                Some(byte) => *place = byte,
                None => return Ok(count),
            }
        }
        Ok(buffer.len())
    }
}
