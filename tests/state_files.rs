//! The state files lie in a folder that anybody may write to. What is not ours, of whatever kind, is
//! reported, moved out of the way and never believed; it holds nothing up.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use common::files::is_there;
use common::{Ran, Site};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

/// Somebody else (Debian's `nobody`).
const NOBODY: u32 = 65534;
/// What a link points to.
const PRECIOUS: &str = "precious";
/// What somebody may have put in place of a file of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trap {
    Symlink,
    DanglingSymlink,
    HardLink,
    Fifo,
    Socket,
    Device,
    Directory,
    FullDirectory,
    WrongOwner,
    WritableByAll,
    WritableByGroup,
}

const TRAPS: [Trap; 11] = [
    Trap::Symlink,
    Trap::DanglingSymlink,
    Trap::HardLink,
    Trap::Fifo,
    Trap::Socket,
    Trap::Device,
    Trap::Directory,
    Trap::FullDirectory,
    Trap::WrongOwner,
    Trap::WritableByAll,
    Trap::WritableByGroup,
];

impl Trap {
    /// Lays the trap; what can have a content has this one.
    fn lay(self, site: &Site, name: &str, content: &str) {
        let path = site.path(name);
        site.write("victim", content);
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        let node = |kind, device| mknodat(CWD, &path, kind, Mode::from_raw_mode(0o600), device);
        let laid = match self {
            Self::Symlink => symlink(site.path("victim"), &path),
            Self::DanglingSymlink => symlink(site.path("nowhere"), &path),
            Self::HardLink => fs::hard_link(site.path("victim"), &path),
            Self::Fifo => node(FileType::Fifo, 0).map_err(Into::into),
            Self::Socket => UnixListener::bind(&path).map(drop),
            // What /dev/null is (null(4)).
            Self::Device => node(FileType::CharacterDevice, makedev(1, 3)).map_err(Into::into),
            Self::Directory => fs::create_dir(&path),
            Self::FullDirectory => fs::create_dir_all(path.join("one/two")),
            Self::WrongOwner => fs::write(&path, content)
                .and_then(|()| mode(0o600))
                .and_then(|()| chown(&path, Some(NOBODY), Some(NOBODY))),
            Self::WritableByAll => fs::write(&path, content).and_then(|()| mode(0o606)),
            Self::WritableByGroup => fs::write(&path, content)
                .and_then(|()| chown(&path, None, Some(NOBODY)))
                .and_then(|()| mode(0o660)),
        };
        laid.unwrap_or_else(|e| panic!("cannot lay {self:?} (these tests need root): {e}"));
    }

    /// Why it is not ours, as the log says it.
    fn cause(self) -> &'static str {
        match self {
            Self::Symlink | Self::DanglingSymlink => "it is a symbolic link",
            Self::HardLink => "it has 2 links",
            Self::Fifo => "it is a pipe",
            Self::Socket => "it is a socket",
            Self::Device => "it is a device",
            Self::Directory | Self::FullDirectory => "it is a directory",
            Self::WrongOwner => "it belongs to user 65534, not to 0",
            Self::WritableByAll => "others may write it (mode 0606)",
            Self::WritableByGroup => "others may write it (mode 0660)",
        }
    }

    /// Requires that the trap did nothing, was told, and lies out of the way, as it was.
    #[track_caller]
    fn did_nothing(self, site: &Site, name: &str, content: &str, ran: &Ran) {
        let what = format!("{self:?} as {name}: {ran:#?}");
        assert_eq!(site.text("victim"), content, "{what}");
        assert!(!is_there(&site.path("nowhere")), "{what}");
        let path = site.path(name);
        let told = format!("file={} foreign=moved", path.display());
        assert_eq!(ran.stderr.matches(&told).count(), 1, "{what}");
        assert!(
            ran.stderr.contains(&format!("cause={:?}", self.cause())),
            "{what}"
        );
        assert!(!is_there(&path) || is_ours(&path), "{what}");
        let is_aside =
            |it: &String| it.starts_with(&format!(".{name}.")) && it.ends_with(".foreign");
        let aside: Vec<String> = site.names().into_iter().filter(is_aside).collect();
        let [aside] = aside.as_slice() else {
            panic!("{aside:?} {what}")
        };
        assert!(!is_ours(&site.path(aside)), "{what}");
    }
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        let ours = rustix::process::geteuid().as_raw();
        found.is_file() && found.uid() == ours && found.nlink() == 1 && found.mode() & 0o022 == 0
    })
}

/// Lays each trap under this name, and has the next run end as if nothing had lain there.
#[track_caller]
fn in_each_trap(name: &str, content: &str, prepare: impl Fn(&mut Site), reason: &str) {
    for trap in TRAPS {
        for mode in [0o700, 0o1777] {
            let mut site = Site::new();
            let folder = fs::Permissions::from_mode(mode);
            fs::set_permissions(site.path(""), folder).expect("a mode");
            prepare(&mut site);
            trap.lay(&site, name, content);
            if mode == 0o1777 && matches!(trap, Trap::Fifo | Trap::Directory | Trap::FullDirectory)
            {
                // The kernel is stricter with these (sysctl fs.protected_fifos).
                chown(site.path(name), Some(NOBODY), Some(NOBODY)).expect("another owner");
            }
            let ran = site.run();
            ran.is(reason, 0);
            trap.did_nothing(&site, name, content, &ran);
        }
    }
}

/// The content of a state file after a promotion.
fn real(name: &str) -> String {
    let site = Site::new();
    site.run().is("confirmed", 0);
    site.text(name)
}

#[test]
fn a_foreign_promotion_file_is_no_promotion() {
    let content = real("promotion-appserver");
    in_each_trap("promotion-appserver", &content, |_| {}, "confirmed");
}

#[test]
fn a_foreign_down_file_confirms_nothing() {
    let content = real("down-appserver");
    assert!(content.contains("\"dead_streak\":1"), "{content}");
    let twice = |site: &mut Site| site.config.confirm_runs = 2;
    in_each_trap("down-appserver", &content, twice, "confirming");
}

#[test]
fn a_foreign_module_file_is_no_stopped_module() {
    in_each_trap("module", PRECIOUS, Site::peer_comes_back, "alive");
}

#[test]
fn a_foreign_journal_of_an_earlier_version_tells_nothing() {
    // A believed one would be damaged, and refused.
    in_each_trap("promotion-appserver.journal", PRECIOUS, |_| {}, "confirmed");
}

#[test]
fn a_foreign_lock_of_an_earlier_version_locks_nothing() {
    in_each_trap("promotion-appserver.lock", PRECIOUS, |_| {}, "confirmed");
}

#[test]
fn a_dry_run_leaves_a_trap_where_it_is_and_does_not_believe_it() {
    for trap in TRAPS {
        let site = Site::new();
        trap.lay(&site, "promotion-appserver", PRECIOUS);
        let ran = site.call(&["--dry-run", "--json"]);
        ran.is("confirmed", 0);
        assert!(ran.stderr.contains("foreign=ignored"), "{trap:?}: {ran:#?}");
        assert!(is_there(&site.path("promotion-appserver")), "{trap:?}");
    }
}

#[test]
fn what_is_in_the_way_of_a_new_file_is_written_neither_to_nor_through() {
    for suffix in [".journal", ".accounts", ".lock"] {
        for trap in TRAPS {
            let site = Site::new();
            assert_eq!(site.call(&["ack"]).exit, Some(0), "it makes the folder");
            let name = site.record(suffix);
            let _ = fs::remove_file(site.path(&name));
            trap.lay(&site, &name, PRECIOUS);
            let ran = site.run();
            let what = format!("{trap:?} as {name}: {ran:#?}");
            ran.is("confirmed", 0);
            assert_eq!(site.text("victim"), PRECIOUS, "{what}");
            assert!(!is_there(&site.path("nowhere")), "{what}");
            let path = site.path(&name);
            assert!(!is_there(&path) || is_ours(&path), "{what}");
        }
    }
}

#[test]
fn a_document_that_was_moved_from_another_name_is_refused() {
    let from = Site::new();
    from.run().is("confirmed", 0);
    let site = Site::new();
    site.write("promotion-appserver", from.read("promotion-appserver"));
    let ran = site.run();
    assert_eq!(ran.exit, Some(78), "{ran:#?}");
    let written_as = from.path("promotion-appserver").display().to_string();
    assert!(ran.stderr.contains(&written_as), "{ran:#?}");
    assert_eq!(site.calls("promoteAccounts"), 0);
}

#[test]
fn the_drafts_of_killed_runs_are_swept_and_nothing_else_is() {
    let site = Site::new();
    let number = "0123456789abcdef0123456789abcdef";
    let draft = format!("promotion-appserver.{number}.new");
    let others = [
        format!("promotion-appserver.{}.new", &number[1..]),
        format!("promotion-appserver2.{number}.new"),
        format!("promotion-appserver.{number}.news"),
        "promotion-appserver.new".to_owned(),
    ];
    let theirs = format!("down-appserver.{number}.new");
    for name in others.iter().chain([&draft, &theirs]) {
        site.write(name, "");
    }
    chown(site.path(&theirs), Some(NOBODY), Some(NOBODY)).expect("another owner");
    site.run().is("confirmed", 0);
    assert!(!is_there(&site.path(&draft)));
    for name in others.iter().chain([&theirs]) {
        assert!(is_there(&site.path(name)), "{name}");
    }
}
