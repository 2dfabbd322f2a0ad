//! What survives a run, in a folder of its own per test.

mod accounts;
mod children;
mod journal;
mod state;

use std::path::Path;

use tempfile::TempDir;

use crate::base::clock::Now;
use crate::base::refusal::{Code, Refusal};

/// A folder that goes with the test.
fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// A moment in one boot.
fn at(second: u64) -> Now {
    Now {
        wall: 1_769_000_000,
        boot_ms: second * 1000,
        boot_id: "boot".to_owned(),
    }
}

/// Requires a refusal that names the file.
#[track_caller]
fn is_refused<T: std::fmt::Debug>(result: Result<T, Refusal>, path: &Path, what: &str) {
    let refusal = result.expect_err(what);
    assert_eq!(refusal.code, Code::Unusable, "{what}");
    let text = format!("{:#}", refusal.error);
    assert!(text.contains(&path.display().to_string()), "{what}: {text}");
}

/// Returns the text with each of its bits flipped in turn.
fn bit_flips(sound: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..8 * sound.len()).map(|bit| {
        let mut flipped = sound.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit, flipped)
    })
}
