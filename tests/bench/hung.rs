//! A command that does not heed SIGTERM, and neither does what it started.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::site::{DEADLINE, GRACE, Shape, Site, step_took};
use crate::table::{NOTHING, Row, Verdict, seconds};

/// Times it is tried; the worst counts.
const TRIES: usize = 20;
/// How late it may be gone, in seconds.
const LATE: f64 = 0.1;

/// Leaves its own number and its child's.
const HANGS: &str = r#"#!/bin/sh
trap '' TERM
sleep 1000 &
echo $$ $! >"${0%/*}/pids"
while :; do wait; done
"#;

pub(crate) fn row() -> Result<Row> {
    let tries = (0..TRIES).map(|_| late());
    let late = tries.collect::<Result<Vec<_>>>()?;
    let worst = late.into_iter().fold(0.0, f64::max);
    Ok(Row {
        figure: format!("hung child, gone after deadline + grace (worst of {TRIES})"),
        habeat: seconds(worst),
        against: NOTHING.to_owned(),
        ratio: None,
        bound: format!("≤ {}", seconds(LATE)),
        verdict: Verdict::of(worst <= LATE),
    })
}

/// Returns how late, in seconds, a fence that hangs is gone with all that it started.
fn late() -> Result<f64> {
    let site = Site::build(&Shape {
        fence: Some("hangs"),
        ..Shape::default()
    })?;
    site.program("hangs", HANGS)?;
    let report = site.report(&[])?;
    let took = step_took(&report, "fence-command")?;
    let pids = fs::read_to_string(site.path("pids"))?;
    let left: Vec<&str> = pids.split_whitespace().filter(|pid| runs(pid)).collect();
    ensure!(left.is_empty(), "still there: {left:?}");
    ensure!(took >= DEADLINE + GRACE, "it did not hang: {report}");
    Ok((took - DEADLINE - GRACE).as_secs_f64())
}

/// Whether a process runs. A dead one that nobody has reaped yet does not.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}
