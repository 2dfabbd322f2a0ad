//! The state files lie in a folder that anybody may write to. What is not ours is reported,
//! removed and never believed.

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
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
    WrongOwner,
    WritableByAll,
    WritableByGroup,
}

const TRAPS: [Trap; 10] = [
    Trap::Symlink,
    Trap::DanglingSymlink,
    Trap::HardLink,
    Trap::Fifo,
    Trap::Socket,
    Trap::Device,
    Trap::Directory,
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

    /// Requires that the trap did nothing, and is gone where it can be removed.
    #[track_caller]
    fn did_nothing(self, site: &Site, name: &str, content: &str, ran: &Ran) {
        let what = format!("{self:?} as {name}: {ran:#?}");
        let victim = site.text("victim");
        assert_eq!(victim, content, "{what}");
        assert!(!is_there(&site.path("nowhere")), "{what}");
        if self == Self::Directory {
            assert_eq!(ran.exit, Some(78), "{what}");
            assert!(ran.stderr.contains(name), "{what}");
            assert_eq!(site.lines("calls"), Vec::<String>::new(), "{what}");
        } else {
            let path = site.path(name);
            assert!(
                ran.stderr.contains(&format!("file={}", path.display())),
                "{what}"
            );
            assert!(ran.stderr.contains("foreign=removed"), "{what}");
            assert!(!is_there(&path) || is_ours(&path), "{what}");
        }
    }
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        let ours = rustix::process::geteuid().as_raw();
        found.is_file() && found.uid() == ours && found.nlink() == 1 && found.mode() & 0o022 == 0
    })
}

/// Lays each trap under this name and has `run` look at what becomes of it.
#[track_caller]
fn in_each_trap(name: &str, content: &str, run: impl Fn(&mut Site) -> Ran) {
    for trap in TRAPS {
        let mut site = Site::new();
        trap.lay(&site, name, content);
        let ran = run(&mut site);
        trap.did_nothing(&site, name, content, &ran);
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
    in_each_trap("promotion-appserver", &content, |site| {
        let ran = site.run();
        if ran.exit != Some(78) {
            ran.is("confirmed", 0);
        }
        ran
    });
}

#[test]
fn a_foreign_down_file_confirms_nothing() {
    let content = real("down-appserver");
    assert!(content.contains("\"dead_streak\":1"), "{content}");
    in_each_trap("down-appserver", &content, |site| {
        site.config.confirm_runs = 2;
        let ran = site.run();
        if ran.exit != Some(78) {
            ran.is("confirming", 0);
        }
        ran
    });
}

#[test]
fn a_foreign_module_file_is_no_stopped_module() {
    in_each_trap("module", PRECIOUS, |site| {
        site.peer_comes_back();
        let ran = site.run();
        if ran.exit != Some(78) {
            ran.is("alive", 0);
        }
        ran
    });
}

#[test]
fn a_foreign_journal_tells_nothing() {
    let content = real("promotion-appserver.journal");
    // A believed one would hold this promotion back: the one before has just ended.
    in_each_trap("promotion-appserver.journal", &content, |site| {
        let ran = site.run();
        if ran.exit != Some(78) {
            ran.is("confirmed", 0);
        }
        ran
    });
}

#[test]
fn a_foreign_lock_file_locks_nothing() {
    in_each_trap("promotion-appserver.lock", PRECIOUS, |site| {
        let ran = site.run();
        if ran.exit != Some(78) {
            ran.is("confirmed", 0);
        }
        ran
    });
}

#[test]
fn a_trap_in_place_of_a_draft_or_a_list_is_not_written_to() {
    let suffixes = [".new", ".journal.new", ".accounts"];
    for name in suffixes.map(|suffix| format!("promotion-appserver{suffix}")) {
        for trap in TRAPS {
            let site = Site::new();
            trap.lay(&site, &name, PRECIOUS);
            let ran = site.run();
            let what = format!("{trap:?} as {name}: {ran:#?}");
            let victim = site.text("victim");
            assert_eq!(victim, PRECIOUS, "{what}");
            assert!(!is_there(&site.path("nowhere")), "{what}");
            if trap == Trap::Directory {
                assert_eq!(ran.exit, Some(78), "{what}");
                assert_eq!(site.calls("promoteAccounts"), 0, "{what}");
            } else {
                ran.is("confirmed", 0);
                assert!(!is_there(&site.path(&name)), "{what}");
            }
        }
    }
}

#[test]
fn traps_of_another_user_in_a_sticky_folder_are_removed_too() {
    // There the kernel refuses root to open them with O_CREAT (sysctl fs.protected_regular).
    let names = ["", ".lock", ".journal", ".new"].map(|end| format!("promotion-appserver{end}"));
    for name in names {
        for trap in TRAPS.into_iter().filter(|trap| *trap != Trap::Directory) {
            let site = Site::new();
            let sticky = fs::Permissions::from_mode(0o1777);
            fs::set_permissions(site.path(""), sticky).expect("a sticky folder");
            trap.lay(&site, &name, PRECIOUS);
            if trap != Trap::HardLink {
                lchown(site.path(&name), Some(NOBODY), Some(NOBODY)).expect("another owner");
            }
            site.run().is("confirmed", 0);
            let victim = site.text("victim");
            assert_eq!(victim, PRECIOUS, "{trap:?} as {name}");
        }
    }
}
