//! Whether what a takeover runs is there: found out now, not in the outage.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::{Config, Duty, Problem};

/// The users of this machine (passwd(5)).
const USERS: &str = "/etc/passwd";
/// Longer than any of them.
const USERS_MAX: u64 = 4 * 1024 * 1024;

/// Returns which programs and users are missing.
pub(super) fn warnings(config: &Config) -> Vec<Problem> {
    let Duty::Appserver(appserver) = &config.duty else {
        return Vec::new();
    };
    let carbonio = &config.carbonio;
    let mut programs = vec![("carbonio.carbonio", &carbonio.carbonio)];
    if appserver.flush_cache {
        programs.push(("carbonio.zmprov", &carbonio.zmprov));
    }
    let missing = programs
        .into_iter()
        .filter(|(_, path)| !is_program(path))
        .map(|(key, path)| {
            let path = path.display();
            odd(
                key,
                format!("{path} is no program here; a takeover would fail"),
            )
        });
    let stranger = carbonio
        .user
        .iter()
        .filter(|user| !is_user(user))
        .map(|user| {
            odd(
                "carbonio.user",
                format!("there is no user {user} in {USERS}"),
            )
        });
    missing.chain(stranger).collect()
}

fn odd(key: &str, message: String) -> Problem {
    Problem {
        line: None,
        key: key.to_owned(),
        message,
    }
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn is_user(name: &str) -> bool {
    let mut text = String::new();
    let read =
        fs::File::open(USERS).and_then(|file| file.take(USERS_MAX).read_to_string(&mut text));
    read.is_err()
        || text
            .lines()
            .any(|line| line.split(':').next() == Some(name))
}
