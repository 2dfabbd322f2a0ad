//! Who calls by hand: for the log and the history. Nothing is decided from it.

use std::fs::File;
use std::io::Read;

/// Who logged in, kept by the kernel through su(1) and sudo(8) (proc(5)).
const LOGIN_UID: &str = "/proc/self/loginuid";
/// A number of 32 bits, and more than that.
const LOGIN_UID_MAX: u64 = 16;
/// What the kernel says of a process that nobody logged in for.
const NOBODY: &str = "4294967295";

/// Returns who called: the user, the one who logged in, and the name that sudo(8) gives.
pub fn asker() -> String {
    let user = format!("uid {}", rustix::process::getuid().as_raw());
    let login = login_uid().map(|login| format!("logged in as uid {login}"));
    let sudo = std::env::var("SUDO_USER").ok();
    let sudo = sudo.map(|name| format!("by sudo as {name}"));
    let known = [Some(user), login, sudo].into_iter().flatten();
    known.collect::<Vec<_>>().join(", ")
}

fn login_uid() -> Option<String> {
    let mut text = String::new();
    let file = File::open(LOGIN_UID).ok()?;
    file.take(LOGIN_UID_MAX).read_to_string(&mut text).ok()?;
    let login = text.trim();
    (!login.is_empty() && login != NOBODY).then(|| login.to_owned())
}
