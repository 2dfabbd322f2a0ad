//! Memory on disk. Three files, under the ancestor's names: present = that state. Inside is one
//! versioned, checksummed JSON document; an empty file (the ancestor's, or an admin's `touch`)
//! is that state with no details. Damaged or newer than we know is refused, never guessed.

use std::path::Path;

use anyhow::anyhow;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::clock;
use crate::base::refusal::Refusal;
use crate::config::Files;
use crate::core::{Memory, Module, ModulePhase, Promotion, Suspicion};
use crate::store::file::{self, DOCUMENT_MAX, Foreign};
use crate::store::{accounts, folder, journal, legacy};

/// The version of the documents we write, and the newest we read.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    version: u32,
    /// The file it was written as: what a neighbour moved to another name is not about that one.
    /// Earlier versions wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    checksum: String,
    #[serde(borrow)]
    state: &'a RawValue,
}

/// Loads what the last run left.
///
/// # Errors
/// When a file cannot be read, is damaged, or is newer than this habeat; when no time could be
/// measured from what it tells.
pub fn load(files: &Files, foreign: Foreign) -> Result<Memory, Refusal> {
    clock::require_boot_id()?;
    match foreign {
        Foreign::Leave => folder::inspect(files)?,
        Foreign::Move => legacy::adopt(files)?,
    }
    let record = &files.record();
    let story = journal::load(record, foreign)?.unwrap_or_default();
    Ok(Memory {
        suspicion: read(&files.down, foreign, Suspicion::default)?,
        promotion: read(&files.promotion, foreign, Promotion::undocumented)?,
        module: read(&files.module, foreign, || Module::new(ModulePhase::Stopped))?,
        stale_list: !story.is_open() && accounts::is_there(record),
        story,
        paused: false,
    })
}

fn read<T: DeserializeOwned>(
    path: &Path,
    foreign: Foreign,
    undocumented: impl FnOnce() -> T,
) -> Result<Option<T>, Refusal> {
    let Some(bytes) = file::read(path, foreign)? else {
        return Ok(None);
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Some(undocumented()));
    }
    parse(path, &bytes).map(Some).map_err(|why| {
        let path = path.display();
        Refusal::unusable(anyhow!(
            "cannot use the state file {path}: {why}; nothing was changed; \
             see docs/runbook.md#state-unusable"
        ))
    })
}

fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, String> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(bytes).map_err(|error| format!("it is damaged ({error})"))?;
    if envelope.version != VERSION {
        return Err(format!(
            "version {}, this habeat reads {VERSION}",
            envelope.version
        ));
    }
    if envelope.checksum != sum(envelope.file.as_deref(), envelope.state) {
        return Err("it is damaged (the checksum does not fit)".into());
    }
    match &envelope.file {
        Some(file) if *file != name(path) => {
            return Err(format!("it was written as {file}, and moved here"));
        }
        Some(_) | None => {}
    }
    serde_json::from_str(envelope.state.get()).map_err(|error| format!("it is damaged ({error})"))
}

/// Writes a state file; `None` = it goes.
///
/// # Errors
/// When it cannot be written or removed.
pub fn write<T: Serialize>(path: &Path, state: Option<&T>) -> Result<(), Refusal> {
    match state {
        None => file::remove(path),
        Some(state) => file::replace(path, &document(path, state)?),
    }
}

fn document<T: Serialize>(path: &Path, state: &T) -> Result<Vec<u8>, Refusal> {
    let render = || -> serde_json::Result<Vec<u8>> {
        let state = serde_json::value::to_raw_value(state)?;
        let file = name(path);
        let mut bytes = serde_json::to_vec(&Envelope {
            version: VERSION,
            checksum: sum(Some(&file), &state),
            file: Some(file),
            state: &state,
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    };
    let bytes = render().map_err(|error| Refusal::unusable(error.into()))?;
    if bytes.len() as u64 > DOCUMENT_MAX {
        return Err(Refusal::unusable(anyhow!(
            "cannot write {}: {} bytes could not be read again; write a shorter text",
            path.display(),
            bytes.len()
        )));
    }
    Ok(bytes)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn sum(file: Option<&str>, state: &RawValue) -> String {
    let state = state.get();
    match file {
        Some(file) => checksum(&format!("{file}\n{state}")),
        None => checksum(state),
    }
}

/// CRC-32 finds every damage of up to 32 bits in a row; it is no defence against forgery, which
/// ownership and mode of the file are.
pub(crate) fn checksum(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}
