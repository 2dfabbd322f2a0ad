//! The accounts of a promotion, in a file of the state folder: one name per line, only ever
//! appended to, so that a position in it means the same account in every run.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use crate::base::refusal::Refusal;
use crate::store::file::{self, beside};
use crate::store::state::checksum;

/// A million accounts with names of 64 bytes.
pub(super) const FILE_MAX: u64 = 64 * 1024 * 1024;

/// How far a list goes, and the sum of what is in it: a list with the same extent is the same list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Names.
    pub names: usize,
    /// Bytes.
    pub bytes: u64,
    /// CRC-32 of these bytes.
    pub checksum: String,
}

/// The accounts of a promotion.
#[derive(Debug)]
pub struct AccountList {
    file: File,
    text: String,
    ends: Vec<usize>,
}

impl AccountList {
    /// Opens the list as the journal last knew it; an unknown one starts empty.
    ///
    /// # Errors
    /// When it cannot be made, or is not what the journal says.
    pub fn open(promotion: &Path, known: &Extent) -> Result<Self, Refusal> {
        let path = beside(promotion, ".accounts");
        let refused = |error| {
            Refusal::io(
                error,
                format!("cannot use the account list {}", path.display()),
            )
        };
        if known.names == 0 {
            let file = file::create(&path).map_err(refused)?;
            file::sync_folder(&path).map_err(refused)?;
            return Ok(Self {
                file,
                text: String::new(),
                ends: Vec::new(),
            });
        }
        let mut file = file::open_append(&path).map_err(refused)?;
        let mut text = String::new();
        (&mut file)
            .take(known.bytes.min(FILE_MAX))
            .read_to_string(&mut text)
            .map_err(refused)?;
        let ends = text.match_indices('\n').map(|(end, _)| end).collect();
        let list = Self { file, text, ends };
        let found = list.extent();
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
        list.file.set_len(known.bytes).map_err(refused)?;
        Ok(list)
    }

    /// Appends the names that are new (one per line in `listing`) and makes them durable.
    ///
    /// # Errors
    /// When they are not durable.
    pub fn extend(&mut self, listing: &str) -> std::io::Result<()> {
        let mut fresh = String::new();
        {
            let mut known: HashSet<&str> = self.text.lines().collect();
            for name in listing.lines().filter(|name| known.insert(name)) {
                fresh.push_str(name);
                fresh.push('\n');
            }
        }
        self.file.write_all(fresh.as_bytes())?;
        self.file.sync_data()?;
        let offset = self.text.len();
        self.ends
            .extend(fresh.match_indices('\n').map(|(end, _)| offset + end));
        self.text.push_str(&fresh);
        Ok(())
    }

    /// Returns how many names there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Returns what the journal is told of the list.
    pub fn extent(&self) -> Extent {
        Extent {
            names: self.ends.len(),
            bytes: self.text.len() as u64,
            checksum: checksum(&self.text),
        }
    }

    /// Returns the names of a range of positions.
    pub fn names(&self, range: Range<usize>) -> impl Iterator<Item = &str> {
        range.filter_map(|position| {
            let start = position
                .checked_sub(1)
                .map_or(Some(0), |before| self.ends.get(before).map(|end| end + 1))?;
            self.text.get(start..*self.ends.get(position)?)
        })
    }

    /// Cuts ranges into batches of at most so many names and bytes, each at least one name.
    pub fn batches(
        &self,
        ranges: &[Range<usize>],
        max_names: usize,
        max_bytes: usize,
    ) -> Vec<Range<usize>> {
        let mut batches = Vec::new();
        for range in ranges {
            let (mut start, mut bytes) = (range.start, 0);
            for (position, name) in range.clone().zip(self.names(range.clone())) {
                let full = position - start == max_names || bytes + name.len() >= max_bytes;
                if full && position > start {
                    batches.push(start..position);
                    (start, bytes) = (position, 0);
                }
                bytes += name.len() + 1;
            }
            batches.push(start..range.end);
        }
        batches
    }
}
