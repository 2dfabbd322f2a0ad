//! The account list: positions never change, batches cover everything once.

use std::fs;
use std::iter;
use std::ops::Range;
use std::path::PathBuf;
use std::slice;

use tempfile::TempDir;

use super::{bit_flips, folder, is_refused};
use crate::core::story::{Extent, Story};
use crate::store::{AccountList, Batch, Bounds};

struct Place {
    _folder: TempDir,
    promotion: PathBuf,
    list: PathBuf,
}

fn place() -> Place {
    let folder = folder();
    Place {
        promotion: folder.path().join("promotion"),
        list: folder.path().join("promotion.accounts"),
        _folder: folder,
    }
}

/// A story that knows the list so far.
fn listed(known: &Extent) -> Story {
    Story {
        listed: known.clone(),
        ..Story::default()
    }
}

fn empty(place: &Place) -> AccountList {
    AccountList::open(&place.promotion, &Story::default()).expect("a list")
}

fn extend(list: &mut AccountList, names: &[&str]) -> usize {
    for name in names {
        list.add(name).expect("added");
    }
    list.keep().expect("kept")
}

/// Everything in one batch.
const WHOLE: Bounds = Bounds {
    names: usize::MAX,
    bytes: usize::MAX,
    beside: 0,
};

fn names_at(list: &AccountList, range: Range<usize>) -> Vec<String> {
    let batches = list.batches(vec![range], WHOLE);
    batches
        .flat_map(|batch| batch.expect("read").names)
        .collect()
}

fn names(list: &AccountList) -> Vec<String> {
    names_at(list, 0..list.count())
}

#[test]
fn only_new_names_are_appended() {
    let place = place();
    let mut list = empty(&place);
    assert_eq!(extend(&mut list, &["b", "a", "b"]), 2);
    assert_eq!(extend(&mut list, &["a", "c", "a b", "a"]), 2);
    assert_eq!(extend(&mut list, &[]), 0);
    // A name that another one begins or ends with is another name.
    assert_eq!(extend(&mut list, &["a b c", "b c", "bc"]), 3);
    assert_eq!(names(&list), ["b", "a", "c", "a b", "a b c", "b c", "bc"]);
    assert_eq!((list.count(), list.extent().bytes), (7, 23));
    assert_eq!(
        fs::read_to_string(&place.list).expect("the file"),
        "b\na\nc\na b\na b c\nb c\nbc\n"
    );
}

#[test]
fn names_of_any_range_are_those_at_its_positions() {
    let place = place();
    let mut list = empty(&place);
    let all = ["a", "bb@example.com", "ü", "d d"];
    extend(&mut list, &all);
    for start in 0..=all.len() {
        for end in start..=all.len() {
            assert_eq!(names_at(&list, start..end), all[start..end]);
        }
    }
    let beyond: Vec<_> = list.batches(vec![3..9, 10..11], WHOLE).collect();
    assert_eq!(beyond.len(), 1, "{beyond:?}");
    assert!(beyond[0].is_err(), "{beyond:?}");
}

#[test]
fn a_list_opened_again_is_as_the_journal_knew_it() {
    let place = place();
    let mut list = empty(&place);
    extend(&mut list, &["a", "b"]);
    let known = list.extent();
    // Written by a run that was killed before it could say so.
    extend(&mut list, &["c", "d"]);

    let mut again = AccountList::open(&place.promotion, &listed(&known)).expect("the list");
    assert_eq!(names(&again), ["a", "b"]);
    extend(&mut again, &["e", "a"]);
    assert_eq!(names(&again), ["a", "b", "e"]);
    assert_eq!(
        fs::read_to_string(&place.list).expect("the file"),
        "a\nb\ne\n"
    );
}

#[test]
fn names_that_are_forgotten_can_be_added_again() {
    let place = place();
    let mut list = empty(&place);
    extend(&mut list, &["a"]);
    let kept = list.extent();
    // More than stays in memory: a part of it is in the file when it is forgotten.
    let long: Vec<String> = (0..5).map(|n| n.to_string().repeat(40_000)).collect();
    for name in &long {
        list.add(name).expect("added");
    }
    assert!(fs::metadata(&place.list).expect("the file").len() > kept.bytes);
    list.forget();
    assert_eq!(list.extent(), kept);
    assert_eq!(extend(&mut list, &["c", "a", &long[0]]), 2);
    assert_eq!(names(&list), ["a", "c", &long[0]]);
    let known = list.extent();
    let again = AccountList::open(&place.promotion, &listed(&known)).expect("the list");
    assert_eq!(names(&again), ["a", "c", &long[0]]);
}

#[test]
fn a_position_in_a_list_of_a_million_means_the_same_name_in_every_run() {
    let place = place();
    let (part, all) = (400_000, 1_000_000);
    let name = |n: usize| format!("user{n}@example.com");
    let mut list = empty(&place);
    for n in 0..part {
        list.add(&name(n)).expect("added");
    }
    assert_eq!(list.keep().expect("kept"), part);
    let known = list.extent();
    drop(list);

    let mut list = AccountList::open(&place.promotion, &listed(&known)).expect("the list");
    for n in (0..all).rev() {
        list.add(&name(n)).expect("added");
    }
    assert_eq!(list.keep().expect("kept"), all - part);
    let known = list.extent();
    drop(list);

    let list = AccountList::open(&place.promotion, &listed(&known)).expect("the list");
    let at = |position| {
        name(if position < part {
            position
        } else {
            all + part - 1 - position
        })
    };
    let mut next = 0;
    let bounds = Bounds {
        names: 999,
        ..WHOLE
    };
    for batch in list.batches(iter::once(0..all).collect(), bounds) {
        let batch = batch.expect("read");
        assert_eq!(batch.from, next);
        for found in batch.names {
            assert_eq!(found, at(next));
            next += 1;
        }
    }
    assert_eq!(next, all);
    for range in [0..1, part - 1..part + 1, 777_777..777_780, all - 1..all] {
        let expected: Vec<String> = range.clone().map(at).collect();
        assert_eq!(names_at(&list, range), expected);
    }
}

#[test]
fn a_list_the_journal_does_not_know_begins_anew() {
    let place = place();
    fs::write(&place.list, "left over\n").expect("a leftover");
    let list = AccountList::open(&place.promotion, &Story::default()).expect("a list");
    assert_eq!(list.count(), 0);
    assert_eq!(fs::read(&place.list).expect("the file"), b"");
}

#[test]
fn a_list_that_is_not_the_journals_is_refused_and_kept() {
    let place = place();
    let mut list = empty(&place);
    extend(&mut list, &["a@example.com", "b@example.com"]);
    let known = list.extent();
    let sound = fs::read(&place.list).expect("the list");
    let cut = (0..sound.len()).map(|length| (length, sound[..length].to_vec()));
    for (at, content) in cut.chain(bit_flips(&sound)) {
        fs::write(&place.list, &content).expect("damage");
        let opened = AccountList::open(&place.promotion, &listed(&known));
        is_refused(opened, &place.list, &format!("cut to or flipped at {at}"));
        assert_eq!(fs::read(&place.list).expect("the file"), content);
    }
    fs::remove_file(&place.list).expect("remove");
    let opened = AccountList::open(&place.promotion, &listed(&known));
    is_refused(opened, &place.list, "no list at all");
}

#[test]
fn batches_cover_every_gap_once_and_stay_within_bounds() {
    let place = place();
    let mut list = empty(&place);
    let lengths = [1, 9, 3, 3, 3, 20, 1, 1, 1, 1];
    for (n, length) in lengths.iter().enumerate() {
        list.add(&n.to_string().repeat(*length)).expect("added");
    }
    list.keep().expect("kept");
    let whole = 0..10;
    let some: [&[Range<usize>]; 3] = [&[0..3, 5..7], &[2..3, 9..10], &[]];
    for gaps in some.into_iter().chain([slice::from_ref(&whole)]) {
        for names in 1..=11 {
            for bytes in 1..=50 {
                for beside in [1, 9] {
                    let bounds = Bounds {
                        names,
                        bytes,
                        beside,
                    };
                    cover_once(&list, gaps, bounds);
                }
            }
        }
    }
}

fn cover_once(list: &AccountList, gaps: &[Range<usize>], bounds: Bounds) {
    let mut covered = Vec::new();
    let mut last = (0, 0, bounds.names);
    for batch in list.batches(gaps.to_vec(), bounds) {
        let Batch { from, names } = batch.expect("read");
        let size = |name: &String| name.len() + bounds.beside;
        let bytes: usize = names.iter().map(size).sum();
        assert!(
            !names.is_empty() && names.len() <= bounds.names,
            "{names:?}"
        );
        assert!(
            names.len() == 1 || bytes <= bounds.bytes,
            "{names:?}: {bytes}"
        );
        let (end, before, count) = last;
        let full = count == bounds.names || before + size(&names[0]) > bounds.bytes;
        assert!(
            full || end != from,
            "{bounds:?}: the batch before {end} had room"
        );
        covered.extend((from..).zip(&names).map(|(position, name)| {
            assert!(
                name.starts_with(&position.to_string()),
                "{position}: {name}"
            );
            position
        }));
        last = (from + names.len(), bytes, names.len());
    }
    let wanted: Vec<usize> = gaps.iter().cloned().flatten().collect();
    assert_eq!(covered, wanted, "{gaps:?} by {bounds:?}");
}

#[test]
fn where_the_journal_is_lost_whoever_is_on_the_list_stays_on_it() {
    let place = place();
    fs::write(&place.list, "a\nb\ntor").expect("a list");
    let lost = Story {
        lost: true,
        ..Story::default()
    };
    let mut list = AccountList::open(&place.promotion, &lost).expect("the list");
    assert_eq!(names(&list), ["a", "b"]);
    extend(&mut list, &["b", "c"]);
    assert_eq!(names(&list), ["a", "b", "c"]);
    let known = list.extent();
    drop(list);
    let list = AccountList::open(&place.promotion, &listed(&known)).expect("the list");
    assert_eq!(names(&list), ["a", "b", "c"]);
}
