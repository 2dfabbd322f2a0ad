//! A file whose words are run as root: whoever could change it could become root.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::SMALLEST;
use crate::roles::load;

/// Somebody else (Debian's `nobody`).
const NOBODY: u32 = 65534;
const NEEDS_ROOT: &str = "these tests need root";

struct Place {
    root: TempDir,
    config: PathBuf,
}

/// A config in a folder of a folder.
fn place() -> Place {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("folder");
    DirBuilder::new().mode(0o700).create(&folder).unwrap();
    let config = folder.join("habeat.yml");
    let text = format!("{SMALLEST}consul: {{gossip: never}}\n");
    fs::write(&config, text).unwrap();
    chmod(&config, 0o600);
    Place { root, config }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Path, user: u32, group: u32) {
    chown(path, Some(user), Some(group)).expect(NEEDS_ROOT);
}

#[track_caller]
fn is_refused(config: &Path, why: &str) {
    let invalid = load(config).expect_err(why);
    let [error] = invalid.errors.as_slice() else {
        panic!("one error: {invalid:?}");
    };
    assert!(error.message.contains(why), "{why}: {error}");
    assert!(error.message.contains("chmod 600"), "{error}");
}

#[test]
fn a_config_that_only_root_or_we_can_change_is_read() {
    let place = place();
    for mode in [0o600, 0o644, 0o660, 0o400] {
        chmod(&place.config, mode);
        load(&place.config).unwrap();
    }
    let folder = place.config.parent().unwrap();
    // As /tmp is: whose a file is, nobody else can change.
    chmod(folder, 0o1777);
    load(&place.config).unwrap();
    let link = place.root.path().join("link.yml");
    symlink(&place.config, &link).unwrap();
    load(&link).unwrap();
}

#[test]
fn a_config_that_somebody_else_can_change_is_refused() {
    let change: [(u32, u32, u32, &str); 4] = [
        (NOBODY, NOBODY, 0o600, "belongs to user 65534"),
        (NOBODY, 0, 0o400, "belongs to user 65534"),
        (0, NOBODY, 0o660, "group 65534 may write it"),
        (0, 0, 0o602, "every user may write it"),
    ];
    for (user, group, mode, why) in change {
        let place = place();
        give(&place.config, user, group);
        chmod(&place.config, mode);
        is_refused(&place.config, why);
    }
}

#[test]
fn a_config_in_whose_place_somebody_else_can_put_another_is_refused() {
    for (user, group, mode, why) in [
        (0, 0, 0o777, "every user may write it"),
        (0, NOBODY, 0o770, "group 65534 may write it"),
        (NOBODY, NOBODY, 0o700, "belongs to user 65534"),
        (NOBODY, NOBODY, 0o1777, "belongs to user 65534"),
    ] {
        // The folder itself, and the one above it.
        for above in [0, 1] {
            let place = place();
            let folder = place.config.ancestors().nth(1 + above).unwrap();
            give(folder, user, group);
            chmod(folder, mode);
            is_refused(&place.config, &format!("{}: ", folder.display()));
            is_refused(&place.config, why);
        }
    }
}

#[test]
fn a_link_that_somebody_else_can_turn_is_refused() {
    let place = place();
    let link = place.root.path().join("link.yml");
    symlink(&place.config, &link).unwrap();
    lchown(&link, Some(NOBODY), Some(NOBODY)).expect(NEEDS_ROOT);
    is_refused(&link, "belongs to user 65534");
    lchown(&link, Some(0), Some(0)).expect(NEEDS_ROOT);
    load(&link).unwrap();
    let folder = place.root.path();
    chmod(folder, 0o777);
    is_refused(&link, &format!("{}: ", folder.display()));
}
