use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use super::{Outlived, lingering, outlive};
use crate::base::command::Runner;
use crate::plan::Outcome;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(100);

/// A mark that no other process on the machine carries.
fn mark() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("test-{}-{number}", std::process::id())
}

fn runner(folder: &Path, mark: &str) -> Runner {
    Runner {
        stop: Arc::new(AtomicBool::new(false)),
        grace: Duration::from_millis(300),
        environment: vec![("HABEAT_TEST".to_owned(), mark.to_owned())],
        spool_dir: folder.to_owned(),
    }
}

/// Runs a script that leaves processes in the background: those of an earlier run.
fn leave(runner: &Runner, script: &str) {
    let words = ["/bin/sh", "-c", script, "sh"].map(str::to_owned);
    let folder = runner.spool_dir.to_str().unwrap().to_owned();
    let finished = runner.run(&[&words[..], &[folder]].concat(), LONG);
    assert_eq!(finished.outcome, Outcome::Ok, "{}", finished.stderr);
}

fn await_file(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            Ok(_) | Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !(stat.is_empty() || state.starts_with(['Z', 'X']))
}

/// Waits for a process that got its signal: it is gone a moment after its environment.
fn ends(pid: Pid) -> bool {
    (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        !runs(pid)
    })
}

#[test]
fn only_processes_with_exactly_the_mark_linger() {
    let folder = tempfile::tempdir().unwrap();
    let mark = mark();
    let runner = runner(folder.path(), &mark);
    leave(
        &runner,
        "sleep 60 & echo $! > $1/marked; \
         HABEAT_TEST=${HABEAT_TEST}0 sleep 60 & echo $! > $1/longer; \
         X_HABEAT_TEST=$HABEAT_TEST HABEAT_TEST= sleep 60 & echo $! > $1/other; \
         env -i sleep 60 & echo $! > $1/bare",
    );
    let started = |name: &str| pid(&await_file(&folder.path().join(name)));
    // A shell's child carries the shell's environment until it runs the program.
    for name in ["longer", "other", "bare"] {
        while fs::read(format!("/proc/{}/comm", started(name))).unwrap() != b"sleep\n" {
            thread::sleep(Duration::from_millis(10));
        }
    }
    assert_eq!(lingering(("HABEAT_TEST", &mark)), [started("marked")]);
    assert_eq!(lingering(("HABEAT_TES", &mark)), []);
    assert_eq!(lingering(("HABEAT_TEST", &mark[..mark.len() - 1])), []);

    let ended = outlive(("HABEAT_TEST", &mark), Duration::ZERO, &runner);
    assert_eq!(ended, Outlived::Ended(vec![started("marked")]));
    for name in ["longer", "other", "bare"] {
        assert!(runs(started(name)), "{name} was ended");
        rustix::process::kill_process(started(name), rustix::process::Signal::KILL).unwrap();
    }
}

#[test]
fn there_is_nothing_to_outlive_when_none_lingers() {
    let folder = tempfile::tempdir().unwrap();
    let mark = mark();
    let runner = runner(folder.path(), &mark);
    assert_eq!(
        outlive(("HABEAT_TEST", &mark), LONG, &runner),
        Outlived::Gone
    );
    leave(&runner, "sleep 0.3 &");
    assert_eq!(
        outlive(("HABEAT_TEST", &mark), LONG, &runner),
        Outlived::Gone
    );
}

#[test]
fn what_does_not_end_by_itself_is_ended() {
    for script in [
        "sleep 60 & echo $! > $1/pid",
        "sh -c 'trap \"\" TERM; echo $$ > $1/pid; while :; do read x < /dev/zero; done' sh $1 &",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mark = mark();
        let runner = runner(folder.path(), &mark);
        leave(&runner, script);
        let left = pid(&await_file(&folder.path().join("pid")));
        let ended = outlive(("HABEAT_TEST", &mark), SHORT, &runner);
        assert_eq!(ended, Outlived::Ended(vec![left]), "{script}");
        assert!(ends(left), "{script}");
    }
}

#[test]
fn the_group_of_a_marked_leader_goes_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mark = mark();
    let runner = runner(folder.path(), &mark);
    leave(
        &runner,
        "setsid sh -c 'env -i sleep 60 & echo $! > $1/child; wait' sh $1 &",
    );
    let child = pid(&await_file(&folder.path().join("child")));
    while fs::read(format!("/proc/{child}/comm")).unwrap() != b"sleep\n" {
        thread::sleep(Duration::from_millis(10));
    }
    let left = lingering(("HABEAT_TEST", &mark));
    assert!(left.len() == 1 && !left.contains(&child));
    assert_eq!(
        outlive(("HABEAT_TEST", &mark), SHORT, &runner),
        Outlived::Ended(left)
    );
    assert!(ends(child));
}

#[test]
fn asked_to_stop_we_wait_no_longer_and_end_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mark = mark();
    let runner = runner(folder.path(), &mark);
    leave(&runner, "sleep 60 & echo $! > $1/pid");
    let left = pid(&await_file(&folder.path().join("pid")));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SHORT);
            runner.stop.store(true, Ordering::Relaxed);
        });
        let outlived = outlive(("HABEAT_TEST", &mark), LONG, &runner);
        assert_eq!(outlived, Outlived::Stopped(vec![left]));
    });
    assert!(runs(left));
    rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
}
