//! A control group of our own for one command (cgroups(7), version 2): what the command starts is
//! in it too, and cannot leave it unseen. Made below our own group, where we may; nobody needs it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::base::process::Process;

/// What is read of the files that say where groups are.
const WHERE_MAX: u64 = 1 << 20;

/// What is read of a group's members: for 100 000 of them.
const MEMBERS_MAX: u64 = 1 << 20;

/// Groups below groups: a command may make its own.
const DEPTH_MAX: usize = 8;

/// The names of ours begin so.
const PREFIX: &str = "habeat-";

/// Moves a process into a group of its own, and returns it; `None` where that cannot be.
pub(super) fn make(process: &Process) -> Option<PathBuf> {
    let group = own()?.join(format!("{PREFIX}{}-{}", process.pid, process.started));
    fs::create_dir(&group).ok()?;
    match fs::write(group.join("cgroup.procs"), process.pid.to_string()) {
        Ok(()) => Some(group),
        Err(err) => {
            log::debug!("group={} cause={err}", group.display());
            remove(&group);
            None
        }
    }
}

/// Removes a group. One that somebody is still in stays.
pub(crate) fn remove(group: &Path) {
    let _ = fs::remove_dir(group);
}

/// Removes the groups in which an earlier command had left somebody, who has ended since.
pub(crate) fn sweep() {
    let entries = own().and_then(|own| fs::read_dir(own).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            remove(&entry.path());
        }
    }
}

/// Returns who is in a group, or in one below it. One that is gone has nobody.
///
/// # Errors
/// When the kernel does not say.
pub(crate) fn members(group: &Path) -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    gather(group, DEPTH_MAX, &mut found)?;
    Ok(found)
}

fn gather(group: &Path, depth: usize, found: &mut Vec<i32>) -> io::Result<()> {
    let text = match read(&group.join("cgroup.procs"), MEMBERS_MAX) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    found.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()));
    if depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(group)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            gather(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

/// Returns our own group's folder.
fn own() -> Option<PathBuf> {
    let groups = read(Path::new("/proc/self/cgroup"), WHERE_MAX).ok()?;
    let ours = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    if ours.contains("..") {
        // Outside of what we see of the tree (cgroup_namespaces(7)).
        return None;
    }
    let mounts = read(Path::new("/proc/self/mountinfo"), WHERE_MAX).ok()?;
    Some(mounts.lines().find_map(mount)?.join(ours))
}

/// Returns where a line of proc(5)'s `mountinfo` mounts the whole tree of groups, if it does.
fn mount(line: &str) -> Option<PathBuf> {
    let (place, kind) = line.split_once(" - ")?;
    let mut words = place.split(' ').skip(3);
    let (root, folder) = (words.next()?, words.next()?);
    let is_ours = kind.starts_with("cgroup2 ") && root == "/";
    is_ours.then(|| PathBuf::from(folder))
}

fn read(path: &Path, at_most: u64) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?
        .take(at_most)
        .read_to_string(&mut text)?;
    Ok(text)
}
