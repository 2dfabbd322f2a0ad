//! The accounts of a promotion, in a file of the state folder: one name per line, only ever
//! appended to, so that a position in it means the same account in every run.
//!
//! The names stay in the file. In memory is what finds a name again, eight bytes each.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use crc32fast::Hasher;
use rustix::fs::{Mode, OFlags};

use crate::base::refusal::Refusal;
use crate::core::story::{Extent, Story};
use crate::store::file::{self, beside};

mod batches;
mod known;
mod slice;

pub use batches::{Batch, Batches, Bounds};
use known::Known;
use slice::Slice;

/// The end of its name.
pub(super) const SUFFIX: &str = ".accounts";
/// Names are written in pieces of this size.
const PIECE: usize = 64 * 1024;

/// The accounts of a promotion.
#[derive(Debug)]
pub struct AccountList {
    file: File,
    /// What is durable.
    kept: End,
    /// What is kept, and the names added since.
    end: End,
    /// The last of the added names, not yet in the file.
    unwritten: Vec<u8>,
    /// Whether the file may hold something behind what is in it of the list.
    ragged: bool,
    known: Known,
}

/// Where a list ends.
#[derive(Debug, Clone, Default)]
struct End {
    names: usize,
    bytes: u64,
    sum: Hasher,
}

impl End {
    fn add(&mut self, line: &[u8]) {
        self.names += 1;
        self.bytes += line.len() as u64;
        self.sum.update(line);
    }

    fn extent(&self) -> Extent {
        Extent {
            names: self.names,
            bytes: self.bytes,
            checksum: format!("{:08x}", self.sum.clone().finalize()),
        }
    }
}

impl AccountList {
    /// Opens the list as the journal last knew it; an unknown one starts empty. Where the journal
    /// is lost, whoever is on the list stays on it.
    ///
    /// # Errors
    /// When it cannot be made, or is not what the journal says.
    pub fn open(promotion: &Path, story: &Story) -> Result<Self, Refusal> {
        let known = &story.listed;
        let path = path(promotion);
        let refused = |error| {
            Refusal::io(
                error,
                format!("cannot use the account list {}", path.display()),
            )
        };
        if known.names == 0 && story.lost && path.exists() {
            let file = file::open_append(&path).map_err(refused)?;
            let length = file.metadata().map_err(refused)?.len();
            let (end, names) = read(&file, length).map_err(refused)?;
            // A torn last name was never acted on.
            file.set_len(end.bytes).map_err(refused)?;
            return Ok(Self::new(file, end, names));
        }
        if known.names == 0 {
            let file = file::create(&path).map_err(refused)?;
            file::sync_folder(&path).map_err(refused)?;
            return Ok(Self::new(file, End::default(), Known::default()));
        }
        let file = file::open_append(&path).map_err(refused)?;
        let (end, names) = read(&file, known.bytes).map_err(refused)?;
        let found = end.extent();
        if found != *known {
            return Err(Refusal::unusable(anyhow!(
                "the account list {} is not the one the journal tells of ({} names in {} bytes, \
                 not {} in {}, or other ones); see docs/runbook.md#state-unusable",
                path.display(),
                found.names,
                found.bytes,
                known.names,
                known.bytes
            )));
        }
        // Names behind the last one the journal knows were never acted on.
        file.set_len(known.bytes).map_err(refused)?;
        Ok(Self::new(file, end, names))
    }

    /// Makes a list that only counts: its file in `folder` has no name, and goes with it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn unnamed(folder: &Path) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Self::new(file.into(), End::default(), Known::default()))
    }

    fn new(file: File, end: End, known: Known) -> Self {
        Self {
            file,
            kept: end.clone(),
            end,
            unwritten: Vec::new(),
            ragged: false,
            known,
        }
    }

    /// Adds a name, which must not contain a line break, unless it is on the list. It counts once
    /// it is kept.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has no room for it.
    pub fn add(&mut self, name: &str) -> io::Result<()> {
        let line = [name.as_bytes(), b"\n"].concat();
        if self
            .known
            .find(name.as_bytes(), |offset| self.holds(offset.into(), &line))?
        {
            return Ok(());
        }
        self.known.insert(name.as_bytes(), place(self.end.bytes)?);
        self.end.add(&line);
        self.unwritten.extend(line);
        if self.unwritten.len() >= PIECE {
            self.write()?;
        }
        Ok(())
    }

    /// Makes the added names durable, and part of the list; returns how many they are.
    ///
    /// # Errors
    /// When they are not durable.
    pub fn keep(&mut self) -> io::Result<usize> {
        self.write()?;
        let added = self.end.names - self.kept.names;
        if added > 0 {
            self.file.sync_data()?;
            self.kept = self.end.clone();
        }
        Ok(added)
    }

    /// Forgets the names that were added and not kept.
    pub fn forget(&mut self) {
        self.known.forget_from(self.kept.bytes);
        self.ragged |= self.end.bytes > self.kept.bytes;
        self.end = self.kept.clone();
        self.unwritten.clear();
    }

    /// Returns how many names are kept.
    pub fn count(&self) -> usize {
        self.kept.names
    }

    /// Returns what the journal is told of the list.
    pub fn extent(&self) -> Extent {
        self.kept.extent()
    }

    /// Reads the names at these positions (in order, and apart) as batches, one after another.
    pub fn batches(&self, positions: Vec<std::ops::Range<usize>>, bounds: Bounds) -> Batches<'_> {
        Batches::new(Slice::new(&self.file, self.kept.bytes), positions, bounds)
    }

    /// Whether this line is at an offset.
    fn holds(&self, offset: u64, line: &[u8]) -> io::Result<bool> {
        if let Some(within) = offset.checked_sub(self.written()) {
            let within = usize::try_from(within).unwrap_or(usize::MAX);
            let rest = self.unwritten.get(within..);
            return Ok(rest.is_some_and(|rest| rest.starts_with(line)));
        }
        let mut found = vec![0; line.len()];
        match self.file.read_exact_at(&mut found, offset) {
            Ok(()) => Ok(found == line),
            // A longer name than any from there on.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn written(&self) -> u64 {
        self.end.bytes - self.unwritten.len() as u64
    }

    fn write(&mut self) -> io::Result<()> {
        let written = self.written();
        if self.ragged {
            self.file.set_len(written)?;
            self.ragged = false;
        }
        self.file.write_all_at(&self.unwritten, written)?;
        self.unwritten.clear();
        Ok(())
    }
}

/// Whether there is a list.
pub fn is_there(promotion: &Path) -> bool {
    path(promotion).exists()
}

/// Removes the list, durably. That there is none is fine.
///
/// # Errors
/// When it stays.
pub fn forget(promotion: &Path) -> Result<(), Refusal> {
    file::remove(&path(promotion))
}

fn path(promotion: &Path) -> PathBuf {
    beside(promotion, SUFFIX)
}

/// Reads the whole lines of a list, as far as `bytes`.
fn read(file: &File, bytes: u64) -> io::Result<(End, Known)> {
    let mut lines = BufReader::with_capacity(PIECE, Slice::new(file, bytes));
    let (mut end, mut known, mut line) = (End::default(), Known::default(), Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        known.append(name_of(&line), place(end.bytes)?);
        end.add(&line);
        line.clear();
    }
    known.sort();
    Ok((end, known))
}

fn name_of(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// Returns where a name is, as it is remembered.
fn place(bytes: u64) -> io::Result<u32> {
    u32::try_from(bytes)
        .map_err(|_| io::Error::other("an account list of more than 4 GiB is not kept"))
}
