//! The state documents: what is saved is loaded, what is damaged is refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::{at, bit_flips, folder, is_refused};
use crate::config::Files;
use crate::core::{Memory, Module, ModulePhase, Phase, Promotion, Suspicion};
use crate::store::Foreign;
use crate::store::state::{load, write};

fn files(folder: &TempDir) -> Files {
    let path = |name| folder.path().join(name);
    Files {
        down: path("down"),
        promotion: path("promotion"),
        module: path("module"),
        state_dir: path("state"),
    }
}

/// A memory with something in every field.
fn full() -> Memory {
    let mut promotion = Promotion::begun(7, "mbox1.example.com".to_owned(), Some(at(3)));
    promotion.attempts = 2;
    promotion.failure = Some("a \"quoted\"\nfailure, ü".to_owned());
    promotion.acknowledged = Some(String::new());
    Memory {
        suspicion: Some(Suspicion {
            host: "mbox1.example.com".to_owned(),
            dead_streak: 4,
            since: Some(at(1)),
            last: Some(at(2)),
        }),
        promotion: Some(promotion),
        module: Some(Module::new(ModulePhase::Stopping)),
        ..Memory::default()
    }
}

fn save(files: &Files, memory: &Memory) {
    write(&files.promotion, memory.promotion.as_ref()).expect("written");
    write(&files.module, memory.module.as_ref()).expect("written");
    write(&files.down, memory.suspicion.as_ref()).expect("written");
}

fn saved() -> (TempDir, Files) {
    let folder = folder();
    let files = files(&folder);
    save(&files, &full());
    (folder, files)
}

fn loaded(files: &Files) -> Memory {
    load(files, Foreign::Leave).expect("loaded")
}

#[test]
fn what_is_saved_is_loaded_and_for_us_alone() {
    let (folder, files) = saved();
    assert_eq!(loaded(&files), full());
    let names = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(names, 3, "no drafts");
    for path in [&files.down, &files.promotion, &files.module] {
        let mode = fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn what_is_over_is_gone() {
    let (_folder, files) = saved();
    write::<Module>(&files.module, None).expect("removed");
    assert!(!files.module.exists());
    save(&files, &Memory::default());
    assert_eq!(loaded(&files), Memory::default());
}

#[test]
fn an_empty_file_is_its_state_without_details() {
    for content in ["", "\n", " \t\r\n "] {
        let folder = folder();
        let files = files(&folder);
        for path in [&files.down, &files.promotion, &files.module] {
            fs::write(path, content).expect("an empty file");
        }
        let memory = loaded(&files);
        assert_eq!(memory.suspicion, Some(Suspicion::default()));
        assert_eq!(
            memory.promotion.map(|promotion| promotion.phase),
            Some(Phase::Finished)
        );
        assert_eq!(
            memory.module.map(|module| module.phase),
            Some(ModulePhase::Stopped)
        );
    }
}

#[test]
fn a_document_cut_anywhere_is_refused() {
    let (_folder, files) = saved();
    for path in [&files.down, &files.promotion, &files.module] {
        let sound = fs::read(path).expect("a document");
        for length in 1..sound.len() - 1 {
            fs::write(path, &sound[..length]).expect("cut");
            is_refused(
                load(&files, Foreign::Move),
                path,
                &format!("cut to {length}"),
            );
        }
        // The line break at the end is for people.
        fs::write(path, &sound[..sound.len() - 1]).expect("cut");
        assert_eq!(loaded(&files), full());
    }
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let (_folder, files) = saved();
    for path in [&files.down, &files.promotion, &files.module] {
        let sound = fs::read(path).expect("a document");
        for (bit, flipped) in bit_flips(&sound) {
            fs::write(path, &flipped).expect("flip");
            is_refused(load(&files, Foreign::Move), path, &format!("bit {bit}"));
            assert_eq!(
                fs::read(path).expect("the document"),
                flipped,
                "kept for a person"
            );
        }
        fs::write(path, sound).expect("mend");
    }
}

#[test]
fn a_document_of_another_kind_or_version_is_refused() {
    let (_folder, files) = saved();
    let sound = fs::read_to_string(&files.promotion).expect("a document");
    let down = fs::read_to_string(&files.down).expect("a document");
    for (content, what) in [
        (sound.replacen("\"version\":1", "\"version\":2", 1), "newer"),
        (
            sound.replacen("\"version\":1", "\"version\":0", 1),
            "older than any",
        ),
        (
            sound.replacen("\"version\":1", "\"version\":\"1\"", 1),
            "a version that is a text",
        ),
        (down, "the document of another state"),
        (sound.repeat(2), "two documents"),
        ("{}".to_owned(), "an empty object"),
        ("null".to_owned(), "null"),
        (
            "2026-01-31 12:00\n".to_owned(),
            "a date, as somebody's script may write",
        ),
    ] {
        fs::write(&files.promotion, content).expect("write");
        is_refused(load(&files, Foreign::Move), &files.promotion, what);
    }
}

#[test]
fn a_foreign_file_is_left_alone_where_nothing_may_be_touched() {
    let folder = folder();
    let files = files(&folder);
    symlink("nowhere", &files.promotion).expect("a link");
    assert_eq!(loaded(&files), Memory::default());
    assert!(fs::symlink_metadata(&files.promotion).is_ok(), "left");
    assert_eq!(
        load(&files, Foreign::Move).expect("loaded"),
        Memory::default()
    );
    assert!(fs::symlink_metadata(&files.promotion).is_err(), "removed");
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let (_folder, files) = saved();
    let mut wordy = full();
    if let Some(promotion) = &mut wordy.promotion {
        promotion.acknowledged = Some("x".repeat(70_000));
    }
    let refused = write(&files.promotion, wordy.promotion.as_ref()).expect_err("too long");
    assert!(refused.error.to_string().contains("shorter"), "{refused:?}");
    assert_eq!(loaded(&files), full());
}
