//! What only habeat may touch lies in the folder of `state_dir`: run lock, journal, account list.
//! Nobody else can make, hold or forge anything there; what cannot be written there is told.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Child;

use common::files::is_there;
use common::{Ran, Site, ran};
use rustix::fs::{CWD, FileType, FlockOperation, Mode, flock, mknodat};

/// Somebody else (Debian's `nobody`).
const NOBODY: u32 = 65534;
const NEEDS_ROOT: &str = "these tests need root";

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("a file").mode() & 0o7777
}

/// A run by a shell that does this first.
fn run_after(site: &Site, first: &str) -> Ran {
    let script = format!("{first} exec \"$@\"");
    ran(site.start_under(&["sh", "-c", &script, "sh"], &["--json"]))
}

/// A run in a mount namespace of its own, after this.
fn run_mounted(site: &Site, first: &str, arguments: &[&str]) -> Ran {
    let script = format!("{first} && exec \"$@\"");
    let wrapper = ["unshare", "--mount", "sh", "-c", &script, "sh"];
    ran(site.start_under(&wrapper, arguments))
}

/// A run that has begun its second command, and waits.
fn at_work() -> (Site, Child) {
    let site = Site::proxy(true, true);
    site.write("hang_one", "");
    let child = site.start(&["--json"]);
    site.wait_for("in_one");
    (site, child)
}

fn lets_go(site: &Site, child: Child) {
    site.remove("hang_one");
    ran(child).is("confirmed", 0);
    assert_eq!(site.switched(), ["one", "two", "three", "proof"], "once");
}

#[test]
fn beside_the_state_files_nothing_is_made() {
    let site = Site::new();
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    let beside = |name: &String| name.contains("promotion-") && !name.starts_with("state/");
    let names: Vec<String> = site.all_names().into_iter().filter(beside).collect();
    assert_eq!(names, ["promotion-appserver"]);
    for suffix in [".lock", ".journal", ".accounts"] {
        assert_eq!(mode(&site.path(&site.record(suffix))), 0o600, "{suffix}");
    }
    let folder = site.path(&site.record(""));
    let folders = [site.path("state"), folder.parent().expect("one").to_owned()];
    assert_eq!(folders.map(|it| mode(&it)), [0o700; 2]);
}

#[test]
fn no_umask_keeps_habeat_out_of_its_own_files_or_lets_others_in() {
    for umask in ["0777", "0400", "0000"] {
        let mut site = Site::new();
        site.config.confirm_runs = 2;
        run_after(&site, &format!("umask {umask};")).is("confirming", 0);
        let lock = site.record(".lock");
        for name in ["down-appserver", &lock] {
            assert_eq!(mode(&site.path(name)), 0o600, "{name} under {umask}");
        }
        assert_eq!(mode(&site.path("state")), 0o700, "under {umask}");
        run_after(&site, &format!("umask {umask};")).is("confirmed", 0);
        for name in ["promotion-appserver", &site.record(".journal")] {
            assert_eq!(mode(&site.path(name)), 0o600, "{name} under {umask}");
        }
        let log = mode(&site.path("habeat.log"));
        assert_eq!(log & 0o600, 0o600, "the log under {umask}");
    }
}

#[test]
fn a_state_folder_that_somebody_else_could_change_is_refused() {
    type Lay = fn(&Site);
    let cases: [(&str, Lay); 7] = [
        ("it is a link", |site| {
            fs::create_dir(site.path("real")).expect("a folder");
            symlink(site.path("real"), site.path("state")).expect("a link");
        }),
        ("it is a link", |site| {
            symlink(site.path("nowhere"), site.path("state")).expect("a link");
        }),
        ("it is a file", |site| site.write("state", "")),
        ("it is a file", |site| {
            let fifo = (FileType::Fifo, Mode::from_raw_mode(0o600));
            mknodat(CWD, site.path("state"), fifo.0, fifo.1, 0).expect("a pipe");
        }),
        ("it belongs to user 65534", |site| {
            fs::create_dir(site.path("state")).expect("a folder");
            chown(site.path("state"), Some(NOBODY), None).expect(NEEDS_ROOT);
        }),
        ("every user may write it", |site| {
            fs::create_dir(site.path("state")).expect("a folder");
            chmod(&site.path("state"), 0o777);
        }),
        ("group 65534 may write it", |site| {
            fs::create_dir(site.path("state")).expect("a folder");
            chown(site.path("state"), None, Some(NOBODY)).expect(NEEDS_ROOT);
            chmod(&site.path("state"), 0o770);
        }),
    ];
    for (why, lay) in cases {
        let site = Site::new();
        lay(&site);
        for arguments in [&["--json"][..], &["--dry-run"], &["ack"]] {
            let ran = site.call(arguments);
            assert_eq!(ran.exit, Some(78), "{why} {arguments:?}: {ran:#?}");
            assert!(ran.stderr.contains(why), "{why}: {ran:#?}");
            let folder = site.path("state").display().to_string();
            assert!(ran.stderr.contains(&folder), "{why}: {ran:#?}");
        }
        assert_eq!(site.lines("calls"), Vec::<String>::new());
        assert!(!is_there(&site.path("nowhere")));
    }
}

#[test]
fn a_run_at_work_is_alone_whatever_is_removed() {
    let (site, child) = at_work();
    assert_eq!(site.run().exit, Some(75), "as it is");
    site.remove(&site.record(".lock"));
    let second = site.run();
    assert_eq!(second.exit, Some(75), "without the name: {second:#?}");
    assert!(
        second.stderr.contains("another run holds the lock"),
        "{second:#?}"
    );
    lets_go(&site, child);
}

#[test]
fn a_lock_file_that_others_could_hold_is_made_anew() {
    let site = Site::new();
    assert_eq!(site.call(&["ack"]).exit, Some(0), "it makes the lock file");
    let path = site.path(&site.record(".lock"));
    chmod(&path, 0o644);
    let held = fs::File::open(&path).expect("the lock file");
    flock(&held, FlockOperation::LockExclusive).expect("the lock");
    site.run().is("confirmed", 0);
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn what_an_earlier_version_kept_beside_the_promotion_file_is_taken_over_once() {
    let mut site = Site::new();
    site.config.max_attempts = 9;
    site.write("fail_flush", ".");
    site.run().is("confirmed", 1);
    site.remove("fail_flush");
    assert_eq!(site.lines("moved").len(), 3);
    let old = |suffix: &str| site.path(&format!("promotion-appserver{suffix}"));
    for suffix in [".journal", ".accounts"] {
        fs::rename(site.path(&site.record(suffix)), old(suffix)).expect("moved");
    }
    fs::write(old(".lock"), "").expect("a lock");
    chmod(&old(".lock"), 0o600);

    let held = fs::File::open(old(".lock")).expect("the lock");
    flock(&held, FlockOperation::LockExclusive).expect("the lock");
    assert_eq!(site.run().exit, Some(75), "the earlier version is at work");
    drop(held);

    let run = site.run();
    run.is("unfinished", 0);
    assert!(run.stderr.contains("taken-over="), "{run:#?}");
    assert_eq!(site.lines("moved").len(), 3, "not promoted again");
    assert_eq!(site.lines("flushed").len(), 3);
    for suffix in [".journal", ".accounts", ".lock"] {
        assert!(!is_there(&old(suffix)), "{suffix}");
    }
}

#[test]
fn an_earlier_journal_is_not_taken_where_there_is_one() {
    let site = Site::new();
    site.run().is("confirmed", 0);
    let sound = site.read(&site.record(".journal"));
    site.write("promotion-appserver.journal", "damaged");
    site.run().is("already-promoted", 0);
    assert_eq!(site.read(&site.record(".journal")), sound);
    // Alone it is believed, and so must be sound.
    site.remove(&site.record(".journal"));
    let ran = site.run();
    assert_eq!(ran.exit, Some(78), "{ran:#?}");
    assert!(
        ran.stderr.contains("promotion-appserver.journal"),
        "{ran:#?}"
    );
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_no_death() {
    let site = Site::new();
    let ran = ran(site.start_under(&["prlimit", "--fsize=64"], &["--json"]));
    assert_eq!(ran.exit, Some(78), "{ran:#?}");
    assert!(ran.stderr.contains("cannot write"), "{ran:#?}");
    assert_eq!(site.calls("promoteAccounts"), 0);
    let left = |name: &String| name.ends_with(".new");
    assert!(!site.all_names().iter().any(left), "{:?}", site.all_names());
    site.run().is("confirmed", 0);
}

#[test]
fn a_full_state_folder_is_told_and_nothing_is_begun() {
    let site = Site::new();
    let state = site.path("state").display().to_string();
    // Room for the folder and the lock, which are empty, and for no byte more.
    let full = format!(
        "mkdir -p {state} && mount -t tmpfs -o mode=700,size=4k none {state} && \
         head -c 4096 /dev/zero > {state}/filler"
    );
    let ran = run_mounted(&site, &full, &["--json"]);
    assert_eq!(ran.exit, Some(78), "{ran:#?}");
    assert!(
        ran.stderr.contains(&state) && ran.stderr.contains("space"),
        "{ran:#?}"
    );
    assert_eq!(site.calls("promoteAccounts"), 0);
}

#[test]
fn without_a_boot_id_every_call_says_so_and_fails() {
    let site = Site::new();
    site.write("none", "");
    let hide = format!(
        "mount --bind {} /proc/sys/kernel/random/boot_id",
        site.path("none").display()
    );
    for arguments in [&["--json"][..], &["--dry-run"], &["ack"], &["check"]] {
        let ran = run_mounted(&site, &hide, arguments);
        assert_eq!(ran.exit, Some(78), "{arguments:?}: {ran:#?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("boot id"), "{arguments:?}: {ran:#?}");
    }
    assert_eq!(site.calls("promoteAccounts"), 0);
}

#[test]
fn no_core_is_ever_dumped() {
    let (site, child) = at_work();
    let about = |name: &str| format!("/proc/{}/{name}", child.id());
    let limits = fs::read_to_string(about("limits")).expect("its limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = core.and_then(|line| line.split_whitespace().nth(4));
    assert_eq!(soft, Some("0"), "{limits}");
    lets_go(&site, child);
}

#[test]
fn a_process_that_may_not_be_dumped_is_shown_as_roots() {
    // prctl(2), PR_SET_DUMPABLE: then the kernel gives the files in /proc/PID to root.
    let site = Site::proxy(true, true);
    site.write("hang_one", "");
    for name in site.names() {
        chown(site.path(&name), Some(NOBODY), Some(NOBODY)).expect(NEEDS_ROOT);
    }
    chown(site.path(""), Some(NOBODY), Some(NOBODY)).expect(NEEDS_ROOT);
    let program = site.path("habeat");
    fs::copy(common::HABEAT, &program).expect("the program");
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let script = format!(
        "shift; exec setpriv {1} {0}/habeat \"$@\"",
        site.path("").display(),
        user.join(" ")
    );
    let child = site.start_under(&["sh", "-c", &script, "sh"], &["--json"]);
    site.wait_for("in_one");
    let owner = fs::metadata(format!("/proc/{}/mem", child.id()))
        .expect("its memory")
        .uid();
    assert_eq!(owner, 0);
    lets_go(&site, child);
}
