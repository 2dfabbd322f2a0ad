//! Whether what a takeover runs is there: found out now, not in the outage.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::findings::Findings;
use crate::base::command::environment::folders;
use crate::config::{Appserver, Config, Duty, Mesh};
use crate::roles::consulserver::recover::look_at_prepared;

/// The users of this machine (passwd(5)).
const USERS: &str = "/etc/passwd";
/// Longer than any of them.
const USERS_MAX: u64 = 4 * 1024 * 1024;

/// Notes which programs and users are missing.
pub(super) fn look(config: &Config, found: &mut Findings) {
    match &config.duty {
        Duty::Appserver(appserver) => of_appserver(config, appserver, found),
        Duty::Proxyserver(proxyserver) => {
            commands("activate", &proxyserver.activate, found);
            commands("verify", &proxyserver.verify, found);
            commands("deactivate", &proxyserver.deactivate, found);
        }
        Duty::Consulserver(mesh) => of_mesh(mesh, found),
    }
    commands("fence.commands", &config.fence.commands, found);
    commands("fence.verify", &config.fence.verify, found);
}

/// What an admin wrote may be there on the day only, as on a disk that a fence mounts.
fn commands(key: &str, commands: &[Vec<String>], found: &mut Findings) {
    let programs = commands.iter().filter_map(|argv| argv.first());
    for program in programs.filter(|program| !is_found(program)) {
        found.warn(key, format!("{program} is no program here"));
    }
}

fn of_appserver(config: &Config, appserver: &Appserver, found: &mut Findings) {
    let carbonio = &config.carbonio;
    let mut programs = vec![("carbonio.carbonio", &carbonio.carbonio)];
    if appserver.flush_cache {
        programs.push(("carbonio.zmprov", &carbonio.zmprov));
    }
    for (key, path) in programs.into_iter().filter(|(_, path)| !is_program(path)) {
        let path = path.display();
        found.error(
            key,
            format!("{path} is no program here; a takeover would fail"),
        );
    }
    stranger("carbonio.user", carbonio.user.as_ref(), found);
}

fn of_mesh(mesh: &Mesh, found: &mut Findings) {
    stranger("mesh.owner", mesh.owner.as_ref(), found);
    for name in ["node-id", "raft"] {
        let path = mesh.data_dir.join(name);
        if let Err(error) = fs::metadata(&path) {
            let path = path.display();
            found.warn(
                "mesh.data_dir",
                format!("{path}: {error}; a recovery would fail"),
            );
        }
    }
    if let Err(why) = look_at_prepared(mesh) {
        found.warn("mesh.peers_file", why);
    } else if mesh.addresses.len() > 1 && !mesh.peers_file.exists() {
        found.warn(
            "mesh.peers_file",
            format!(
                "{} is not there, and our own site has several servers, which need one and the \
                 same: write it on each of them; a recovery would fail",
                mesh.peers_file.display()
            ),
        );
    }
}

/// Notes a user whom this machine's file does not know; a directory may.
fn stranger(key: &str, user: Option<&String>, found: &mut Findings) {
    if let Some(user) = user.filter(|user| !is_user(user)) {
        found.warn(key, format!("there is no user {user} in {USERS}"));
    }
}

/// Whether a program can be started by this name, where habeat's programs are looked for.
pub(super) fn is_found(program: &str) -> bool {
    if program.contains('/') {
        return is_program(Path::new(program));
    }
    let mut paths = folders().into_iter().map(|folder| folder.join(program));
    !program.is_empty() && paths.any(|path| is_program(&path))
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
