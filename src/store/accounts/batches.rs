//! Cuts the list into batches while it is read.

use std::io::{self, BufRead, BufReader};
use std::ops::Range;
use std::vec::IntoIter;

use super::PIECE;
use super::slice::Slice;

/// What fits into a batch. At least one name is in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Names, at the most.
    pub names: usize,
    /// Bytes, at the most.
    pub bytes: usize,
    /// Bytes that each name takes beside its own.
    pub beside: usize,
}

/// Names that follow one another on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The position of the first.
    pub from: usize,
    /// All of them.
    pub names: Vec<String>,
}

/// Batches that cover the positions asked for, each once.
#[derive(Debug)]
pub struct Batches<'a> {
    lines: BufReader<Slice<'a>>,
    /// The position of the next line.
    next: usize,
    ranges: IntoIter<Range<usize>>,
    /// What is left of the range in hand.
    range: Range<usize>,
    bounds: Bounds,
    /// A name that was read and did not fit.
    over: Option<String>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(list: Slice<'a>, positions: Vec<Range<usize>>, bounds: Bounds) -> Self {
        Self {
            lines: BufReader::with_capacity(PIECE, list),
            next: 0,
            ranges: positions.into_iter(),
            range: 0..0,
            bounds,
            over: None,
        }
    }

    fn read(&mut self) -> io::Result<Option<Batch>> {
        while self.range.is_empty() {
            let Some(range) = self.ranges.next() else {
                return Ok(None);
            };
            self.range = range;
        }
        while self.next < self.range.start {
            self.lines.skip_until(b'\n')?;
            self.next += 1;
        }
        let from = self.range.start;
        let (mut names, mut bytes) = (Vec::new(), 0);
        while !self.range.is_empty() && names.len() < self.bounds.names.max(1) {
            let name = self.name()?;
            bytes += name.len() + self.bounds.beside;
            if bytes > self.bounds.bytes && !names.is_empty() {
                self.over = Some(name);
                break;
            }
            names.push(name);
            self.range.start += 1;
        }
        Ok(Some(Batch { from, names }))
    }

    fn name(&mut self) -> io::Result<String> {
        if let Some(name) = self.over.take() {
            return Ok(name);
        }
        let mut name = String::new();
        self.lines.read_line(&mut name)?;
        self.next += 1;
        if name.pop() != Some('\n') {
            let why = "the account list is shorter than it was";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        Ok(name)
    }
}

impl Iterator for Batches<'_> {
    type Item = io::Result<Batch>;

    /// After an error there is no further batch.
    fn next(&mut self) -> Option<io::Result<Batch>> {
        let read = self.read();
        if read.is_err() {
            (self.range, self.ranges) = (0..0, Vec::new().into_iter());
        }
        read.transpose()
    }
}
