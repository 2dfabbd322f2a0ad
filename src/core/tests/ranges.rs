//! Every way to insert three small ranges, against a plain set.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::core::ranges::Ranges;

/// Positions go up to here.
const END: usize = 6;

fn all_ranges() -> Vec<Range<usize>> {
    (0..=END)
        .flat_map(|start| (start..=END).map(move |end| start..end))
        .collect()
}

fn of<'a>(ranges: impl IntoIterator<Item = &'a Range<usize>>) -> Ranges {
    let mut set = Ranges::default();
    for range in ranges {
        set.insert(range.clone());
    }
    set
}

#[test]
fn any_three_ranges_are_the_set_of_their_positions() {
    let all = all_ranges();
    for first in &all {
        for second in &all {
            for third in &all {
                agrees(&[first.clone(), second.clone(), third.clone()]);
            }
        }
    }
}

fn agrees(inserted: &[Range<usize>]) {
    let set = of(inserted);
    let model: BTreeSet<usize> = inserted.iter().cloned().flatten().collect();
    assert_eq!(set.count(), model.len(), "{inserted:?}");
    assert_eq!(
        set,
        of(inserted.iter().rev()),
        "{inserted:?} in another order"
    );
    for total in 0..=END + 1 {
        let gaps = set.gaps(total);
        let missing: Vec<usize> = gaps.iter().cloned().flatten().collect();
        let expected: Vec<usize> = (0..total).filter(|n| !model.contains(n)).collect();
        assert_eq!(missing, expected, "{inserted:?} below {total}");
        let apart = gaps.windows(2).all(|pair| pair[0].end < pair[1].start);
        assert!(apart, "{inserted:?} below {total}: {gaps:?}");
    }
}
