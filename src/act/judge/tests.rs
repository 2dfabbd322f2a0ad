use std::io::{Read, Seek, Write};
use std::time::Duration;

use super::Judge::{self, Carbonio, CarbonioJson, Exit, Zmprov};
use super::{complaint, judge};
use crate::base::command::{Finished, Outcome};

fn finished(outcome: Outcome, stdout: &str, stderr: &str) -> Finished {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(stdout.as_bytes()).unwrap();
    file.rewind().unwrap();
    Finished {
        outcome,
        stdout: Some(file),
        stderr: stderr.to_owned(),
        truncated: false,
        took: Duration::ZERO,
    }
}

fn ended_well(stdout: &str, stderr: &str) -> Finished {
    finished(Outcome::Ok, stdout, stderr)
}

const GOOD: &str = "warning\n{\"ok\":true,\"response\":{\"operationId\":\"op-1\"}}\n";
const NO_SERVER: &str = "Unable to communicate with server localhost:7071";

const JUDGES: [Judge; 4] = [Exit, Zmprov, Carbonio, CarbonioJson];

/// Standard output and error of a command that ended well; what `JUDGES` make of it.
const PRINTED: &[(&str, &str, [bool; 4])] = &[
    (GOOD, "", [true, true, true, true]),
    (
        GOOD,
        "Picked up JAVA_TOOL_OPTIONS: {}",
        [true, true, true, true],
    ),
    ("", "", [true, true, true, false]),
    ("service stopped\n", "", [true, true, true, false]),
    ("{\"level\":\"info\"}", "", [true, true, true, false]),
    ("{\"ok\":true}", "", [true, true, true, false]),
    ("{\"values\":[]}", "", [true, true, true, false]),
    ("{\"response\":{}}", "", [true, true, true, true]),
    ("{\"ok\":false}", "", [true, true, false, false]),
    (
        "{\"error\":\"x\",\"response\":{}}",
        "",
        [true, true, false, false],
    ),
    (
        "{\"response\":{\"mbx1\":{\"ok\":false}}}",
        "",
        [true, true, false, false],
    ),
    (
        "{\"ok\":true,\"response\":{",
        "",
        [true, true, false, false],
    ),
    (NO_SERVER, "", [true, true, false, false]),
    (GOOD, NO_SERVER, [true, true, false, false]),
    (
        "note\nnow: Unable to communicate with server x",
        "",
        [true, true, false, false],
    ),
    (
        "unable to communicate with server",
        "",
        [true, true, true, false],
    ),
    (
        "Please run as zextras user\n",
        "",
        [true, true, false, false],
    ),
    (
        "Services are now handled by systemd.\n",
        GOOD,
        [true, true, false, false],
    ),
    (
        GOOD,
        "ERROR: service.FAILURE (system failure)",
        [true, false, false, false],
    ),
    (
        "a\nERROR: account.NO_SUCH_ACCOUNT",
        GOOD,
        [true, false, false, false],
    ),
    (GOOD, "no ERROR: here\n", [true, true, true, true]),
    (GOOD, "error: case counts\n", [true, true, true, true]),
];

#[test]
fn exit_0_is_enough_only_where_that_is_the_judge() {
    for &(stdout, stderr, good) in PRINTED {
        for (by, good) in JUDGES.into_iter().zip(good) {
            let outcome = judge(by, &mut ended_well(stdout, stderr));
            let case = format!("{by:?} of {stdout:?} and {stderr:?}: {outcome}");
            assert_eq!(outcome.is_ok(), good, "{case}");
            assert_eq!(matches!(outcome, Outcome::BadOutput(_)), !good, "{case}");
        }
    }
}

#[test]
fn bad_output_says_what_was_bad() {
    for (by, stdout, stderr, said) in [
        (Carbonio, NO_SERVER, "", NO_SERVER),
        (
            Carbonio,
            "{\"ok\":false,\"error\":{\"message\":\"no such server\"}}",
            "",
            "no such server",
        ),
        (
            CarbonioJson,
            "",
            "",
            "there is no JSON answer in the output",
        ),
        (
            CarbonioJson,
            "{\"ok\":true}",
            "",
            "the JSON answer has no `response`",
        ),
        (
            Zmprov,
            "",
            "a\nERROR: zclient.IO_ERROR (x)\n\tat y",
            "ERROR: zclient.IO_ERROR (x)",
        ),
    ] {
        let outcome = judge(by, &mut ended_well(stdout, stderr));
        assert_eq!(outcome, Outcome::BadOutput(said.to_owned()));
    }
}

#[test]
fn a_command_that_did_not_end_well_keeps_its_outcome() {
    for outcome in [
        Outcome::Exit(1),
        Outcome::Signal(9),
        Outcome::TimedOut,
        Outcome::Stopped,
        Outcome::Unjournalled("x".to_owned()),
        Outcome::Skipped("x".to_owned()),
    ] {
        for by in JUDGES {
            let mut finished = finished(outcome.clone(), GOOD, "");
            assert_eq!(judge(by, &mut finished), outcome, "{by:?}");
        }
    }
}

#[test]
fn cut_output_is_bad_unless_only_the_status_counts() {
    for (by, good) in [
        (Exit, true),
        (Zmprov, false),
        (Carbonio, false),
        (CarbonioJson, false),
    ] {
        let mut finished = ended_well(GOOD, "");
        finished.truncated = true;
        assert_eq!(judge(by, &mut finished).is_ok(), good, "{by:?}");
    }
}

#[test]
fn a_command_without_output_can_be_judged() {
    for (by, good) in [
        (Exit, true),
        (Zmprov, true),
        (Carbonio, true),
        (CarbonioJson, false),
    ] {
        let mut finished = ended_well("", "");
        finished.stdout = None;
        assert_eq!(judge(by, &mut finished).is_ok(), good, "{by:?}");
    }
}

#[test]
fn the_output_is_rewound_after_every_judgement() {
    for by in JUDGES {
        let mut finished = ended_well(GOOD, "");
        assert!(judge(by, &mut finished).is_ok());
        let mut text = String::new();
        finished.stdout.unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, GOOD, "{by:?}");
    }
}

#[test]
fn both_ends_of_a_large_output_are_searched() {
    let filler = "x ".repeat(20_000) + "\n";
    let line = "ERROR: late\n";
    for (text, good) in [
        (format!("{filler}{filler}{filler}{filler}"), true),
        (format!("{line}{filler}{filler}{filler}{filler}"), false),
        (format!("{filler}{filler}{filler}{filler}{line}"), false),
        (format!("{filler}{filler}{line}{filler}"), false),
        (format!("{filler}{filler}{filler}no {line}"), true),
    ] {
        assert_eq!(judge(Zmprov, &mut ended_well(&text, "")).is_ok(), good);
    }
}

#[test]
fn the_start_of_the_last_window_is_a_line_only_after_a_line_break() {
    // The window is the last 64 KiB: "ERROR:" stands exactly at its start, or a byte before.
    for (before, early, good) in [("\n", 0, false), (" ", 0, true), (" ", 1, true)] {
        let text = format!(
            "{}{before}ERROR:{}",
            "x".repeat(99_999),
            "y".repeat((64 << 10) - 6 + early)
        );
        assert_eq!(
            judge(Zmprov, &mut ended_well(&text, "")).is_ok(),
            good,
            "{before:?}"
        );
    }
}

#[test]
fn the_complaint_is_the_first_text_that_means_something() {
    let json = "{\"ok\":false,\"error\":{\"message\":\"no such\\nserver\"}}";
    let long = "z".repeat(500);
    let shown = format!("{}…", "z".repeat(199));
    for (outcome, stdout, stderr, expected) in [
        (
            Outcome::Exit(1),
            json,
            "noise",
            Some("no such\u{fffd}server"),
        ),
        (
            Outcome::Exit(2),
            "out",
            "at x\nERROR: service.FAILURE\n",
            Some("ERROR: service.FAILURE"),
        ),
        (
            Outcome::Exit(1),
            "Please run as zextras user\n",
            "noise",
            Some("Please run as zextras user"),
        ),
        (
            Outcome::Exit(1),
            "usage: x",
            "\n ---\n  broken pipe\nmore",
            Some("broken pipe"),
        ),
        (Outcome::Exit(1), "\n usage: x\nmore", "", Some("usage: x")),
        (Outcome::Exit(1), &long, "", Some(&shown)),
        (Outcome::Ok, "all is well", "", None),
        (Outcome::Ok, "", "a warning", Some("a warning")),
        (Outcome::Exit(1), "", "\n\n", None),
        (
            Outcome::Exit(1),
            "{\"ok\":true,\"resp",
            "",
            Some("{\"ok\":true,\"resp"),
        ),
    ] {
        let finished = finished(outcome, stdout, stderr);
        assert_eq!(
            complaint(&finished).as_deref(),
            expected,
            "{stdout:?} {stderr:?}"
        );
    }
}
