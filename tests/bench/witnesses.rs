//! Several witnesses at once, witnesses that say nothing, and witnesses that say too much.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::crowd;
use crate::measure::{median, peak_memory, wall, weighing};
use crate::site::{Shape, Site};
use crate::table::{Against, Row, Verdict, mebibytes, seconds};
use crate::{DELAY, note, slow};

/// Runs of each kind.
const RUNS: usize = 21;
/// What a run may take more than its slowest witness, in seconds.
const REST: f64 = 0.005;
/// How long a witness is waited for.
const TIMEOUT: Duration = Duration::from_millis(300);
/// Times a silent witness is tried; the worst counts.
const TRIES: usize = 20;
/// VMs or monitors in a list.
const CROWD: usize = 10_000;
/// KiB that a run which reads it may take.
const MEMORY: u64 = 12 * 1024;

pub(crate) fn rows() -> Result<Vec<Row>> {
    note("several witnesses");
    let mut rows = Vec::from(three()?);
    note("silent witnesses");
    rows.push(silent()?);
    note("crowded lists");
    rows.push(vms()?);
    rows.push(monitors()?);
    Ok(rows)
}

/// A site with these witnesses, whose runs come to `confirming` or `unknown`, and do no more.
fn shape(witnesses: Vec<String>) -> Shape {
    Shape {
        confirm_runs: 2,
        witnesses,
        ..Shape::default()
    }
}

/// Three that take their time, and one of them alone, in turns: until the decision, which is all
/// that a dry run does, and the whole run, which also remembers it.
fn three() -> Result<[Row; 2]> {
    let pages = [slow::page(DELAY)?, slow::page(DELAY)?, slow::page(DELAY)?];
    let several = shape(pages.iter().copied().map(page).collect());
    let alone = shape(vec![page(pages[0])]);
    Site::build(&several)?.concludes("confirming")?;
    let compare = |arguments: &[&str]| {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..RUNS {
            for (times, shape) in times.iter_mut().zip([&several, &alone]) {
                let site = Site::build(shape)?;
                let mut run = site.habeat(&[]);
                run.args(arguments);
                times.push(wall(run)?);
            }
        }
        anyhow::Ok(times.map(|times| median(times).as_secs_f64()))
    };
    let bound = DELAY.as_secs_f64() + REST;
    let [decided, decided_alone] = compare(&["--dry-run"])?;
    let [took, took_alone] = compare(&[])?;
    let row = |what: &str, took: f64, alone: f64, most: f64, of: &str| Row {
        figure: format!("three witnesses, 50 ms each: {what}"),
        habeat: seconds(took),
        against: format!("one alone {}", seconds(alone)),
        ratio: Some(format!("{:.2} ×", took / alone)),
        bound: format!("≤ {} ({of} + {})", seconds(most), seconds(REST)),
        verdict: Verdict::of(took <= most),
    };
    let (until, whole) = ("until the decision", "the whole run");
    Ok([
        row(until, decided, decided_alone, bound, "the slowest"),
        row(whole, took, took_alone, took_alone + REST, "one alone"),
    ])
}

/// One that accepts the connection and then is silent, one that does not end and does not heed
/// SIGTERM, and one that answers at once.
fn silent() -> Result<Row> {
    let mute = slow::page(Duration::from_secs(3600))?;
    let quick = slow::page(Duration::ZERO)?;
    let stubborn = "{provider: command, timeout: 300ms, \
                    argv: [/bin/sh, -c, \"trap '' TERM; while :; do sleep 1000; done\"]}";
    let shape = shape(vec![page(mute), stubborn.to_owned(), page(quick)]);
    Site::build(&shape)?.concludes("unknown")?;
    let tries = (0..TRIES).map(|_| wall(Site::build(&shape)?.habeat(&[])));
    let worst = tries.collect::<Result<Vec<_>>>()?.into_iter().max();
    let worst = worst.unwrap_or_default();
    ensure!(worst >= TIMEOUT / 2, "they were not waited for: {worst:?}");
    let bound = TIMEOUT.as_secs_f64() + REST;
    Ok(Row {
        figure: format!("two of three witnesses silent: the whole run (worst of {TRIES})"),
        habeat: seconds(worst.as_secs_f64()),
        against: format!("timeout {}", seconds(TIMEOUT.as_secs_f64())),
        ratio: None,
        bound: format!("≤ {} (the timeout + {})", seconds(bound), seconds(REST)),
        verdict: Verdict::of(worst.as_secs_f64() <= bound),
    })
}

fn vms() -> Result<Row> {
    let folder = tempfile::TempDir::new()?;
    let ca_file = folder.path().join("ca.pem");
    let port = crowd::vcenter(&ca_file, CROWD)?;
    let entry = format!(
        "{{provider: vcenter, hostname: \"127.0.0.1:{port}\", username: u, password: p, \
         ca_file: {}, timeout: 60s}}",
        ca_file.display(),
    );
    peak(
        "vCenter lists 10 000 VMs: peak memory",
        entry,
        "lists 10000 VMs of other names",
    )
}

fn monitors() -> Result<Row> {
    let folder = tempfile::TempDir::new()?;
    let ca_file = folder.path().join("ca.pem");
    let port = crowd::hetrix(&ca_file, CROWD);
    let entry = format!(
        "{{provider: hetrix, hostname: \"127.0.0.1:{port}\", api_token: {}, ca_file: {}, \
         timeout: 60s}}",
        crate::fake_hetrix::KEY,
        ca_file.display(),
    );
    peak(
        "HetrixTools lists 10 000 monitors in 50 pages: peak memory",
        entry,
        "not-found",
    )
}

/// Weighs a run that reads the whole list, and finds nobody in it: its doubt says so in these words.
fn peak(figure: &str, witness: String, proof: &str) -> Result<Row> {
    let site = Site::build(&shape(vec![witness]))?;
    let figures = site.path("figures");
    let report = site.report(&weighing(&figures.to_string_lossy()))?;
    let heard = report["heard"].to_string();
    ensure!(heard.contains(proof), "the list was not read: {heard}");
    let memory = (peak_memory(&figures)?, Against::Nothing);
    Ok(Row::at_most(figure, memory, MEMORY, mebibytes))
}

/// An entry of the config: a page that says down.
fn page(port: u16) -> String {
    format!(
        "{{provider: http, name: page-{port}, url: \"http://127.0.0.1:{port}/\", \
         regexp: up, down_regexp: down, timeout: 300ms}}"
    )
}
