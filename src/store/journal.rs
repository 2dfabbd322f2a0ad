//! The journal in the state folder: what was begun and what was done, each line appended
//! and synced before the next effect, so that a killed run resumes at the right account.
//!
//! One line is `CRC32 JSON`. A last line without its line break never happened; any other damage is refused. The
//! journal of an ended promotion stays until the next one begins: the block period is read from it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;

use crate::base::clock::Now;
use crate::base::refusal::Refusal;
use crate::core::story::{Entry, Story};
use crate::store::file::{self, Foreign, beside};
use crate::store::state::checksum;

/// The end of its name.
pub(super) const SUFFIX: &str = ".journal";
/// No line of ours is longer: it could not be read again.
const LINE_MAX: u64 = 8 * 1024;

/// An open journal. Threads may append to it side by side.
#[derive(Debug)]
pub struct Journal {
    /// `None` after a failed append: what follows a torn line would be damage.
    file: Mutex<Option<File>>,
}

impl Journal {
    /// Opens the journal that tells `story`, to go on with it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn resume(promotion: &Path, story: &Story) -> Result<Self, Refusal> {
        let path = path(promotion);
        let refused = |error| Refusal::io(error, format!("cannot open {}", path.display()));
        let file = file::open_append(&path).map_err(refused)?;
        // A torn last line never happened.
        file.set_len(story.sound).map_err(refused)?;
        let file = Mutex::new(Some(file));
        Ok(Self { file })
    }

    /// Begins a journal in the place of the one that told `before`. Processes that may still run
    /// stay known.
    ///
    /// # Errors
    /// When it is not durable.
    pub fn begin(promotion: &Path, begun: &Entry, before: &Story) -> Result<Self, Refusal> {
        let path = path(promotion);
        file::replace(&path, lines(&with_children(begun, before))?.as_bytes())?;
        let file = file::open_append(&path)
            .map_err(|error| Refusal::io(error, format!("cannot open {}", path.display())))?;
        let file = Mutex::new(Some(file));
        Ok(Self { file })
    }

    /// Appends a line; when this returns, it is durable.
    ///
    /// # Errors
    /// When it is not durable.
    pub fn note(&self, entry: &Entry) -> Result<(), Refusal> {
        self.append(entry)
            .map_err(|error| Refusal::io(error, "cannot write the journal".into()))
    }

    /// Appends a line; when this returns, it is durable.
    ///
    /// # Errors
    /// When it is not durable. The caller must not go on as if it were.
    pub fn append(&self, entry: &Entry) -> std::io::Result<()> {
        let second = self.put(entry)?;
        // Outside the lock: the file system commits what several threads wait for in one go.
        let synced = second.sync_data();
        if synced.is_err() {
            // The kernel forgets what it could not write: a later line may be durable without it.
            *self.slot() = None;
        }
        synced
    }

    /// Appends a line that means something only as long as the machine runs: it outlives us, and
    /// needs no disk for that.
    ///
    /// # Errors
    /// When it is not written.
    pub fn remark(&self, entry: &Entry) -> std::io::Result<()> {
        self.put(entry).map(|_| ())
    }

    /// Writes a line, and returns a handle to have it synced by.
    fn put(&self, entry: &Entry) -> std::io::Result<File> {
        let line = line(entry)?;
        let mut slot = self.slot();
        let Some(mut file) = slot.take() else {
            return Err(std::io::Error::other(
                "an earlier line could not be written",
            ));
        };
        file.write_all(line.as_bytes())?;
        let second = file.try_clone()?;
        *slot = Some(file);
        Ok(second)
    }

    fn slot(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces a journal by its gist, for a promotion that has ended.
///
/// # Errors
/// When it cannot be written.
pub fn end(promotion: &Path, story: &Story, now: &Now) -> Result<(), Refusal> {
    let begun = Entry::Begun {
        epoch: story.epoch,
        at: story.began.clone().unwrap_or_else(|| now.clone()),
        previous: None,
        lost: false,
    };
    let at = story.ended.clone().unwrap_or_else(|| now.clone());
    let mut gist = with_children(&begun, story);
    gist.push(Entry::Ended { at });
    file::replace(&path(promotion), lines(&gist)?.as_bytes())
}

/// Reads the journal; `None` when there is none of ours.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn load(promotion: &Path, foreign: Foreign) -> Result<Option<Story>, Refusal> {
    read(&path(promotion), foreign)
}

/// Begins with the processes of an earlier story that may still run: whoever goes on has to know
/// them.
fn with_children(begun: &Entry, before: &Story) -> Vec<Entry> {
    let children = before.children.iter().cloned().map(Entry::Child);
    std::iter::once(begun.clone()).chain(children).collect()
}

fn path(promotion: &Path) -> PathBuf {
    beside(promotion, SUFFIX)
}

fn lines(entries: &[Entry]) -> Result<String, Refusal> {
    let lines: std::io::Result<Vec<String>> = entries.iter().map(line).collect();
    let lines = lines.map_err(|error| Refusal::unusable(error.into()))?;
    Ok(lines.concat())
}

fn line(entry: &Entry) -> std::io::Result<String> {
    let json = serde_json::to_string(entry)?;
    let line = format!("{} {json}\n", checksum(&json));
    if line.len() as u64 > LINE_MAX {
        let why = format!("a line of {} bytes is longer than any of ours", line.len());
        return Err(std::io::Error::other(why));
    }
    Ok(line)
}

/// Reads a journal; `None` when there is none of ours.
///
/// # Errors
/// When it cannot be read or is damaged before its last line.
pub fn read(path: &Path, foreign: Foreign) -> Result<Option<Story>, Refusal> {
    let Some(file) = file::open(path, foreign)? else {
        return Ok(None);
    };
    let mut reader = BufReader::new(file);
    let mut story = Story::default();
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = std::io::Read::take(&mut reader, LINE_MAX).read_until(b'\n', &mut text);
        let read =
            read.map_err(|error| Refusal::io(error, format!("cannot read {}", path.display())))?;
        // The first line came with the file, in one step: without it, the file is damaged.
        let begun = story.began.is_some();
        let entry = entry(&text).filter(|entry| begun || matches!(entry, Entry::Begun { .. }));
        match entry {
            Some(entry) => {
                story.sound += read as u64;
                story.add(entry);
            }
            None if begun && is_torn(&text) && at_end(&mut reader) => return Ok(Some(story)),
            None => {
                return Err(Refusal::unusable(anyhow!(
                    "cannot use the journal {}: it is damaged after byte {}; nothing was changed; \
                     see docs/runbook.md#state-unusable",
                    path.display(),
                    story.sound
                )));
            }
        }
    }
}

fn at_end(reader: &mut BufReader<File>) -> bool {
    reader.fill_buf().is_ok_and(<[u8]>::is_empty)
}

/// Whether a last line was not written to its end: it never happened. One that is whole but for
/// another byte in the place of its line break was damaged.
fn is_torn(text: &[u8]) -> bool {
    match text.split_last() {
        Some((b'\n', _)) => false,
        Some((_, line)) => parse(line).is_none(),
        None => true,
    }
}

fn entry(text: &[u8]) -> Option<Entry> {
    parse(text.strip_suffix(b"\n")?)
}

fn parse(line: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(line).ok()?;
    let (sum, json) = text.split_once(' ')?;
    if sum != checksum(json) {
        return None;
    }
    serde_json::from_str(json).ok()
}
