//! Which names are on the list: a keyed hash and a place in the file for each, eight bytes in all.
//!
//! A hash says where to look and never that a name is there: two names may share one.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io;

/// New names are sorted in among the others so many at a time: each time moves all of those.
const RECENT: usize = 64 * 1024;

/// Where one name is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    hash: u32,
    /// In bytes.
    offset: u32,
}

/// Finds the places at which a name may be. The key of the hash is new in every process, so that
/// nobody can choose names that share one.
#[derive(Debug, Default)]
pub(super) struct Known<S = RandomState> {
    key: S,
    /// In order.
    settled: Vec<Place>,
    recent: BTreeSet<Place>,
}

impl<S: BuildHasher> Known<S> {
    /// Adds the name at an offset, to those of a list that is read from its start.
    pub(super) fn append(&mut self, name: &[u8], offset: u32) {
        let hash = self.hash(name);
        self.settled.push(Place { hash, offset });
    }

    /// Ends a row of calls of [`Known::append`].
    pub(super) fn sort(&mut self) {
        self.settled.sort_unstable();
    }

    /// Adds the name at an offset.
    pub(super) fn insert(&mut self, name: &[u8], offset: u32) {
        let hash = self.hash(name);
        self.recent.insert(Place { hash, offset });
        if self.recent.len() >= RECENT {
            self.settle();
        }
    }

    /// Whether the name is at one of the offsets where it may be, as `is_at` says.
    ///
    /// # Errors
    /// Those of `is_at`.
    pub(super) fn find(
        &self,
        name: &[u8],
        is_at: impl Fn(u32) -> io::Result<bool>,
    ) -> io::Result<bool> {
        let hash = self.hash(name);
        let first = self.settled.partition_point(|place| place.hash < hash);
        let settled = self.settled[first..].iter();
        let first = Place { hash, offset: 0 };
        for place in settled.take_while(|place| place.hash == hash).chain(
            self.recent
                .range(first..)
                .take_while(|place| place.hash == hash),
        ) {
            if is_at(place.offset)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets every name from an offset on.
    pub(super) fn forget_from(&mut self, offset: u64) {
        let stays = |place: &Place| u64::from(place.offset) < offset;
        self.settled.retain(stays);
        self.recent.retain(stays);
    }

    fn hash(&self, name: &[u8]) -> u32 {
        // Half of the hash is as good as any other.
        self.key.hash_one(name) as u32
    }

    /// Sorts the recent places in, from the last to the first, without a second copy.
    fn settle(&mut self) {
        let mut from = self.settled.len();
        let mut left = self.recent.len();
        self.settled.resize(from + left, Place::default());
        while let Some(place) = self.recent.pop_last() {
            let at = self.settled[..from].partition_point(|before| *before < place);
            self.settled.copy_within(at..from, at + left);
            left -= 1;
            self.settled[at + left] = place;
            from = at;
        }
    }
}

#[cfg(test)]
mod tests;
