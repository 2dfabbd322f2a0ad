//! What a killed run left running: a command begins only once the journal knows it, a later run
//! finds it whatever became of its environment, and takes nobody else for it.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::cell::RefCell;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::{HABEAT, Site, ran};
use habeat::act::orphans;
use habeat::base::command::{Finished, Noted, Outcome, Runner};
use habeat::base::process::{Process, Stat};
use habeat::core::story;
use rustix::process::Signal;
use tempfile::TempDir;

/// Long enough that reaching it means a hang.
const LONG: Duration = Duration::from_secs(60);

/// Runs a command held back by the program under test, and returns who it was.
fn run_held(
    folder: &Path,
    words: &[&str],
    in_group: bool,
    note: impl Fn(&Process) -> io::Result<()>,
) -> (Finished, Option<Process>) {
    let runner = Runner {
        stop: Arc::default(),
        grace: Duration::from_millis(200),
        environment: Vec::new(),
        spool_dir: folder.to_owned(),
        gate: Some(HABEAT.into()),
    };
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let who = RefCell::new(None);
    let note = |process: &Process| {
        *who.borrow_mut() = Some(process.clone());
        note(process)
    };
    let noted = Noted {
        note: &note,
        in_group,
    };
    let finished = runner.run_noted(&words, LONG, noted);
    (finished, who.into_inner())
}

fn stat(pid: i32) -> Option<Stat> {
    Stat::of(pid).unwrap().filter(|stat| stat.runs)
}

fn kill(pid: i32) {
    stat(pid).unwrap().signal(Signal::KILL).unwrap();
}

#[test]
fn a_command_begins_only_once_it_is_written_down_who_it_is() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("ran");
    let script = format!(
        "read -r pid _ < /proc/self/stat; echo $pid > {}",
        trace.display()
    );
    let (finished, who) = run_held(
        folder.path(),
        &["/bin/sh", "-c", &script],
        false,
        |process| {
            assert!(!trace.exists(), "it ran before");
            let stat = stat(process.pid).unwrap();
            assert_eq!(stat.started, process.started);
            // So that nothing it starts is in a session of others, and no password is asked for.
            assert_eq!((stat.group, stat.session), (process.pid, process.pid));
            Ok(())
        },
    );
    assert_eq!(finished.outcome, Outcome::Ok, "{finished:?}");
    let said: i32 = fs::read_to_string(&trace).unwrap().trim().parse().unwrap();
    assert_eq!(
        said,
        who.unwrap().pid,
        "it is the process that was written down"
    );
}

#[test]
fn what_cannot_be_written_down_is_never_run() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("ran");
    let words = ["/bin/touch", trace.to_str().unwrap()];
    let (finished, who) = run_held(folder.path(), &words, true, |_| {
        Err(io::Error::other("the disk is full"))
    });
    assert_eq!(
        finished.outcome,
        Outcome::Unjournalled("the disk is full".to_owned())
    );
    assert_eq!(stat(who.unwrap().pid), None, "it is still there");
    assert!(!trace.exists());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test starts the program under test"
)]
fn held(trace: &Path) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let child = Command::new(HABEAT)
        .args(["--held", "/bin/touch", trace.to_str().unwrap()])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .unwrap();
    let mut ready = [0];
    (&ours).read_exact(&mut ready).unwrap();
    (child, ours)
}

#[test]
fn a_line_that_closes_without_a_word_never_lets_the_command_run() {
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("ran");
    // The run was killed; its end closes.
    let (mut child, line) = held(&trace);
    drop(line);
    assert_eq!(child.wait().unwrap().code(), Some(127));
    assert!(!trace.exists());
    // No word but the one.
    let (mut child, mut line) = held(&trace);
    line.write_all(b"x").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(127));
    assert!(!trace.exists());

    let (mut child, mut line) = held(&trace);
    line.write_all(b"g").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(trace.exists(), "the word lets it run");
}

#[test]
fn what_cannot_be_started_says_which_kind_of_error_it_was() {
    let folder = TempDir::new().unwrap();
    let long = "x".repeat(200_000);
    for (words, kind, said) in [
        (
            &["/no/such/program", "x"][..],
            ErrorKind::NotFound,
            "/no/such/program: No such file",
        ),
        (
            &["no-such-program-anywhere"],
            ErrorKind::NotFound,
            "no-such-program-anywhere: No such file",
        ),
        (
            &["/etc/passwd"],
            ErrorKind::PermissionDenied,
            "/etc/passwd: Permission denied",
        ),
        (
            &["/bin/true", &long],
            ErrorKind::ArgumentListTooLong,
            "/bin/true: Argument list too long",
        ),
        (
            &["/bin/echo", "a\0b"],
            ErrorKind::InvalidInput,
            "/bin/echo: nul byte",
        ),
        (&[], ErrorKind::InvalidInput, "the command is empty"),
    ] {
        let (finished, _) = run_held(folder.path(), words, false, |_| Ok(()));
        let Outcome::SpawnFailed(error) = &finished.outcome else {
            panic!("{said}: {finished:?}");
        };
        assert_eq!(error.kind, kind, "{said}: {error}");
        assert!(error.why.starts_with(said), "{said}: {error}");
    }
}

/// Whether a control group can be made below our own.
fn can_make_groups() -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "));
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let (Some(mount), Some(own)) = (mount, own) else {
        return false;
    };
    let folder = Path::new(mount.split(' ').nth(4).unwrap()).join(own);
    let made = folder.join(format!("test-{}", std::process::id()));
    fs::create_dir(&made)
        .and_then(|()| fs::remove_dir(&made))
        .is_ok()
}

#[test]
fn in_a_group_of_its_own_even_a_daemon_without_a_parent_is_found() {
    let folder = TempDir::new().unwrap();
    let pid_file = folder.path().join("pid");
    let script = format!("setsid env -i sleep 60 & echo $! > {}", pid_file.display());
    let (finished, who) = run_held(folder.path(), &["/bin/sh", "-c", &script], true, |_| Ok(()));
    assert_eq!(finished.outcome, Outcome::Ok);
    let daemon: i32 = fs::read_to_string(&pid_file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let process = who.unwrap();
    let Some(group) = process.group.clone() else {
        kill(daemon);
        assert!(!can_make_groups(), "none was made");
        return;
    };
    let child = story::Child {
        step: "activate".to_owned(),
        process,
    };
    let end = Instant::now() + LONG;
    while stat(daemon).is_some_and(|stat| stat.session != daemon) {
        assert!(Instant::now() < end);
    }
    let found = orphans::find(std::slice::from_ref(&child)).unwrap();
    let pids: Vec<i32> = found.iter().map(|orphan| orphan.stat.pid).collect();
    assert_eq!(pids, [daemon]);
    let never = AtomicBool::new(false);
    assert_eq!(orphans::end(&[child], LONG, &never).unwrap(), []);
    assert_eq!(stat(daemon), None);
    assert!(!group.exists(), "an empty group is left");
}

/// A proxy of which the first command is this script; `$1` is the site's folder.
fn site(script: &str) -> Site {
    let mut site = Site::proxy(true, true);
    site.program(
        "first",
        &format!("#!/bin/sh\nset -- \"${{0%/*}}\"\n{script}\n"),
    );
    let (first, switch) = (site.path("first"), site.path("switch"));
    site.config.own_site = format!(
        "proxy_switch: {{bgp: {{activate: [[{}], [{}, two]]}}}}",
        first.display(),
        switch.display()
    );
    site
}

fn pid(site: &Site, name: &str) -> i32 {
    site.wait_for(name);
    let end = Instant::now() + LONG;
    loop {
        if let Ok(pid) = site.text(name).trim().parse() {
            return pid;
        }
        assert!(Instant::now() < end, "{name} stays empty");
    }
}

/// Kills a run while its first command is at work.
fn is_killed_in(site: &Site, name: &str) -> i32 {
    let mut running = site.start(&["--json"]);
    let pid = pid(site, name);
    running.kill().unwrap();
    let _ = ran(running);
    pid
}

/// Whether a process has this word among its arguments.
fn is_named(word: &str) -> bool {
    let all = Stat::all().unwrap();
    all.iter().any(|stat| {
        let line = fs::read(format!("/proc/{}/cmdline", stat.pid)).unwrap_or_default();
        String::from_utf8_lossy(&line)
            .split('\0')
            .any(|it| it == word)
    })
}

/// A site whose run was killed when it made its n-th folder.
fn killed_at_folder(n: usize) -> Site {
    let site = site("echo first >>$1/switched");
    let inject = format!("inject=mkdir:signal=KILL:when={n}");
    let strace = [
        "strace",
        "-f",
        "--quiet=all",
        "--detach-on=execve",
        "-o",
        "/dev/null",
    ];
    let only = ["-e", "trace=mkdir", "-e", &inject];
    let _ = ran(site.start_under(&[&strace[..], &only[..]].concat(), &["--json"]));
    site
}

#[test]
fn a_run_killed_before_its_child_is_written_down_leaves_nothing_that_runs() {
    if !can_make_groups() {
        // The making of the group is where strace(1) can strike.
        return;
    }
    // The run makes folders of its own before that.
    let site = (1..=8)
        .map(killed_at_folder)
        .find(|site| {
            let events = site.journal();
            let kinds: Vec<_> = events.iter().map(|it| it["event"].clone()).collect();
            kinds == ["begun", "before"]
        })
        .unwrap();
    let first = site.path("first").display().to_string();
    let end = Instant::now() + LONG;
    while is_named(&first) {
        assert!(Instant::now() < end, "it still waits");
    }
    assert_eq!(site.switched(), [""; 0], "it ran");
    site.run().is("unfinished", 0);
    assert_eq!(site.switched(), ["first", "two"]);
}

#[test]
fn what_a_command_that_ended_has_left_running_is_never_touched() {
    let mut site = site("setsid sleep 300 >/dev/null 2>&1 & echo $! >$1/pid");
    site.config.timeouts = "command: 300ms";
    site.write("fail_two", "");
    site.run().is("confirmed", 1);
    let daemon = pid(&site, "pid");
    site.remove("fail_two");
    site.run().is("unfinished", 0);
    assert!(stat(daemon).is_some(), "it was ended");
    kill(daemon);
}

#[test]
fn what_outlives_a_command_that_was_ended_is_ended_before_the_next_try() {
    let mut site = site(
        "[ -e $1/worker ] && exit 0; \
         setsid sh -c 'echo $$ >$1/worker; exec sleep 300' sh $1 & exec sleep 300",
    );
    site.config.timeouts = "command: 1s";
    site.run().is("confirmed", 1);
    let worker = pid(&site, "worker");
    let run = site.run();
    run.is("unfinished", 0);
    if can_make_groups() {
        assert!(run.stderr.contains("outcome=ended"), "{run:#?}");
        assert_eq!(stat(worker), None);
    } else {
        kill(worker);
    }
}

#[test]
fn a_command_that_has_lost_its_environment_is_waited_for() {
    let site = site(
        "exec env -i /bin/sh -c '\
         mkdir \"$1/in\" || echo overlap >>\"$1/switched\"; echo first >>\"$1/switched\"; \
         echo $$ >\"$1/pid\"; while [ -e \"$1/hang\" ]; do sleep 0.02; done; rmdir \"$1/in\"' sh \"$1\"",
    );
    site.write("hang", "");
    is_killed_in(&site, "pid");
    let running = site.start(&["--json"]);
    // It is there while the next run looks, and ends while that waits.
    site.wait_for("in");
    std::thread::sleep(Duration::from_millis(100));
    site.remove("hang");
    ran(running).is("unfinished", 0);
    assert_eq!(site.switched(), ["first", "first", "two"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test plays a neighbour")]
fn a_neighbour_with_the_same_environment_is_neither_waited_for_nor_ended() {
    let mut site = site("echo $$ >$1/pid; while [ -e $1/hang ]; do sleep 0.02; done");
    site.config.timeouts = "command: 300ms";
    site.write("hang", "");
    let orphan = is_killed_in(&site, "pid");
    let environment = fs::read(format!("/proc/{orphan}/environ")).unwrap();
    let environment = String::from_utf8(environment).unwrap();
    assert!(environment.contains("HABEAT_EPOCH="), "{environment}");
    let mut neighbour = Command::new("/bin/sleep")
        .arg("300")
        .env_clear()
        .envs(
            environment
                .split('\0')
                .filter_map(|entry| entry.split_once('=')),
        )
        .spawn()
        .unwrap();
    site.remove("hang");
    site.run().is("unfinished", 0);
    assert_eq!(neighbour.try_wait().unwrap(), None, "it was ended");
    assert_eq!(stat(orphan), None);
    neighbour.kill().unwrap();
    neighbour.wait().unwrap();
}
