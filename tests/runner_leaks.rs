//! Many commands at once leave nothing behind. Alone in its file: it counts what this process has.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use habeat::act::pool::run_all;
use habeat::base::command::Outcome;
use habeat::base::command::{Noted, Runner};
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn two_hundred_commands_under_a_rain_of_signals_leak_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let runner = Runner {
        stop: Arc::new(AtomicBool::new(false)),
        grace: Duration::from_millis(50),
        environment: Vec::new(),
        spool_dir: folder.path().to_owned(),
        gate: Some(env!("CARGO_BIN_EXE_habeat").into()),
    };
    // A signal with a handler makes system calls return EINTR.
    let heard = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&heard)).unwrap();
    let before = open_files();

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                kill_process(getpid(), Signal::USR1).unwrap();
                thread::sleep(Duration::from_micros(500));
            }
        });
        run_all(0..200, 16, |job| {
            let (script, deadline, expected) = match job % 4 {
                0 => ("echo $0", 60_000, Outcome::Ok),
                1 => ("echo $0; exit 9", 60_000, Outcome::Exit(9)),
                2 => ("echo $0; kill -KILL $$", 60_000, Outcome::Signal(9)),
                _ => (
                    "trap '' TERM; echo $0; while :; do sleep 0.1; done",
                    1_000,
                    Outcome::TimedOut,
                ),
            };
            let words = ["/bin/sh", "-c", script, &job.to_string()].map(str::to_owned);
            let noted = Noted {
                note: &|_| Ok(()),
                in_group: job % 8 < 4,
            };
            let finished = runner.run_noted(&words, Duration::from_millis(deadline), noted);
            assert_eq!(finished.outcome, expected, "job {job}");
            let mut said = String::new();
            finished.stdout.unwrap().read_to_string(&mut said).unwrap();
            assert_eq!(said, format!("{job}\n"), "each command's output is its own");
        });
        over.store(true, Ordering::Relaxed);
    });

    assert!(heard.load(Ordering::Relaxed), "no signal arrived");
    assert_eq!(open_files(), before, "files are left open");
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "spool files are left"
    );
    let children = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    assert_eq!(children.unwrap_err(), Errno::CHILD, "children are left");
}
