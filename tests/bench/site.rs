//! A site in a folder: its config, its stub programs, its witness.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use habeat::drill::fake_consul::{FakeConsul, Node};
use serde_json::Value;
use tempfile::TempDir;

use crate::measure::command;
use crate::stub;

/// The program under measurement, built by the release profile.
pub(crate) const HABEAT: &str = env!("CARGO_BIN_EXE_habeat");

/// Answers as `carbonio` does, from a prepared file; a promotion leaves an empty list behind.
const CARBONIO: &str = r#"#!/bin/sh
case "$*" in
*getAccountStatus*) exec cat "${0%/*}/listing" ;;
*promoteAccounts*) echo '{"ok":true,"response":{"values":[]}}' >"${0%/*}/listing" ;;
esac
"#;

/// What sites differ in.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// What is probed.
    pub(crate) targets: Vec<String>,
    /// Looks per run.
    pub(crate) attempts: u32,
    /// Runs that must see the death.
    pub(crate) confirm_runs: u32,
    /// Every request to the witness takes this long.
    pub(crate) witness_delay: Duration,
    /// The witnesses, each as an entry of the config; with none, it is Consul.
    pub(crate) witnesses: Vec<String>,
    /// Width of the pool.
    pub(crate) threads: usize,
    /// Names per flush.
    pub(crate) flush_batch: usize,
    /// Accounts on the dead host.
    pub(crate) accounts: usize,
    /// What one flush takes.
    pub(crate) flush_cost: Duration,
    /// A program in the folder that is run before a promotion, as its fence.
    pub(crate) fence: Option<&'static str>,
}

/// When the fence is told to end.
pub(crate) const DEADLINE: Duration = Duration::from_millis(200);
/// After that long it is killed.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

impl Default for Shape {
    /// A peer that refuses connections, whose death one run confirms, with no account on it.
    fn default() -> Self {
        Self {
            targets: vec!["tcp://127.0.0.1:1".to_owned()],
            attempts: 1,
            confirm_runs: 1,
            witness_delay: Duration::ZERO,
            witnesses: Vec::new(),
            threads: 5,
            flush_batch: 200,
            accounts: 0,
            flush_cost: Duration::ZERO,
            fence: None,
        }
    }
}

/// The surviving site.
pub(crate) struct Site {
    folder: TempDir,
    _consul: FakeConsul,
}

impl Site {
    /// Builds a site whose witness says that the peer is dead.
    pub(crate) fn build(shape: &Shape) -> Result<Self> {
        let consul = FakeConsul::start()?;
        for (node, state) in [
            ("agent-mbox1-example-com", Node::FAILED),
            ("agent-mbox2-example-com", Node::ALIVE),
        ] {
            consul.cluster().set(node, state);
        }
        let port = match shape.witness_delay {
            Duration::ZERO => consul.port(),
            delay => crate::slow::relay(consul.port(), delay)?,
        };
        let folder = TempDir::new().context("cannot make a folder")?;
        fs::write(
            folder.path().join("habeat.yml"),
            config(shape, folder.path(), port),
        )?;
        write_listing(&folder.path().join("listing"), shape.accounts)?;
        let site = Self {
            folder,
            _consul: consul,
        };
        site.program("carbonio", CARBONIO)?;
        stub::place(&site.path(&stub::name(shape.flush_cost)))?;
        Ok(site)
    }

    /// Returns a path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a program into the folder.
    pub(crate) fn program(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// Returns one run of habeat, behind a program that measures it, if one is given.
    pub(crate) fn habeat(&self, measured_by: &[&str]) -> Command {
        let mut run = command(measured_by.iter().copied().chain([HABEAT]));
        run.arg("--config")
            .arg(self.path("habeat.yml"))
            .arg("--log")
            .arg(self.path("habeat.log"))
            .arg("--json")
            .stderr(Stdio::null());
        run
    }

    /// Makes a run; returns its report.
    pub(crate) fn report(&self, measured_by: &[&str]) -> Result<Value> {
        let said = self.habeat(measured_by).output()?.stdout;
        let said = String::from_utf8_lossy(&said);
        serde_json::from_str(&said).with_context(|| format!("this is no report: {said}"))
    }

    /// Makes a run, which must come to this reason: a run that fails is fast, too.
    pub(crate) fn concludes(&self, reason: &str) -> Result<()> {
        let report = self.report(&[])?;
        ensure!(report["reason"] == reason, "not {reason}: {report}");
        Ok(())
    }

    /// Makes a run that promotes and flushes every account; returns its report.
    pub(crate) fn promote(&self, measured_by: &[&str]) -> Result<Value> {
        let report = self.report(measured_by)?;
        let accounts = &report["accounts"];
        let flushed = &accounts["stages"][0]["done"];
        ensure!(
            report["exit"] == 0 && *flushed == accounts["total"],
            "not everything is done: {report}"
        );
        Ok(report)
    }
}

/// Returns how long a step of a run took.
pub(crate) fn step_took(report: &Value, name: &str) -> Result<Duration> {
    let steps = report["steps"].as_array().context("no steps")?;
    let step = steps.iter().find(|step| step["step"] == name);
    let took = step.and_then(|step| step["ms"].as_u64());
    took.map(Duration::from_millis)
        .with_context(|| format!("no step {name}: {report}"))
}

fn config(shape: &Shape, folder: &Path, consul_port: u16) -> String {
    let fence = shape
        .fence
        .map(|name| format!("[{}/{name}]", folder.display()));
    let witnesses = match shape.witnesses.as_slice() {
        [] => String::new(),
        several => format!("witnesses: [{}]", several.join(", ")),
    };
    format!(
        include_str!("habeat.yml.in"),
        folder = folder.display(),
        threads = shape.threads,
        zmprov = stub::name(shape.flush_cost),
        consul_port = consul_port,
        targets = shape.targets.join(", "),
        attempts = shape.attempts,
        confirm_runs = shape.confirm_runs,
        flush_batch = shape.flush_batch,
        witnesses = witnesses,
        fence = fence.unwrap_or_default(),
        command_ms = DEADLINE.as_millis(),
        grace_ms = GRACE.as_millis(),
    )
}

/// Writes what `getAccountStatus` answers: about 800 bytes per account, each with three replicas.
fn write_listing(path: &Path, accounts: usize) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write!(out, r#"{{"ok":true,"response":{{"values":["#)?;
    for n in 1..=accounts {
        let id = format!("00000000-0000-4000-8000-{n:012}");
        let replica = format!(
            r#"{{"accountId":"{id}","itemId":{n},"sequence":{n},"mailboxId":{n},"destination":"mbox2.example.com","available":true,"priority":10,"canConnectToKafka":true,"lag":0}}"#
        );
        let comma = if n == 1 { "" } else { "," };
        writeln!(
            out,
            r#"{comma}{{"accountId":"{id}","accountName":"user{n}@example.com","accountMailHost":"mbox1.example.com","paused":false,"mailboxId":{n},"sequence":{n},"itemId":{n},"replicas":[{replica},{replica},{replica}]}}"#
        )?;
    }
    writeln!(out, "]}}}}")?;
    out.flush()?;
    Ok(())
}
