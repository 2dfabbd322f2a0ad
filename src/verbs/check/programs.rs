//! Whether what a takeover runs is there: found out now, not in the outage.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::{Appserver, Config, Duty, Mesh, Problem};
use crate::roles::consulserver::recover::look_at_prepared;

/// The users of this machine (passwd(5)).
const USERS: &str = "/etc/passwd";
/// Longer than any of them.
const USERS_MAX: u64 = 4 * 1024 * 1024;

/// Returns which programs and users are missing.
pub(super) fn warnings(config: &Config) -> Vec<Problem> {
    match &config.duty {
        Duty::Appserver(appserver) => of_appserver(config, appserver),
        Duty::Proxyserver(_) => Vec::new(),
        Duty::Consulserver(mesh) => of_mesh(mesh),
    }
}

fn of_appserver(config: &Config, appserver: &Appserver) -> Vec<Problem> {
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
    let stranger = stranger("carbonio.user", carbonio.user.as_ref());
    missing.chain(stranger).collect()
}

fn of_mesh(mesh: &Mesh) -> Vec<Problem> {
    let mut found: Vec<_> = stranger("mesh.owner", mesh.owner.as_ref()).collect();
    for name in ["node-id", "raft"] {
        let path = mesh.data_dir.join(name);
        if let Err(error) = fs::metadata(&path) {
            found.push(odd(
                "mesh.data_dir",
                format!("{}: {error}; a recovery would fail", path.display()),
            ));
        }
    }
    if let Err(why) = look_at_prepared(mesh) {
        found.push(odd("mesh.peers_file", why));
    } else if mesh.addresses.len() > 1 && !mesh.peers_file.exists() {
        found.push(odd(
            "mesh.peers_file",
            format!(
                "{} is not there, and our own site has several servers, which need one and the \
                 same: write it on each of them; a recovery would fail",
                mesh.peers_file.display()
            ),
        ));
    }
    found
}

/// Notes a user whom this machine does not know.
fn stranger(key: &'static str, user: Option<&String>) -> impl Iterator<Item = Problem> {
    let unknown = user.filter(|user| !is_user(user));
    let text = |user: &String| odd(key, format!("there is no user {user} in {USERS}"));
    unknown.map(text).into_iter()
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
