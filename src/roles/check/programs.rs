//! Whether the programs and users of a takeover are there: found out now, not in the outage.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Findings;
use crate::base::command::environment::folders;

/// The users of this machine (passwd(5)).
const USERS: &str = "/etc/passwd";
/// Longer than any of them.
const USERS_MAX: u64 = 4 * 1024 * 1024;

/// Notes which of an admin's programs are missing: what an admin wrote may be there on the day only, as on a disk that a fence mounts.
pub(crate) fn commands(key: &str, commands: &[Vec<String>], found: &mut Findings) {
    let programs = commands.iter().filter_map(|argv| argv.first());
    for program in programs.filter(|program| !is_found(program)) {
        found.warn(key, format!("{program} is no program here"));
    }
}

/// Notes a user whom this machine's file does not know; a directory may.
pub(crate) fn stranger(key: &str, user: Option<&String>, found: &mut Findings) {
    if let Some(user) = user.filter(|user| !is_user(user)) {
        found.warn(key, format!("there is no user {user} in {USERS}"));
    }
}

/// Whether a program can be started by this name, where habeat's programs are looked for.
pub(crate) fn is_found(program: &str) -> bool {
    if program.contains('/') {
        return is_program(Path::new(program));
    }
    let mut paths = folders().into_iter().map(|folder| folder.join(program));
    !program.is_empty() && paths.any(|path| is_program(&path))
}

/// Whether it can be started.
pub(crate) fn is_program(path: &Path) -> bool {
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
