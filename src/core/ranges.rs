//! A set of positions, kept as merged ranges: what is done of a long list.

use std::ops::Range;

/// A set of positions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// Adds a range.
    pub fn insert(&mut self, new: Range<usize>) {
        if new.is_empty() {
            return;
        }
        let first = self.0.partition_point(|range| range.end < new.start);
        let last = self.0.partition_point(|range| range.start <= new.end);
        let (start, end) = match self.0.get(first..last) {
            Some([only]) => (only.start.min(new.start), only.end.max(new.end)),
            Some([low, .., high]) => (low.start.min(new.start), high.end.max(new.end)),
            Some([]) | None => (new.start, new.end),
        };
        self.0.splice(first..last, std::iter::once(start..end));
    }

    /// Returns how many positions are in the set.
    pub fn count(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Returns the positions below `total` that are not in the set, as ranges in order.
    pub fn gaps(&self, total: usize) -> Vec<Range<usize>> {
        let mut gaps = Vec::new();
        let mut from = 0;
        for range in &self.0 {
            gaps.push(from..range.start.min(total));
            from = range.end;
        }
        gaps.push(from..total);
        gaps.retain(|gap| gap.start < gap.end);
        gaps
    }
}
