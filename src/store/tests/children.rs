//! The processes that a journal knows: for as long as they may run, whatever else is forgotten.

use std::fs;
use std::path::PathBuf;

use super::{at, folder};
use crate::base::process::Process;
use crate::store::journal::{begin_anew, end, last_promotion};
use crate::store::{Child, Event, Foreign, Journal, Story};

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

/// A journal of epoch 1 with two processes, of which the second has ended.
fn written() -> (tempfile::TempDir, PathBuf) {
    let folder = folder();
    let promotion = folder.path().join("promotion");
    let (journal, _) = Journal::open(&promotion, 1, &at(5)).expect("a journal");
    for event in [
        Event::Child(child(2, 1)),
        Event::Child(child(3, 1)),
        // The same number, and another process.
        child(2, 7).ended(),
        child(3, 1).ended(),
    ] {
        journal.remark(&event).expect("written");
    }
    (folder, promotion)
}

fn opened(promotion: &std::path::Path, epoch: u64) -> Story {
    Journal::open(promotion, epoch, &at(9))
        .expect("a journal")
        .1
}

#[test]
fn a_process_without_an_end_is_known_to_the_next_run() {
    let (_folder, promotion) = written();
    assert_eq!(opened(&promotion, 1).children, [child(2, 1)]);
}

#[test]
fn whatever_else_is_forgotten_such_a_process_is_not() {
    let (_folder, promotion) = written();
    begin_anew(&promotion, 1, "activate", &at(6)).expect("begun anew");
    assert_eq!(opened(&promotion, 1).children, [child(2, 1)], "anew");
    end(&promotion, &at(7)).expect("ended");
    let (journal, story) = Journal::reopen(&promotion, 1, &at(8)).expect("the journal");
    assert_eq!(story.children, [child(2, 1)], "its gist");
    drop(journal);
    assert_eq!(opened(&promotion, 2).children, [child(2, 1)], "another");
}

#[test]
fn a_return_adds_to_the_gist_and_leaves_it_what_it_was() {
    let (_folder, promotion) = written();
    end(&promotion, &at(7)).expect("ended");
    let (journal, _) = Journal::reopen(&promotion, 1, &at(8)).expect("the journal");
    journal.remark(&child(2, 1).ended()).expect("written");
    end(&promotion, &at(9)).expect("ended again");
    let ended = last_promotion(&promotion, Foreign::Leave).expect("readable");
    assert_eq!(ended, Some(at(7)), "the block period begins where it began");
    let text = fs::read_to_string(promotion.with_extension("journal")).expect("the journal");
    assert_eq!(text.lines().count(), 2, "{text}");
}
