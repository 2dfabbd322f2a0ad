//! Measures what `docs/performance.md` shows, in one run, and prints it as a table.
//!
//! `cargo bench --bench performance -- [--quick] [--ancestor DIR [--python PYTHON]]`
//!
//! A missed bound is printed, and is no error: a benchmark informs.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

mod ancestor;
mod crowd;
#[path = "../voices/fake_hetrix.rs"]
#[expect(
    clippy::expect_used,
    reason = "it is made for a test, of which this needs a part"
)]
mod fake_hetrix;
mod hung;
mod measure;
mod site;
mod slow;
mod stub;
mod table;
mod witnesses;

use ancestor::Ancestor;
use measure::{counting, machine, median, peak_memory, system_calls, wall, weighing};
use site::{HABEAT, Shape, Site, step_took};
use table::{Against, Row, Verdict, mebibytes, seconds};

/// Healthy runs, of which the middle one counts.
const RUNS: usize = 41;
/// The ancestor's, which take longer.
const ANCESTOR_RUNS: usize = 15;
/// What one flush takes.
const FLUSH: Duration = Duration::from_millis(100);
/// Accounts of a flush.
const ACCOUNTS: usize = 10_000;
/// Accounts that the ancestor flushes; it goes one by one, so that the rest is arithmetic.
const ANCESTOR_ACCOUNTS: u32 = 100;
/// What a slow probe or witness takes.
const DELAY: Duration = Duration::from_millis(50);

/// Measures habeat, and the Python script it replaces.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of the Python script
    #[arg(long, value_name = "DIR")]
    ancestor: Option<PathBuf>,
    /// The Python that runs it, with its packages
    #[arg(long, value_name = "PYTHON", default_value = "python3")]
    python: PathBuf,
    /// Flush a tenth of the accounts one by one, and scale
    #[arg(long)]
    quick: bool,
    /// Cargo says that this is a benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    if stub::play() {
        return Ok(());
    }
    let arguments = Arguments::parse();
    let machine = machine()?;
    let ancestor = arguments
        .ancestor
        .map(|folder| Ancestor::find(&folder, &arguments.python))
        .transpose()?;
    stub::calibrate()?;
    let mut rows = Vec::new();
    rows.extend(healthy_run(ancestor.as_ref())?);
    rows.push(overlap()?);
    rows.extend(witnesses::rows()?);
    rows.extend(flush(ancestor.as_ref(), arguments.quick)?);
    rows.push(pool()?);
    rows.extend(many_accounts()?);
    note("hung child");
    rows.push(hung::row()?);
    rows.push(size()?);
    print(&rows, &machine)
}

/// The peer answers at once.
fn healthy_run(ancestor: Option<&Ancestor>) -> Result<[Row; 3]> {
    note("healthy run");
    let site = Site::build(&Shape {
        targets: vec![format!("tcp://127.0.0.1:{}", slow::greeter()?)],
        ..Shape::default()
    })?;
    let figures = site.path("figures");
    let into = figures.to_string_lossy();
    site.concludes("alive")?;
    // The two take turns, so that what disturbs one disturbs both.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..RUNS {
        ours.push(wall(site.habeat(&[]))?);
        if let Some(ancestor) = ancestor.filter(|_| n < ANCESTOR_RUNS) {
            theirs.push(wall(ancestor.healthy_run(&site, &[])?)?);
        }
    }
    wall(site.habeat(&counting(&into)))?;
    let calls = system_calls(&figures)?;
    wall(site.habeat(&weighing(&into)))?;
    let memory = peak_memory(&figures)?;
    let (mut time, mut their_calls, mut their_memory) = (None, None, None);
    if let Some(ancestor) = ancestor {
        time = Some(median(theirs).as_secs_f64());
        wall(ancestor.healthy_run(&site, &counting(&into))?)?;
        their_calls = Some(system_calls(&figures)?);
        wall(ancestor.healthy_run(&site, &weighing(&into))?)?;
        their_memory = Some(peak_memory(&figures)?);
    }
    let calls = (calls, Against::Ancestor(their_calls));
    let memory = (memory, Against::Ancestor(their_memory));
    Ok([
        Row::faster("healthy run", median(ours).as_secs_f64(), time, 40.0),
        Row::at_most("its system calls", calls, 200, |n| n.to_string()),
        Row::at_most("its peak memory", memory, 6 * 1024, mebibytes),
    ])
}

/// Two probes and a witness that each take their time.
///
/// In a row: two looks at two targets, one question for the leader and six for the nodes. The
/// rules leave: the first look, which has to meet silence before anyone else is asked; then the
/// two questions of the witness, the second of which depends on the first, beside the second look.
/// That is three waits one after another; the bound is half-way to a fourth.
fn overlap() -> Result<Row> {
    note("overlap");
    let targets = [slow::refuser(DELAY)?, slow::refuser(DELAY)?];
    let url = |port: &u16| format!("{{url: \"http://127.0.0.1:{port}/\", status: 200}}");
    let shape = Shape {
        targets: targets.iter().map(url).collect(),
        attempts: 2,
        confirm_runs: 2,
        witness_delay: DELAY,
        ..Shape::default()
    };
    Site::build(&shape)?.concludes("confirming")?;
    let times = (0..9).map(|_| wall(Site::build(&shape)?.habeat(&[])));
    let took = median(times.collect::<Result<_>>()?).as_secs_f64();
    let in_a_row = DELAY.as_secs_f64() * f64::from(2 * 2 + 1 + 6);
    let bound = DELAY.as_secs_f64() * 3.5;
    Ok(Row {
        figure: "two probes (two looks) and a witness, 50 ms per answer".to_owned(),
        habeat: seconds(took),
        against: format!("in a row {}", seconds(in_a_row)),
        ratio: Some(format!("{:.1} ×", in_a_row / took)),
        bound: format!("≤ {} (3 waits, not 4)", seconds(bound)),
        verdict: Verdict::of(took <= bound),
    })
}

/// A whole promotion of 10 000 accounts, of which the flush is by far the largest part.
fn flush(ancestor: Option<&Ancestor>, quick: bool) -> Result<[Row; 2]> {
    note("the ancestor's flush");
    let theirs = ancestor
        .map(|ancestor| ancestor.flush_per_account(ANCESTOR_ACCOUNTS, FLUSH))
        .transpose()?
        .map(|each| each.as_secs_f64() * ACCOUNTS as f64);
    let parts = if quick { 10 } else { 1 };
    let mut took = [0.0; 2];
    for (took, (flush_batch, parts)) in took.iter_mut().zip([(1, parts), (200, 1)]) {
        note(&format!("flush, {flush_batch} per call"));
        let site = Site::build(&Shape {
            accounts: ACCOUNTS / parts,
            flush_batch,
            flush_cost: FLUSH,
            ..Shape::default()
        })?;
        let started = std::time::Instant::now();
        site.promote(&[])?;
        *took = started.elapsed().as_secs_f64() * parts as f64;
    }
    let scaled = if quick { " (1 000, scaled)" } else { "" };
    let single = format!("10 000 accounts{scaled}, 100 ms per call, 5 threads: one per call");
    Ok([
        Row::faster(&single, took[0], theirs, 4.75),
        Row::faster(
            "10 000 accounts, the same: 200 per call",
            took[1],
            theirs,
            500.0,
        ),
    ])
}

/// How much of the pool's time is spent in commands.
fn pool() -> Result<Row> {
    note("pool");
    let (threads, calls) = (16, 800);
    let site = Site::build(&Shape {
        accounts: calls,
        threads,
        flush_batch: 1,
        flush_cost: DELAY,
        ..Shape::default()
    })?;
    let report = site.promote(&[])?;
    let took = step_took(&report, "flush-cache")?.as_secs_f64();
    let ideal = DELAY.as_secs_f64() * (calls / threads) as f64;
    let used = ideal / took;
    Ok(Row {
        figure: format!("pool: {calls} calls of 50 ms, {threads} threads"),
        habeat: seconds(took),
        against: format!("ideal {}", seconds(ideal)),
        ratio: Some(format!("{:.1} %", used * 100.0)),
        bound: "≥ 96 % of the ideal".to_owned(),
        verdict: Verdict::of(used >= 0.96),
    })
}

/// Answers of 81 and 811 MB, each with a promotion, and a flush that costs nothing: what is told of
/// each account.
fn many_accounts() -> Result<[Row; 3]> {
    let [few, many] = [100_000, 1_000_000];
    let (weight_of_few, few) = promotion_of(few)?;
    let (weight_of_many, many) = promotion_of(many)?;
    let row = |figure: &str, weight| {
        Row::at_most(figure, (weight, Against::Nothing), 32 * 1024, mebibytes)
    };
    let ratio = many / few;
    Ok([
        row(
            "promotion of 100 000 accounts, 81 MB of JSON: peak memory",
            weight_of_few,
        ),
        row(
            "promotion of 1 000 000 accounts, 811 MB of JSON: peak memory",
            weight_of_many,
        ),
        Row {
            figure: "the same: time per account".to_owned(),
            habeat: format!("{:.1} µs", many * 1e6),
            against: format!("of 100 000 {:.1} µs", few * 1e6),
            ratio: Some(format!("{ratio:.2} ×")),
            bound: "≤ 1.20 ×".to_owned(),
            verdict: Verdict::of(ratio <= 1.2),
        },
    ])
}

/// Promotes so many accounts; returns the peak memory in KiB, and the seconds per account.
fn promotion_of(accounts: usize) -> Result<(u64, f64)> {
    note(&format!("{accounts} accounts"));
    let site = Site::build(&Shape {
        accounts,
        ..Shape::default()
    })?;
    let figures = site.path("figures");
    let started = std::time::Instant::now();
    site.promote(&weighing(&figures.to_string_lossy()))?;
    let each = started.elapsed().as_secs_f64() / accounts as f64;
    Ok((peak_memory(&figures)?, each))
}

fn size() -> Result<Row> {
    let size = std::fs::metadata(HABEAT)?.len() / 1024;
    let size = (size, Against::Nothing);
    Ok(Row::at_most("binary, stripped", size, 4 * 1024, mebibytes))
}

/// Says on standard error what is under way: it takes minutes.
fn note(what: &str) {
    let _ = writeln!(std::io::stderr(), "measuring: {what}");
}

fn print(rows: &[Row], machine: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| Figure | habeat | the ancestor, or as said | ratio | bound | |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    writeln!(out, "\n{machine} at the start")?;
    Ok(())
}
