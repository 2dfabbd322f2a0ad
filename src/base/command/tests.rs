use std::fs;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Finished, Runner};
use crate::base::command::Outcome;

/// Long enough that reaching it means a hang.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(100);

fn runner(folder: &Path) -> Runner {
    Runner {
        stop: Arc::new(AtomicBool::new(false)),
        grace: Duration::from_millis(200),
        environment: Vec::new(),
        spool_dir: folder.to_owned(),
        gate: None,
    }
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn sh(script: &str) -> Vec<String> {
    argv(&["/bin/sh", "-c", script])
}

fn run(script: &str, deadline: Duration) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let finished = runner(folder.path()).run(&sh(script), deadline);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a file is left"
    );
    finished
}

fn output(finished: &mut Finished) -> String {
    let mut text = String::new();
    let file = finished.stdout.as_mut().unwrap();
    assert_eq!(file.stream_position().unwrap(), 0, "not rewound");
    file.read_to_string(&mut text).unwrap();
    text
}

/// Whether the process whose number a command printed still runs.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !(stat.is_empty() || state.starts_with(['Z', 'X']))
}

/// Waits for a process that is certain to end: its parent reaps it, not we.
fn ends(pid: &str) -> bool {
    (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        !runs(pid)
    })
}

fn kill(pid: &str) {
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn every_way_to_end_has_its_outcome() {
    for (script, deadline, expected) in [
        ("exit 0", LONG, Outcome::Ok),
        ("exit 3", LONG, Outcome::Exit(3)),
        ("exit 255", LONG, Outcome::Exit(255)),
        ("kill -KILL $$", LONG, Outcome::Signal(9)),
        ("kill -TERM $$", LONG, Outcome::Signal(15)),
        ("exec >&- 2>&-; sleep 0.2; exit 7", LONG, Outcome::Exit(7)),
        ("exec sleep 60", SHORT, Outcome::TimedOut),
        ("exec >&- 2>&- sleep 60", SHORT, Outcome::TimedOut),
        (
            "trap '' TERM; while :; do sleep 0.02; done",
            SHORT,
            Outcome::TimedOut,
        ),
        (
            "trap 'exit 0' TERM; while :; do sleep 0.02; done",
            SHORT,
            Outcome::TimedOut,
        ),
        (
            "while :; do echo without end; done",
            SHORT,
            Outcome::TimedOut,
        ),
        ("exec sleep 60", Duration::ZERO, Outcome::TimedOut),
        ("exit 4", Duration::MAX, Outcome::Exit(4)),
    ] {
        assert_eq!(run(script, deadline).outcome, expected, "{script}");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (words, said) in [
        (
            &["/no/such/program", "x"][..],
            "/no/such/program: No such file",
        ),
        (
            &["no-such-program-anywhere"],
            "no-such-program-anywhere: No such file",
        ),
        (&["/etc/passwd"], "/etc/passwd: Permission denied"),
        (&["/bin/echo", "a\0b"], "/bin/echo: nul byte"),
        (&[], "the command is empty"),
    ] {
        let finished = runner(folder.path()).run(&argv(words), LONG);
        let Outcome::SpawnFailed(why) = &finished.outcome else {
            panic!("{words:?}: {}", finished.outcome);
        };
        assert!(why.why.starts_with(said), "{words:?}: {why}");
        assert!(finished.stdout.is_none());
    }
}

#[test]
fn nothing_is_started_whose_output_cannot_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("ran");
    let lost = folder.path().join("no-such-folder");
    let script = format!("touch {}", trace.display());
    let finished = runner(&lost).run(&sh(&script), LONG);
    assert!(
        matches!(finished.outcome, Outcome::SpawnFailed(why) if why.why.contains("no-such-folder"))
    );
    assert!(!trace.exists());
}

#[test]
fn both_outputs_are_captured_apart() {
    let mut finished = run("echo out; echo err >&2; echo more", LONG);
    assert_eq!(output(&mut finished), "out\nmore\n");
    assert_eq!(finished.stderr, "err\n");
    assert!(!finished.truncated);
}

#[test]
fn a_command_gets_a_clean_environment_and_what_the_run_adds() {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = runner(folder.path());
    runner.environment = vec![("HABEAT_EPOCH".to_owned(), "7 $(x)".to_owned())];
    let mut finished = runner.run(&argv(&["env"]), LONG);
    let text = output(&mut finished);
    let is_known = |line: &&str| {
        let known = [
            "PATH=",
            "LANG=",
            "LC_",
            "TZ=",
            "HOME=",
            "USER=",
            "JAVA_HOME=",
            "HABEAT_",
        ];
        known.iter().any(|name| line.starts_with(name))
    };
    assert!(text.lines().all(|line| is_known(&line)), "{text}");
    assert!(
        text.lines().any(|line| line == "HABEAT_EPOCH=7 $(x)"),
        "{text}"
    );
}

#[test]
fn a_command_stands_alone_in_the_root_folder_without_input() {
    let script = "read -r pid _ _ _ group _ < /proc/self/stat; \
                  [ $pid = $group ] && pwd && cat && echo end";
    assert_eq!(output(&mut run(script, LONG)), "/\nend\n");
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let hostile = [
        "o'brien@example.com",
        "\"quoted\"@example.com",
        "a;reboot@example.com",
        "$(reboot)@example.com",
        "`reboot`",
        "${HOME}",
        "a b  c\td",
        " leading and trailing ",
        "-rf",
        "--",
        "--help",
        "",
        "*",
        "~root",
        "a|b&c>d<e",
        "a\\nb\\",
        "line\nbreak",
        "müller@example.com",
        "名前@例え.jp",
        "\u{202e}txt.exe",
        "%s%n%x",
        "\u{1b}[31mred",
        "!history",
        "#comment",
        "{a,b}",
    ];
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("say-arguments");
    fs::write(&script, "printf '%s\\0' \"$@\"\n").unwrap();
    let mut words = argv(&["/bin/sh", script.to_str().unwrap()]);
    words.extend(argv(&hostile));
    let mut finished = runner(folder.path()).run(&words, LONG);
    let expected: String = hostile.iter().map(|name| format!("{name}\0")).collect();
    assert_eq!(output(&mut finished), expected);
}

#[test]
fn output_beyond_the_bound_is_drained_and_the_cut_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, kept, truncated) in [
        (999, 999, false),
        (1000, 1000, false),
        (900_000, 1000, true),
    ] {
        let words = argv(&["head", "-c", &bytes.to_string(), "/dev/zero"]);
        let finished = runner(folder.path()).run_keeping(1000, &words, LONG);
        let length = finished.stdout.unwrap().metadata().unwrap().len();
        let seen = (finished.outcome, length, finished.truncated);
        assert_eq!(seen, (Outcome::Ok, kept, truncated), "{bytes} bytes");
    }
}

#[test]
fn two_full_pipes_do_not_block_each_other() {
    let script = "head -c 700000 /dev/zero >&2; head -c 700000 /dev/zero; echo end >&2; echo end";
    let mut finished = run(script, LONG);
    assert_eq!(finished.outcome, Outcome::Ok);
    assert_eq!(output(&mut finished).len(), 700_004);
    assert!(finished.stderr.len() == 8192 && finished.stderr.ends_with("\0end\n"));
}

#[test]
fn what_stays_in_the_background_neither_holds_us_nor_is_ended() {
    for script in [
        "sleep 60 & echo $!",
        "setsid sleep 60 & echo $!",
        "sleep 60 >/dev/null 2>&1 & echo $!",
    ] {
        let mut finished = run(script, LONG);
        let pid = output(&mut finished);
        assert_eq!(finished.outcome, Outcome::Ok, "{script}");
        assert!(runs(&pid), "{script}: it was ended, or waited for");
        kill(&pid);
    }
}

#[test]
fn what_writes_in_the_background_without_end_does_not_hold_us() {
    let finished = run("yes & exit 5", LONG);
    assert_eq!(finished.outcome, Outcome::Exit(5));
}

#[test]
fn the_whole_group_goes_when_we_end_a_command() {
    for script in [
        // The leader obeys, its child does not.
        "(trap '' TERM; while :; do sleep 0.02; done) & echo $!; wait",
        // Both refuse.
        "trap '' TERM; sleep 60 & echo $!; while :; do sleep 0.02; done",
        // The child outlives its leader for a moment, and then obeys.
        "(trap 'sleep 0.1; exit' TERM; while :; do sleep 0.02; done) & echo $!; wait",
    ] {
        let mut finished = run(script, Duration::from_secs(3));
        assert_eq!(finished.outcome, Outcome::TimedOut, "{script}");
        assert!(ends(&output(&mut finished)), "{script}: somebody is left");
    }
}

#[test]
fn what_was_said_before_a_deadline_is_kept() {
    let mut finished = run(
        "echo half; echo why >&2; exec sleep 60",
        Duration::from_secs(3),
    );
    assert_eq!(finished.outcome, Outcome::TimedOut);
    assert_eq!(output(&mut finished), "half\n");
    assert_eq!(finished.stderr, "why\n");
}

#[test]
fn nothing_starts_once_we_are_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("ran");
    let runner = runner(folder.path());
    runner.stop.store(true, Ordering::Relaxed);
    let finished = runner.run(&sh(&format!("touch {}", trace.display())), LONG);
    assert_eq!(
        finished.outcome,
        Outcome::Skipped("asked to stop".to_owned())
    );
    assert!(!trace.exists());
}

/// Runs a script that makes the file `up` in its folder (`$1`), and sets `stop` once it is there.
fn run_stopped(script: &str, grace: Duration) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = runner(folder.path());
    runner.grace = grace;
    let words = argv(&[
        "/bin/sh",
        "-c",
        script,
        "sh",
        folder.path().to_str().unwrap(),
    ]);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !folder.path().join("up").exists() {
                thread::sleep(Duration::from_millis(5));
            }
            runner.stop.store(true, Ordering::Relaxed);
        });
        runner.run(&words, LONG)
    })
}

#[test]
fn asked_to_stop_the_command_in_hand_may_end_by_itself() {
    let finished = run_stopped("touch $1/up; sleep 0.3; echo done", LONG);
    assert_eq!(finished.outcome, Outcome::Ok);
    let finished = run_stopped("touch $1/up; sleep 1; exit 9", LONG);
    assert_eq!(finished.outcome, Outcome::Stopped);
}

#[test]
fn asked_to_stop_a_command_that_goes_on_is_ended() {
    for script in [
        "touch $1/up; exec sleep 60",
        "trap '' TERM; touch $1/up; while :; do sleep 0.02; done",
    ] {
        assert_eq!(
            run_stopped(script, SHORT).outcome,
            Outcome::Stopped,
            "{script}"
        );
    }
}
