//! The processes that a journal knows: for as long as they may run, whatever else is forgotten.

use std::fs;
use std::path::{Path, PathBuf};

use super::{at, folder};
use crate::base::clock::Now;
use crate::base::process::Process;
use crate::core::story::{Child, Entry, Story};
use crate::store::journal::{end, load};
use crate::store::{Foreign, Journal};

fn child(pid: i32, started: u64) -> Child {
    Child {
        step: "activate".to_owned(),
        process: Process {
            pid,
            started,
            boot_id: "b".to_owned(),
            group: (pid % 2 == 0).then(|| PathBuf::from("/sys/fs/cgroup/habeat-2-1")),
        },
    }
}

fn begin(promotion: &Path, epoch: u64, at: Now) -> Journal {
    let begun = Entry::Begun {
        epoch,
        at,
        previous: None,
        lost: false,
    };
    Journal::begin(promotion, &begun, &told(promotion)).expect("a journal")
}

fn told(promotion: &Path) -> Story {
    let found = load(promotion, Foreign::Leave).expect("readable");
    found.unwrap_or_default()
}

/// A journal of epoch 1 with two processes, of which the second has ended.
fn written() -> (tempfile::TempDir, PathBuf) {
    let folder = folder();
    let promotion = folder.path().join("promotion");
    let journal = begin(&promotion, 1, at(5));
    for event in [
        Entry::Child(child(2, 1)),
        Entry::Child(child(3, 1)),
        // The same number, and another process.
        child(2, 7).ended(),
        child(3, 1).ended(),
    ] {
        journal.remark(&event).expect("written");
    }
    (folder, promotion)
}

#[test]
fn a_process_without_an_end_is_known_to_the_next_run() {
    let (_folder, promotion) = written();
    assert_eq!(told(&promotion).children, [child(2, 1)]);
}

#[test]
fn whatever_else_is_forgotten_such_a_process_is_not() {
    let (_folder, promotion) = written();
    begin(&promotion, 1, at(6));
    assert_eq!(told(&promotion).children, [child(2, 1)], "anew");
    end(&promotion, &told(&promotion), &at(7)).expect("ended");
    assert_eq!(told(&promotion).children, [child(2, 1)], "its gist");
    begin(&promotion, 2, at(8));
    assert_eq!(told(&promotion).children, [child(2, 1)], "another");
}

#[test]
fn a_return_adds_to_the_gist_and_leaves_it_what_it_was() {
    let (_folder, promotion) = written();
    end(&promotion, &told(&promotion), &at(7)).expect("ended");
    let journal = Journal::resume(&promotion, &told(&promotion)).expect("the journal");
    journal.remark(&child(2, 1).ended()).expect("written");
    let story = told(&promotion);
    assert!(story.is_long() && !story.is_open(), "{story:?}");
    end(&promotion, &story, &at(9)).expect("ended again");
    let story = told(&promotion);
    let ended = story.last();
    assert_eq!(
        ended,
        Some(&at(7)),
        "the block period begins where it began"
    );
    let text = fs::read_to_string(promotion.with_extension("journal")).expect("the journal");
    assert_eq!(text.lines().count(), 2, "{text}");
}
