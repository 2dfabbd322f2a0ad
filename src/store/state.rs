//! Memory on disk. Three files, under the ancestor's names: present = that state. Inside is one
//! versioned, checksummed JSON document; an empty file (the ancestor's, or an admin's `touch`)
//! is that state with no details. Damaged or newer than we know is refused, never guessed.

use std::path::Path;

use anyhow::anyhow;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::refusal::Refusal;
use crate::config::Files;
use crate::core::{Memory, Module, ModulePhase, Promotion, Suspicion};
use crate::store::file::{self, DOCUMENT_MAX, Foreign};
use crate::store::{accounts, journal};

/// The version of the documents we write, and the newest we read.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    version: u32,
    checksum: String,
    #[serde(borrow)]
    state: &'a RawValue,
}

/// Loads what the last run left.
///
/// # Errors
/// When a file cannot be read, is damaged, or is newer than this habeat.
pub fn load(files: &Files, foreign: Foreign) -> Result<Memory, Refusal> {
    let story = journal::load(&files.promotion, foreign)?.unwrap_or_default();
    Ok(Memory {
        suspicion: read(&files.down, foreign, Suspicion::default)?,
        promotion: read(&files.promotion, foreign, Promotion::undocumented)?,
        module: read(&files.module, foreign, || Module::new(ModulePhase::Stopped))?,
        stale_list: !story.is_open() && accounts::is_there(&files.promotion),
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
    parse(&bytes).map(Some).map_err(|why| {
        let path = path.display();
        Refusal::unusable(anyhow!(
            "cannot use the state file {path}: {why}; nothing was changed; \
             see docs/runbook.md#state-unusable"
        ))
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(bytes).map_err(|error| format!("it is damaged ({error})"))?;
    if envelope.version != VERSION {
        return Err(format!(
            "version {}, this habeat reads {VERSION}",
            envelope.version
        ));
    }
    if envelope.checksum != checksum(envelope.state.get()) {
        return Err("it is damaged (the checksum does not fit)".into());
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
        let checksum = checksum(state.get());
        let mut bytes = serde_json::to_vec(&Envelope {
            version: VERSION,
            checksum,
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

/// CRC-32 finds every damage of up to 32 bits in a row; it is no defence against forgery, which
/// ownership and mode of the file are.
pub(crate) fn checksum(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}
