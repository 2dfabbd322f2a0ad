//! The accounts of a promotion, in a file beside the promotion file: one name per line, only ever
//! appended to, so that a position in it means the same account in every run.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;

use crate::exit::Refusal;
use crate::store::file::{self, beside};

/// A million accounts with names of 64 bytes.
const FILE_MAX: u64 = 64 * 1024 * 1024;

/// The accounts of a promotion.
#[derive(Debug)]
pub struct AccountList {
    file: File,
    text: String,
    ends: Vec<usize>,
}

impl AccountList {
    /// Opens the list as the journal last knew it (`names`, `bytes`); an unknown one starts empty.
    ///
    /// # Errors
    /// When it cannot be made, or is not what the journal says.
    pub fn open(promotion: &Path, (names, bytes): (usize, u64)) -> Result<Self, Refusal> {
        let path = beside(promotion, ".accounts");
        let refused = |error| {
            Refusal::io(
                error,
                format!("cannot use the account list {}", path.display()),
            )
        };
        if names == 0 {
            let file = file::create(&path).map_err(refused)?;
            return Ok(Self {
                file,
                text: String::new(),
                ends: Vec::new(),
            });
        }
        let mut file = file::open_append(&path).map_err(refused)?;
        let mut text = String::new();
        (&mut file)
            .take(bytes.min(FILE_MAX))
            .read_to_string(&mut text)
            .map_err(refused)?;
        let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
        if ends.len() != names || text.len() as u64 != bytes {
            return Err(Refusal::unusable(anyhow!(
                "the account list {} is not the one the journal tells of ({} names, not {names}); \
                 see docs/runbook.md#state-unusable",
                path.display(),
                ends.len()
            )));
        }
        // Names behind the last one the journal knows were never acted on.
        file.set_len(bytes).map_err(refused)?;
        Ok(Self { file, text, ends })
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

    /// Returns how many names there are, and in how many bytes.
    pub fn size(&self) -> (usize, u64) {
        (self.ends.len(), self.text.len() as u64)
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
