//! The account list: positions never change, batches cover everything once.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::slice;

use tempfile::TempDir;

use super::{bit_flips, folder, is_refused};
use crate::store::{AccountList, Extent};

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

fn names(list: &AccountList) -> Vec<String> {
    list.names(0..list.count()).map(str::to_owned).collect()
}

#[test]
fn only_new_names_are_appended() {
    let place = place();
    let mut list = AccountList::open(&place.promotion, &Extent::default()).expect("a list");
    list.extend("b\na\nb\n").expect("written");
    list.extend("a\nc\n").expect("written");
    list.extend("").expect("written");
    assert_eq!(names(&list), ["b", "a", "c"]);
    assert_eq!((list.count(), list.extent().bytes), (3, 6));
    assert_eq!(
        fs::read_to_string(&place.list).expect("the file"),
        "b\na\nc\n"
    );
}

#[test]
fn names_of_any_range_are_those_at_its_positions() {
    let place = place();
    let mut list = AccountList::open(&place.promotion, &Extent::default()).expect("a list");
    let all = ["a", "bb@example.com", "ü", "d d"];
    list.extend(&(all.join("\n") + "\n")).expect("written");
    for start in 0..=all.len() {
        for end in start..=all.len() {
            let found: Vec<&str> = list.names(start..end).collect();
            assert_eq!(found, all[start..end]);
        }
    }
    assert_eq!(
        list.names(3..9).collect::<Vec<_>>(),
        ["d d"],
        "beyond the end is nothing"
    );
}

#[test]
fn a_list_opened_again_is_as_the_journal_knew_it() {
    let place = place();
    let mut list = AccountList::open(&place.promotion, &Extent::default()).expect("a list");
    list.extend("a\nb\n").expect("written");
    let known = list.extent();
    // Written by a run that was killed before it could say so.
    list.extend("c\nd").expect("written");

    let mut again = AccountList::open(&place.promotion, &known).expect("the list");
    assert_eq!(names(&again), ["a", "b"]);
    again.extend("e\na\n").expect("written");
    assert_eq!(names(&again), ["a", "b", "e"]);
    assert_eq!(
        fs::read_to_string(&place.list).expect("the file"),
        "a\nb\ne\n"
    );
}

#[test]
fn a_list_the_journal_does_not_know_begins_anew() {
    let place = place();
    fs::write(&place.list, "left over\n").expect("a leftover");
    let list = AccountList::open(&place.promotion, &Extent::default()).expect("a list");
    assert_eq!(list.count(), 0);
    assert_eq!(fs::read(&place.list).expect("the file"), b"");
}

#[test]
fn a_list_that_is_not_the_journals_is_refused_and_kept() {
    let place = place();
    let mut list = AccountList::open(&place.promotion, &Extent::default()).expect("a list");
    list.extend("a@example.com\nb@example.com\n")
        .expect("written");
    let known = list.extent();
    let sound = fs::read(&place.list).expect("the list");
    let cut = (0..sound.len()).map(|length| (length, sound[..length].to_vec()));
    for (at, content) in cut.chain(bit_flips(&sound)) {
        fs::write(&place.list, &content).expect("damage");
        let opened = AccountList::open(&place.promotion, &known);
        is_refused(opened, &place.list, &format!("cut to or flipped at {at}"));
        assert_eq!(fs::read(&place.list).expect("the file"), content);
    }
    fs::remove_file(&place.list).expect("remove");
    let opened = AccountList::open(&place.promotion, &known);
    is_refused(opened, &place.list, "no list at all");
}

#[test]
fn batches_cover_every_gap_once_and_stay_within_bounds() {
    let place = place();
    let mut list = AccountList::open(&place.promotion, &Extent::default()).expect("a list");
    let lengths = [1, 9, 3, 3, 3, 20, 1, 1, 1, 1];
    let all: Vec<String> = lengths
        .iter()
        .enumerate()
        .map(|(n, length)| n.to_string().repeat(*length))
        .collect();
    list.extend(&(all.join("\n") + "\n")).expect("written");
    let whole = 0..10;
    let some: [&[Range<usize>]; 3] = [&[0..3, 5..7], &[2..3, 9..10], &[]];
    for gaps in some.into_iter().chain([slice::from_ref(&whole)]) {
        for max_names in 1..=11 {
            for max_bytes in 1..=50 {
                let batches = list.batches(gaps, max_names, max_bytes);
                let covered: Vec<usize> = batches.iter().cloned().flatten().collect();
                let wanted: Vec<usize> = gaps.iter().cloned().flatten().collect();
                assert_eq!(covered, wanted, "{gaps:?} by {max_names} and {max_bytes}");
                for batch in batches {
                    let bytes: usize = list.names(batch.clone()).map(|name| name.len() + 1).sum();
                    assert!(!batch.is_empty() && batch.len() <= max_names, "{batch:?}");
                    assert!(batch.len() == 1 || bytes <= max_bytes, "{batch:?}: {bytes}");
                }
            }
        }
    }
}
