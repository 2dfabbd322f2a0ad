//! A command that ignores SIGTERM, and so does what it started.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use habeat::act::command::Runner;
use habeat::plan::Outcome;

use crate::table::{Row, Verdict, seconds};

/// Times it is tried; the worst counts.
const TRIES: usize = 20;
const DEADLINE: Duration = Duration::from_millis(100);
const GRACE: Duration = Duration::from_millis(100);
/// How late it may be gone.
const LATE: f64 = 0.1;

/// Tells its own number and its child's.
const HANGS: &str = "trap '' TERM; sleep 1000 & echo $$ $!; while :; do wait; done";

pub(crate) fn row() -> Result<Row> {
    let tries = (0..TRIES).map(|_| once());
    let worst = tries.collect::<Result<Vec<_>>>()?;
    let worst = worst.into_iter().max().unwrap_or_default().as_secs_f64();
    Ok(Row {
        figure: format!(
            "hung child and its own child: gone after deadline + grace (worst of {TRIES})"
        ),
        habeat: seconds(worst),
        against: "–".to_owned(),
        ratio: None,
        bound: format!("≤ {}", seconds(LATE)),
        verdict: Verdict::of(worst <= LATE),
    })
}

fn once() -> Result<Duration> {
    let runner = Runner {
        stop: Arc::new(AtomicBool::new(false)),
        grace: GRACE,
        environment: Vec::new(),
        spool_dir: std::env::temp_dir(),
    };
    let argv = ["/bin/sh", "-c", HANGS].map(str::to_owned);
    let started = Instant::now();
    let finished = runner.run(&argv, DEADLINE);
    ensure!(finished.outcome == Outcome::TimedOut, "{finished:?}");
    let mut pids = String::new();
    let mut stdout = finished.stdout.context("no output was kept")?;
    stdout.read_to_string(&mut pids)?;
    ensure!(pids.split_whitespace().count() == 2, "not two: {pids:?}");
    while pids.split_whitespace().any(runs) {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(started.elapsed().saturating_sub(DEADLINE + GRACE))
}

/// Whether a process runs. A dead one that nobody has reaped yet does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}
