use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{Orphan, await_gone, end, find};
use crate::base::command::Outcome;
use crate::base::command::{Noted, Runner};
use crate::base::process::{Process, Stat};
use crate::core::story::Child;

const LONG: Duration = Duration::from_secs(60);
const NOBODY: [i32; 0] = [];
const SHORT: Duration = Duration::from_millis(200);

/// A step that has ended for us, and of which the journal does not know it.
struct Left {
    folder: TempDir,
    children: Vec<Child>,
}

impl Left {
    /// Runs a script that leaves processes in the background; `$1` is its folder.
    fn by(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runner = Runner {
            stop: Arc::default(),
            grace: SHORT,
            environment: Vec::new(),
            spool_dir: folder.path().to_owned(),
            gate: None,
        };
        let words = [
            "/bin/sh",
            "-c",
            script,
            "sh",
            folder.path().to_str().unwrap(),
        ];
        let children = RefCell::new(Vec::new());
        let note = |process: &Process| {
            children.borrow_mut().push(Child {
                step: "activate".to_owned(),
                process: process.clone(),
            });
            Ok(())
        };
        let noted = Noted {
            note: &note,
            in_group: false,
        };
        let finished = runner.run_noted(&words.map(str::to_owned), LONG, noted);
        assert_eq!(finished.outcome, Outcome::Ok, "{}", finished.stderr);
        Self {
            folder,
            children: children.into_inner(),
        }
    }

    fn pid(&self, name: &str) -> i32 {
        await_number(&self.folder.path().join(name))
    }

    fn found(&self) -> Vec<i32> {
        pids(&find(&self.children).unwrap())
    }
}

fn await_number(path: &Path) -> i32 {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().parse().unwrap(),
            Ok(_) | Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn pids(orphans: &[Orphan]) -> Vec<i32> {
    orphans.iter().map(|orphan| orphan.stat.pid).collect()
}

fn runs(pid: i32) -> bool {
    Stat::of(pid).unwrap().is_some_and(|stat| stat.runs)
}

fn kill(pid: i32) {
    Stat::of(pid)
        .unwrap()
        .unwrap()
        .signal(Signal::KILL)
        .unwrap();
}

fn soon() -> Instant {
    Instant::now() + SHORT
}

#[test]
fn whoever_is_left_in_the_group_is_found_even_without_its_leader_and_its_environment() {
    let left = Left::by("env -i sleep 60 & echo $! > $1/bare");
    assert_eq!(left.found(), [left.pid("bare")]);
    assert_eq!(find(&left.children).unwrap()[0].step, "activate");
    assert_eq!(
        end(&left.children, LONG, &AtomicBool::new(false)).unwrap(),
        []
    );
    assert!(!runs(left.pid("bare")));
}

#[test]
fn a_daemon_of_another_step_is_none_of_this_one() {
    let left = Left::by("setsid sleep 60 & echo $! > $1/daemon");
    let daemon = left.pid("daemon");
    while Stat::of(daemon).unwrap().unwrap().session != daemon {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(left.found(), NOBODY);
    kill(daemon);
}

#[test]
fn what_a_living_one_has_started_is_found_in_whichever_session() {
    let left = Left::by(
        "sh -c 'setsid sh -c \"echo \\$\\$ > $1/far; exec sleep 60\" & echo $$ > $1/near; wait' sh $1 &",
    );
    let (near, far) = (left.pid("near"), left.pid("far"));
    assert_ne!(
        Stat::of(far).unwrap().unwrap().session,
        Stat::of(near).unwrap().unwrap().session
    );
    let mut found = left.found();
    found.retain(|&pid| pid == near || pid == far);
    assert_eq!(found, [near, far]);
    assert_eq!(
        end(&left.children, LONG, &AtomicBool::new(false)).unwrap(),
        []
    );
    assert!(!runs(far));
}

#[test]
fn a_number_that_somebody_else_has_by_now_is_not_touched_and_neither_is_his_group() {
    let mut left = Left::by("setsid sh -c 'echo $$ > $1/him; sleep 60 & wait' sh $1 &");
    let him = left.pid("him");
    let process = &mut left.children[0].process;
    process.pid = him;
    for started in [0, u64::MAX] {
        left.children[0].process.started = started;
        assert_eq!(left.found(), NOBODY, "{started}");
        let ended = end(&left.children, Duration::ZERO, &AtomicBool::new(false));
        assert_eq!(ended.unwrap(), []);
        assert!(runs(him));
    }
    left.children[0].process.started = Stat::of(him).unwrap().unwrap().started;
    assert!(left.found().contains(&him), "he is found by his own time");
    left.children[0].process.boot_id = "another".to_owned();
    assert_eq!(left.found(), NOBODY, "another boot");
    left.children[0].process.boot_id.clear();
    assert_eq!(
        end(&left.children, LONG, &AtomicBool::new(false)).unwrap(),
        []
    );
}

#[test]
fn none_are_waited_for_when_none_are_left() {
    let stop = AtomicBool::new(false);
    assert_eq!(await_gone(&[], Instant::now() + LONG, &stop).unwrap(), []);
    let left = Left::by("sleep 0.3 &");
    assert_eq!(
        await_gone(&left.children, Instant::now() + LONG, &stop).unwrap(),
        []
    );
}

#[test]
fn who_is_left_at_the_end_of_the_wait_is_told() {
    let left = Left::by("sleep 60 & echo $! > $1/pid");
    let waited = await_gone(&left.children, soon(), &AtomicBool::new(false)).unwrap();
    assert_eq!(pids(&waited), [left.pid("pid")]);
    kill(left.pid("pid"));
}

#[test]
fn who_does_not_obey_is_killed_with_all_he_starts_meanwhile() {
    let left =
        Left::by("sh -c 'trap \"\" TERM; echo $$ > $1/pid; while :; do sleep 0.01; done' sh $1 &");
    let pid = left.pid("pid");
    assert_eq!(
        end(&left.children, SHORT, &AtomicBool::new(false)).unwrap(),
        []
    );
    assert!(!runs(pid));
}

#[test]
fn asked_to_stop_we_wait_no_longer_and_kill_nobody() {
    let left = Left::by("sh -c 'trap \"\" TERM; echo $$ > $1/pid; exec sleep 60' sh $1 &");
    let pid = left.pid("pid");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SHORT);
            stop.store(true, Ordering::Relaxed);
        });
        let waited = await_gone(&left.children, Instant::now() + LONG, &stop);
        assert_eq!(pids(&waited.unwrap()), [pid]);
    });
    assert_eq!(pids(&end(&left.children, LONG, &stop).unwrap()), [pid]);
    assert!(runs(pid));
    kill(pid);
}
