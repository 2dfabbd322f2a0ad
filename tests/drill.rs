//! The drill, on the built binary: every scenario passes, and nothing of it is left.

use std::io;
use std::path::Path;
use std::process::Output;

#[expect(clippy::disallowed_methods, reason = "the test starts the binary")]
fn drill(arguments: &[&str], folder: &Path) -> io::Result<Output> {
    std::process::Command::new(env!("CARGO_BIN_EXE_habeat"))
        .arg("drill")
        .args(arguments)
        .env("TMPDIR", folder)
        .output()
}

fn left_in(folder: &Path) -> io::Result<usize> {
    Ok(std::fs::read_dir(folder)?.count())
}

#[test]
fn every_scenario_passes_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = drill(&["--json"], folder.path()).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&whole["result"], &whole["failed"]),
        (&"passed".into(), &0.into())
    );
    assert_eq!(
        whole["passed"],
        whole["scenarios"].as_array().unwrap().len()
    );
    assert_eq!(left_in(folder.path()).unwrap(), 0);
}

#[test]
fn one_scenario_is_told_as_a_timeline_and_kept_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let output = drill(&["blip", "--keep"], folder.path()).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.starts_with("blip: "), "{text}");
    assert!(text.ends_with("\n1 scenarios passed, 0 failed\n"), "{text}");
    assert_eq!(left_in(folder.path()).unwrap(), 1);
}

#[test]
fn an_unknown_scenario_is_refused_with_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let output = drill(&["nothing-of-the-kind"], folder.path()).unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_ne!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("outage-and-return"), "{text}");
    assert_eq!(left_in(folder.path()).unwrap(), 0);
}

#[test]
fn the_list_plays_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = drill(&["--list"], folder.path()).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("outage-and-return")
    );
    assert_eq!(left_in(folder.path()).unwrap(), 0);
}
