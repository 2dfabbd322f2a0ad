//! What a run remembers is on the disk before it does anything else: whenever the name of a state
//! file changes, its folder is synced next. strace(1) tells in which order.

mod common;

use std::path::PathBuf;

use common::{Site, ran};

/// What changes names, what makes them durable, and what has an effect outside.
const CALLS: &str = "trace=rename,renameat,renameat2,unlink,unlinkat,fsync,clone,clone3,vfork";
/// Names of state files begin so.
const STATE: [&str; 3] = ["down", "promotion", "module"];

/// The calls of a whole run's main thread, in order, as strace tells them; descriptors with their
/// paths.
fn calls(site: &Site) -> Vec<String> {
    let trace = site.path("trace").display().to_string();
    let strace = [
        "strace",
        "-f",
        "-y",
        "--quiet=all",
        "--detach-on=execve",
        "-o",
        &trace,
        "-e",
        CALLS,
    ];
    let run = ran(site.start_under(&strace, &["--json"]));
    assert_eq!(run.exit, Some(0), "{run:#?}");
    let lines = site.lines("trace");
    let main = lines[0].split(' ').next().unwrap_or_default().to_owned();
    let main = format!("{main} ");
    lines
        .into_iter()
        .filter(|line| line.starts_with(&main))
        .collect()
}

/// Returns the state file whose name this call changes, if it is one.
fn renamed(line: &str) -> Option<PathBuf> {
    let is_one = ["rename", "unlink"].iter().any(|call| line.contains(call));
    let path = PathBuf::from(line.split('"').rfind(|word| word.starts_with('/'))?);
    let name = path.file_name()?.to_str()?;
    let is_ours = STATE.iter().any(|it| name.starts_with(it));
    (is_one && is_ours && line.ends_with("= 0")).then_some(path)
}

/// What happens before a run, and what the run says.
type Stage = (fn(&mut Site), &'static str);

#[test]
fn a_name_that_was_changed_is_durable_before_anything_else_is_done() {
    let mut site = Site::new();
    site.config.confirm_runs = 2;
    let mut changed = Vec::new();
    let stages: [Stage; 4] = [
        (|_| {}, "confirming"),
        (|_| {}, "confirmed"),
        (Site::peer_comes_back, "returning"),
        (|_| {}, "returned"),
    ];
    for (before, stage) in stages {
        before(&mut site);
        let calls = calls(&site);
        for (line, next) in calls
            .iter()
            .zip(calls.iter().skip(1).map(Some).chain([None]))
        {
            let Some(path) = renamed(line) else { continue };
            let folder = path.parent().unwrap_or(&path).display();
            let synced = format!("<{folder}>");
            let is_durable =
                next.is_some_and(|next| next.contains("fsync(") && next.contains(&synced));
            assert!(is_durable, "{stage}: after\n{line}\ncomes\n{next:?}");
            changed.push(path);
        }
    }
    for file in ["down-appserver", "promotion-appserver"] {
        let times = changed.iter().filter(|path| path.ends_with(file)).count();
        assert!(times >= 2, "{file} was changed {times} times: {changed:?}");
    }
}
