//! The journal in the state folder: what was begun and what was done, each line appended
//! and synced before the next effect, so that a killed run resumes at the right account.
//!
//! One line is `CRC32 JSON`. A last line without its line break never happened; any other damage is refused. The
//! journal of an ended promotion stays until the next one begins: the block period is read from it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;

use crate::base::clock::Now;
use crate::base::refusal::Refusal;
use crate::core::{Phase, Promotion};
use crate::store::file::{self, Foreign, beside};
use crate::store::state::checksum;

mod story;

pub use story::{Child, Event, Story};

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
    /// Opens the journal of `epoch`, or begins it; returns it with what it already tells.
    ///
    /// # Errors
    /// When it cannot be written, or is damaged.
    pub fn open(promotion: &Path, epoch: u64, now: &Now) -> Result<(Self, Story), Refusal> {
        let path = path(promotion);
        match read(&path, Foreign::Move)? {
            // An ended one no longer tells what was done.
            Some(story) if story.epoch == epoch && story.ended.is_none() => {
                Self::go_on(&path, story)
            }
            found => Self::begin(&path, epoch, now, found),
        }
    }

    /// Opens the journal of `epoch` for the return from it, even if it has its gist already, or
    /// begins it.
    ///
    /// # Errors
    /// When it cannot be written, or is damaged.
    pub fn reopen(promotion: &Path, epoch: u64, now: &Now) -> Result<(Self, Story), Refusal> {
        let path = path(promotion);
        match read(&path, Foreign::Move)? {
            Some(story) if story.epoch == epoch => Self::go_on(&path, story),
            found => Self::begin(&path, epoch, now, found),
        }
    }

    fn go_on(path: &Path, story: Story) -> Result<(Self, Story), Refusal> {
        let refused = |error| Refusal::io(error, format!("cannot open {}", path.display()));
        let file = file::open_append(path).map_err(refused)?;
        // A torn last line never happened.
        file.set_len(story.sound).map_err(refused)?;
        let file = Mutex::new(Some(file));
        Ok((Self { file }, story))
    }

    fn begin(
        path: &Path,
        epoch: u64,
        now: &Now,
        before: Option<Story>,
    ) -> Result<(Self, Story), Refusal> {
        let begun = Event::Begun {
            epoch,
            at: now.clone(),
        };
        Self::write(path, with_children(vec![begun], before))
    }

    fn write(path: &Path, events: Vec<Event>) -> Result<(Self, Story), Refusal> {
        file::replace(path, lines(&events)?.as_bytes())?;
        let mut story = Story::default();
        for event in events {
            story.add(event);
        }
        let file = file::open_append(path)
            .map_err(|error| Refusal::io(error, format!("cannot open {}", path.display())))?;
        let file = Mutex::new(Some(file));
        Ok((Self { file }, story))
    }

    /// Appends a line; when this returns, it is durable.
    ///
    /// # Errors
    /// When it is not durable. The caller must not go on as if it were.
    pub fn append(&self, event: &Event) -> std::io::Result<()> {
        let second = self.put(event)?;
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
    pub fn remark(&self, event: &Event) -> std::io::Result<()> {
        self.put(event).map(|_| ())
    }

    /// Writes a line, and returns a handle to have it synced by.
    fn put(&self, event: &Event) -> std::io::Result<File> {
        let line = line(event)?;
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

/// Forgets what was done of a promotion, because it was undone in part: all of it is to be done
/// again. That `step` was begun stays known.
///
/// # Errors
/// When that is not durable.
pub fn begin_anew(promotion: &Path, epoch: u64, step: &str, now: &Now) -> Result<(), Refusal> {
    let begun = Event::Begun {
        epoch,
        at: now.clone(),
    };
    let step = step.to_owned();
    let path = path(promotion);
    let before = read(&path, Foreign::Move)?;
    let events = with_children(vec![begun, Event::Before { step }], before);
    Journal::write(&path, events).map(|_| ())
}

/// Replaces the journal by its gist, for a promotion that has ended, and removes the account list.
/// A journal that has its gist already stays as it is.
///
/// # Errors
/// When it cannot be read or written.
pub fn end(promotion: &Path, now: &Now) -> Result<(), Refusal> {
    let path = path(promotion);
    let is_gist = |story: &Story| story.ended.is_some() && !story.is_longer;
    if let Some(story) = read(&path, Foreign::Move)?.filter(|story| !is_gist(story)) {
        let begun = Event::Begun {
            epoch: story.epoch,
            at: story.began.clone().unwrap_or_else(|| now.clone()),
        };
        let at = story.ended.clone().unwrap_or_else(|| now.clone());
        let mut gist = with_children(vec![begun], Some(story));
        gist.push(Event::Ended { at });
        file::replace(&path, lines(&gist)?.as_bytes())?;
    }
    // In any case: an earlier run may have been killed between the two.
    file::remove(&beside(promotion, ".accounts"))
}

/// Returns when the last promotion ended, or began if it never ended.
///
/// # Errors
/// When the journal cannot be read or is damaged.
pub fn last_promotion(promotion: &Path, foreign: Foreign) -> Result<Option<Now>, Refusal> {
    Ok(read(&path(promotion), foreign)?.and_then(|story| story.ended.or(story.began)))
}

/// Returns the steps that a remembered promotion has begun, unless it has ended; warns when nothing
/// tells of an unfinished one.
///
/// # Errors
/// When the journal cannot be read or is damaged.
pub fn begun(
    promotion: &Path,
    remembered: &Promotion,
    foreign: Foreign,
) -> Result<BTreeSet<String>, Refusal> {
    let path = path(promotion);
    let story = read(&path, foreign)?.filter(|story| story.epoch == remembered.epoch);
    match remembered.phase {
        Phase::Unfinished | Phase::FenceFailed if story.is_none() => log::warn!(
            "journal={} state=missing because=\"the promotion is unfinished, and nothing tells what \
             was done of it\" next=\"a takeover begins from the start, a return moves nothing back\"",
            path.display()
        ),
        Phase::Unfinished | Phase::FenceFailed | Phase::Finished | Phase::Returning => {}
    }
    let story = story.filter(|story| story.ended.is_none());
    Ok(story.map_or_else(BTreeSet::new, |story| story.begun))
}

/// Returns the number of the last promotion; 0 before the first.
///
/// # Errors
/// When the journal cannot be read or is damaged.
pub fn last_epoch(promotion: &Path) -> Result<u64, Refusal> {
    Ok(read(&path(promotion), Foreign::Leave)?.map_or(0, |story| story.epoch))
}

/// Adds the processes of an earlier story that may still run: who begins anew has to know them.
fn with_children(mut events: Vec<Event>, before: Option<Story>) -> Vec<Event> {
    let children = before.map(|story| story.children).unwrap_or_default();
    events.extend(children.into_iter().map(Event::Child));
    events
}

fn path(promotion: &Path) -> PathBuf {
    beside(promotion, SUFFIX)
}

fn lines(events: &[Event]) -> Result<String, Refusal> {
    let lines: std::io::Result<Vec<String>> = events.iter().map(line).collect();
    let lines = lines.map_err(|error| Refusal::unusable(error.into()))?;
    Ok(lines.concat())
}

fn line(event: &Event) -> std::io::Result<String> {
    let json = serde_json::to_string(event)?;
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
        let event = event(&text).filter(|event| begun || matches!(event, Event::Begun { .. }));
        match event {
            Some(event) => {
                story.sound += read as u64;
                story.add(event);
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

fn event(text: &[u8]) -> Option<Event> {
    parse(text.strip_suffix(b"\n")?)
}

fn parse(line: &[u8]) -> Option<Event> {
    let text = std::str::from_utf8(line).ok()?;
    let (sum, json) = text.split_once(' ')?;
    if sum != checksum(json) {
        return None;
    }
    serde_json::from_str(json).ok()
}
