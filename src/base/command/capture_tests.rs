use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::{KEPT_ERRORS, Spool, keep_last, nameless, unlinked};

#[test]
fn a_spool_file_can_be_written_and_read_and_has_no_name() {
    let ways: [fn(&Path) -> io::Result<File>; 2] = [nameless, unlinked];
    for (way, make) in ways.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = make(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "way {way}");
        file.write_all(b"said").unwrap();
        file.rewind().unwrap();
        let mut back = String::new();
        file.read_to_string(&mut back).unwrap();
        assert_eq!(back, "said", "way {way}");
    }
}

#[test]
fn a_spool_keeps_what_fits_and_tells_what_does_not() {
    for (room, pieces, kept, cut) in [
        (5, ["abc", "de"], "abcde", false),
        (5, ["abc", "def"], "abcde", true),
        (3, ["abc", "def"], "abc", true),
        (0, ["", "a"], "", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(folder.path(), room).unwrap();
        for piece in pieces {
            spool.keep(piece.as_bytes());
        }
        spool.file.rewind().unwrap();
        let mut back = String::new();
        spool.file.read_to_string(&mut back).unwrap();
        assert_eq!(
            (back.as_str(), spool.cut),
            (kept, cut),
            "{pieces:?} into {room}"
        );
    }
}

#[test]
fn output_that_cannot_be_written_counts_as_cut() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut spool = Spool {
        file: full,
        room: 100,
        cut: false,
    };
    spool.keep(b"abc");
    assert!(spool.cut);
}

#[test]
fn only_the_end_of_standard_error_is_kept() {
    let mut tail = VecDeque::new();
    for piece in ["a".repeat(KEPT_ERRORS), "b".to_owned(), "c".repeat(9)] {
        keep_last(&mut tail, piece.as_bytes());
    }
    let expected = format!("{}b{}", "a".repeat(KEPT_ERRORS - 10), "c".repeat(9));
    assert_eq!(tail, expected.as_bytes());
    keep_last(&mut tail, "d".repeat(3 * KEPT_ERRORS).as_bytes());
    assert_eq!(tail, "d".repeat(KEPT_ERRORS).as_bytes());
}
