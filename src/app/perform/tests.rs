//! What keeps a plan from being performed.

use std::sync::Arc;

use tempfile::TempDir;

use super::perform;
use crate::base::refusal::Code;
use crate::core::{Choice, Decision, Memory, Verdict};
use crate::plan::takeover;
use crate::report::tests::config;

#[test]
fn a_takeover_that_is_not_in_the_memory_is_not_begun() {
    let folder = TempDir::new().expect("a folder");
    let config = config(folder.path());
    let stages = takeover(&config);
    let decision = Decision {
        verdict: Verdict::Dead,
        choice: Choice::Promote,
    };
    let refusal = perform(
        &config,
        &decision,
        &stages,
        &Memory::default(),
        &Arc::default(),
    )
    .expect_err("no promotion was intended");
    assert_eq!(refusal.code, Code::Bug, "{refusal:?}");
    let left = std::fs::read_dir(folder.path())
        .expect("the folder")
        .count();
    assert_eq!(left, 1, "only the config");
}
