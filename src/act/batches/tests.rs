use std::time::Duration;

use super::splits;
use crate::base::command::Outcome;
use crate::base::command::Runner;

fn runner() -> Runner {
    Runner {
        stop: std::sync::Arc::default(),
        grace: Duration::ZERO,
        environment: Vec::new(),
        spool_dir: std::env::temp_dir(),
        gate: None,
    }
}

#[test]
fn what_does_not_start_for_its_size_is_split_and_what_does_not_start_at_all_is_not() {
    let runner = runner();
    let run = |program: &str, argument: String| {
        runner
            .run(&[program.to_owned(), argument], Duration::from_secs(60))
            .outcome
    };
    // MAX_ARG_STRLEN (execve(2)): no system takes such an argument.
    let too_long = run("/bin/true", "x".repeat(128 << 10));
    assert!(splits(&too_long), "{too_long}");
    let missing = run("/nonexistent/program", String::new());
    assert!(matches!(missing, Outcome::SpawnFailed(_)), "{missing}");
    assert!(!splits(&missing), "{missing}");
}

#[test]
fn what_hangs_is_not_asked_again_in_halves() {
    for (outcome, expected) in [
        (Outcome::Exit(2), true),
        (Outcome::BadOutput("ERROR: x".to_owned()), true),
        (Outcome::TimedOut, false),
        (Outcome::Signal(9), false),
        (Outcome::Stopped, false),
        (Outcome::Unjournalled("x".to_owned()), false),
        (Outcome::Skipped("x".to_owned()), false),
    ] {
        assert_eq!(splits(&outcome), expected, "{outcome}");
    }
}
