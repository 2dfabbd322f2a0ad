//! A state file that is damaged, or newer than we know, is refused: nothing is guessed, and nothing
//! is changed.

mod common;

use common::Site;
use common::files::{numbers, snapshot};

/// What a run writes however it ends.
const ALWAYS_WRITTEN: [&str; 2] = ["habeat.yml", "habeat.log"];

/// Runs with damaged content in place of a state file: refused, named, and nothing changed.
#[track_caller]
fn is_refused(site: &Site, name: &str, content: &[u8], what: &str) {
    site.write(name, content);
    let before = snapshot(&site.path(""), &ALWAYS_WRITTEN);
    let ran = site.run();
    assert_eq!(ran.exit, Some(78), "{what}: {ran:#?}");
    assert!(
        ran.stderr.contains(&site.path(name).display().to_string()),
        "{what}: {ran:#?}"
    );
    assert_eq!(snapshot(&site.path(""), &ALWAYS_WRITTEN), before, "{what}");
}

/// A site after a promotion that failed, so that there is something to go on with.
fn unfinished() -> Site {
    let mut site = Site::new();
    site.config.max_attempts = 50;
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    site.remove("fail_promote");
    site
}

#[test]
fn a_damaged_promotion_file_is_refused() {
    let site = unfinished();
    let sound = site.read("promotion-appserver");
    let whole = sound.len() - 1; // Without its last line break it is still whole.
    for length in (1..whole).step_by(7).chain([whole - 1]) {
        is_refused(
            &site,
            "promotion-appserver",
            &sound[..length],
            &format!("cut to {length}"),
        );
    }
    for bit in numbers(1).take(80).map(|n| n % (8 * sound.len())) {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        is_refused(
            &site,
            "promotion-appserver",
            &flipped,
            &format!("bit {bit} flipped"),
        );
    }
    is_refused(
        &site,
        "promotion-appserver",
        &vec![b'x'; 70_000],
        "far too long",
    );
    is_refused(
        &site,
        "promotion-appserver",
        &[0; 512],
        "zeros, as after a power cut",
    );
    site.write("promotion-appserver", sound);
    site.run().is("unfinished", 0);
}

#[test]
fn a_document_of_a_newer_version_is_refused_by_name() {
    let site = unfinished();
    for name in ["promotion-appserver", "down-appserver"] {
        let sound = site.text(name);
        let newer = sound.replacen("\"version\":1", "\"version\":2", 1);
        assert_ne!(newer, sound);
        is_refused(&site, name, newer.as_bytes(), "newer");
        site.write(name, sound);
    }
    site.run().is("unfinished", 0);
}

#[test]
fn an_empty_file_is_its_state_without_details() {
    let mut site = Site::new();
    site.config.confirm_runs = 2;
    site.write("down-appserver", "");
    site.run().is("confirming", 0);
    site.write("promotion-appserver", "\n");
    for _ in 0..2 {
        site.run().is("undocumented", 3);
    }
    assert_eq!(site.call(&["ack"]).exit, Some(0));
    site.run().is("already-promoted", 0);
    site.peer_comes_back();
    site.remove("promotion-appserver");
    site.write("module", "");
    site.run().is("returning", 0);
    assert_eq!(site.lines("calls"), Vec::<String>::new());
}

#[test]
fn a_torn_last_line_of_the_journal_never_happened() {
    let site = unfinished();
    let sound = site.read(&site.record(".journal"));
    for torn in ["x", "0000", "12345678 {\"event\":\"stage-done\",\"sta"] {
        let site = unfinished();
        let mut journal = sound.clone();
        journal.extend(torn.as_bytes());
        site.write(&site.record(".journal"), journal);
        site.run().is("unfinished", 0);
        assert_eq!(site.lines("moved").len(), 3, "{torn}");
        assert_eq!(site.lines("flushed").len(), 3, "{torn}");
    }
}

#[test]
fn a_journal_damaged_before_its_last_line_is_refused() {
    let site = unfinished();
    let journal = site.read(&site.record(".journal"));
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let before_last: usize = lines.iter().rev().skip(1).map(|line| line.len()).sum();
    for bit in numbers(2).take(80).map(|n| n % (8 * (before_last - 1))) {
        let mut flipped = journal.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        is_refused(
            &site,
            &site.record(".journal"),
            &flipped,
            &format!("bit {bit} flipped"),
        );
    }
    is_refused(
        &site,
        &site.record(".journal"),
        &lines[1..].concat(),
        "its first line lost",
    );
    is_refused(&site, &site.record(".journal"), b"", "emptied");
    site.write(&site.record(".journal"), journal);
    site.run().is("unfinished", 0);
}

#[test]
fn a_journal_that_is_lost_is_told_by_its_name_and_begun_anew() {
    let site = unfinished();
    let lost = format!(
        "journal={} state=missing",
        site.path(&site.record(".journal")).display()
    );
    let whole = site.call(&["--dry-run"]);
    assert!(!whole.stderr.contains("state=missing"), "{whole:#?}");
    site.remove(&site.record(".journal"));
    let dry = site.call(&["--dry-run"]);
    assert!(dry.stderr.contains(&lost), "{dry:#?}");
    let run = site.run();
    run.is("unfinished", 0);
    assert!(run.stderr.contains(&lost), "{run:#?}");
    assert_eq!(site.lines("moved").len(), 3);
    let after = site.run();
    after.is("already-promoted", 0);
    assert!(!after.stderr.contains("state=missing"), "{after:#?}");
}
