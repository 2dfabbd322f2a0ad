//! The first part of a file, read without moving the place that other readers share.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// Reads a file from its start up to a length.
#[derive(Debug)]
pub(super) struct Slice<'a> {
    file: &'a File,
    at: u64,
    length: u64,
}

impl<'a> Slice<'a> {
    pub(super) fn new(file: &'a File, length: u64) -> Self {
        Self {
            file,
            at: 0,
            length,
        }
    }
}

impl Read for Slice<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..room], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
