//! The journal: what was appended is told, what was torn never happened, what is damaged is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::{at, bit_flips, folder, is_refused};
use crate::base::clock::Now;
use crate::core::story::{Entry, Extent, Story};
use crate::store::journal::{end, load, read};
use crate::store::{Foreign, Journal};

struct Place {
    _folder: TempDir,
    promotion: PathBuf,
    journal: PathBuf,
}

fn place() -> Place {
    let folder = folder();
    Place {
        promotion: folder.path().join("promotion"),
        journal: folder.path().join("promotion.journal"),
        _folder: folder,
    }
}

fn done(from: usize, to: usize) -> Entry {
    Entry::BatchDone {
        stage: "flush-cache".to_owned(),
        from,
        to,
    }
}

fn extent(names: usize) -> Extent {
    Extent {
        names,
        bytes: 99,
        checksum: "0badcafe".to_owned(),
    }
}

fn events() -> Vec<Entry> {
    let step = || "promote-accounts".to_owned();
    vec![
        Entry::Listed(extent(9)),
        Entry::Before { step: step() },
        Entry::After {
            step: step(),
            outcome: "ok \"quoted\"\n".to_owned(),
        },
        Entry::StageDone {
            stage: "promote".to_owned(),
        },
        Entry::BatchBefore {
            stage: "flush-cache".to_owned(),
            from: 0,
            to: 4,
        },
        done(0, 4),
        done(4, 9),
    ]
}

/// Begins a journal.
fn begin(place: &Place, epoch: u64, at: Now, before: &Story) -> Journal {
    let begun = Entry::Begun {
        epoch,
        at,
        previous: None,
        lost: false,
    };
    Journal::begin(&place.promotion, &begun, before).expect("a journal")
}

/// Opens a journal again.
fn resume(place: &Place) -> (Journal, Story) {
    let story = told(&place.journal);
    let journal = Journal::resume(&place.promotion, &story).expect("the journal");
    (journal, story)
}

/// A journal of epoch 1 with all events.
fn written() -> Place {
    let place = place();
    let journal = begin(&place, 1, at(5), &Story::default());
    let story = told(&place.journal);
    assert_eq!((story.epoch, story.began), (1, Some(at(5))));
    for event in events() {
        journal.append(&event).expect("appended");
    }
    place
}

fn told(path: &Path) -> Story {
    read(path, Foreign::Leave)
        .expect("readable")
        .expect("a journal")
}

#[test]
fn a_journal_opened_again_tells_what_was_appended() {
    let place = written();
    let (journal, story) = resume(&place);
    assert_eq!((story.epoch, story.began.as_ref()), (1, Some(&at(5))));
    assert_eq!(story.listed, extent(9));
    assert!(story.begun.contains("promote-accounts") && story.stages.contains("promote"));
    assert_eq!(story.batches["flush-cache"].count(), 9);
    assert_eq!(story.ended, None);
    journal
        .append(&Entry::Listed(extent(10)))
        .expect("appended");
    assert_eq!(told(&place.journal).listed, extent(10));
}

#[test]
fn a_journal_that_is_begun_anew_tells_nothing_of_what_was_before() {
    let place = written();
    let before = told(&place.journal);
    let journal = begin(&place, 2, at(90), &before);
    journal.append(&done(0, 4)).expect("appended");
    let story = told(&place.journal);
    assert_eq!((story.epoch, story.began.clone()), (2, Some(at(90))));
    assert_eq!(story.listed, Extent::default());
    assert!(
        story.begun.is_empty() && story.stages.is_empty(),
        "{story:?}"
    );
    assert_eq!(story.batches["flush-cache"].count(), 4);
}

#[test]
fn the_block_period_counts_from_what_was_begun_not_from_what_was_only_intended() {
    let mut story = Story::default();
    let begun = |previous| Entry::Begun {
        epoch: 2,
        at: at(90),
        previous,
        lost: false,
    };
    story.add(begun(Some(at(5))));
    assert_eq!(story.last(), Some(&at(5)), "only intended");
    story.add(Entry::Before {
        step: "promote-accounts".to_owned(),
    });
    assert_eq!(story.last(), Some(&at(90)));
    story.add(Entry::Ended { at: at(99) });
    assert_eq!(story.last(), Some(&at(99)));
    story.add(begun(None));
    assert_eq!(story.last(), None);
}

/// What the journal tells when it ends after each of its lines.
fn prefixes(sound: &[u8], scratch: &Path) -> Vec<(usize, Story)> {
    let ends = sound.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(end, _)| {
        fs::write(scratch, &sound[..=end]).expect("a prefix");
        (end + 1, told(scratch))
    })
    .collect()
}

#[test]
fn a_journal_cut_anywhere_tells_its_whole_lines_or_is_refused() {
    let place = written();
    let sound = fs::read(&place.journal).expect("the journal");
    let prefixes = prefixes(&sound, &place.journal);
    assert_eq!(prefixes.len(), events().len() + 1);
    for length in 0..sound.len() {
        fs::write(&place.journal, &sound[..length]).expect("cut");
        match prefixes.iter().rev().find(|(end, _)| *end <= length) {
            Some((_, story)) => assert_eq!(told(&place.journal), *story, "cut to {length}"),
            None => is_refused(
                read(&place.journal, Foreign::Leave),
                &place.journal,
                "no first line",
            ),
        }
    }
}

#[test]
fn a_torn_line_is_cut_off_before_the_next_is_appended() {
    let place = written();
    let sound = fs::read(&place.journal).expect("the journal");
    fs::write(&place.journal, &sound[..sound.len() - 3]).expect("tear");
    let (journal, story) = resume(&place);
    assert_eq!(story.batches["flush-cache"].count(), 4);
    journal.append(&done(4, 9)).expect("appended");
    assert_eq!(fs::read(&place.journal).expect("the journal"), sound);
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let place = written();
    let sound = fs::read(&place.journal).expect("the journal");
    for (bit, flipped) in bit_flips(&sound) {
        fs::write(&place.journal, flipped).expect("flip");
        let result = read(&place.journal, Foreign::Leave);
        is_refused(result, &place.journal, &format!("bit {bit}"));
    }
}

#[test]
fn a_line_without_an_end_is_not_read_for_ever() {
    let place = written();
    let mut journal = fs::read(&place.journal).expect("the journal");
    journal.extend(vec![b'x'; 1 << 20]);
    fs::write(&place.journal, journal).expect("write");
    is_refused(
        read(&place.journal, Foreign::Leave),
        &place.journal,
        "a megabyte without an end",
    );
}

#[test]
fn a_line_too_long_to_be_read_again_is_refused_and_harms_nothing() {
    let place = written();
    let sound = fs::read(&place.journal).expect("the journal");
    let (journal, _) = resume(&place);
    let wordy = Entry::After {
        step: "promote-accounts".to_owned(),
        outcome: "x".repeat(9000),
    };
    let refused = journal.append(&wordy).expect_err("too long");
    assert!(refused.to_string().contains("longer"), "{refused}");
    assert_eq!(fs::read(&place.journal).expect("the journal"), sound);
    journal.append(&done(9, 12)).expect("appended");
    assert_eq!(told(&place.journal).batches["flush-cache"].count(), 12);
}

#[test]
fn lines_appended_side_by_side_stay_whole() {
    let place = place();
    let journal = begin(&place, 1, at(5), &Story::default());
    let (threads, lines) = (8, 40);
    thread::scope(|scope| {
        for thread in 0..threads {
            let journal = &journal;
            scope.spawn(move || {
                for line in 0..lines {
                    let from = thread * lines + line;
                    journal.append(&done(from, from + 1)).expect("appended");
                }
            });
        }
    });
    assert_eq!(
        told(&place.journal).batches["flush-cache"].count(),
        threads * lines
    );
}

#[test]
fn an_ended_journal_keeps_its_gist() {
    let place = written();
    end(&place.promotion, &told(&place.journal), &at(60)).expect("ended");
    let story = told(&place.journal);
    assert_eq!(
        (story.epoch, story.began.clone(), story.ended.clone()),
        (1, Some(at(5)), Some(at(60)))
    );
    assert_eq!(
        (story.listed.clone(), story.stages.len()),
        (Extent::default(), 0)
    );
    assert_eq!(story.last(), Some(&at(60)));

    // Once more, as after a kill in between: the first end stands.
    end(&place.promotion, &story, &at(70)).expect("ended");
    assert_eq!(told(&place.journal), story);
}

#[test]
fn without_a_journal_there_was_no_promotion() {
    let place = place();
    let found = load(&place.promotion, Foreign::Leave).expect("readable");
    assert_eq!(found, None);
    assert_eq!(found.unwrap_or_default().last(), None);
    assert!(!place.journal.exists());
}
