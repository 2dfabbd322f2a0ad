//! The node under test: its disk, with config, state, and stub programs that keep accounts in a
//! file; and the runs of habeat on it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::cases::Knowledge;
use crate::network::command;
use crate::play::Place;

const PRIMARY: &str = "mbox1.example.com";
const SECONDARY: &str = "mbox2.example.com";

/// Accounts that live on the primary; the last name is legal, and breaks careless quoting.
const ACCOUNTS: [&str; 3] = [
    "anna@example.com",
    "berta@example.com",
    "o'neil@example.com",
];

/// Far more than a run needs here; after that it is killed, and the case fails.
const TIMEOUT: [&str; 2] = ["--kill-after=5", "300"];

/// What the log says then.
const CONTRADICTION: &str = "witnesses=contradict";

/// The node's disk.
pub(crate) struct Node {
    folder: tempfile::TempDir,
}

/// What one run of habeat left behind for its caller.
#[derive(Debug)]
pub(crate) struct Run {
    exit: Option<i32>,
    report: Value,
    log: String,
}

impl Node {
    /// Sets up a disk without any memory.
    pub(crate) fn new(knowledge: Knowledge, place: &Place) -> Self {
        let node = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let stubs = [
            ("carbonio", include_str!("../../src/drill/carbonio.sh")),
            ("zmprov", include_str!("../../src/drill/zmprov.sh")),
        ];
        for (name, script) in stubs {
            fs::write(node.path(name), script).unwrap();
            fs::set_permissions(node.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let accounts = ACCOUNTS.map(|name| format!("{name} {PRIMARY}\n"));
        fs::write(node.path("accounts"), accounts.concat()).unwrap();
        fs::write(node.path("own"), SECONDARY).unwrap();
        fs::write(node.path("habeat.yml"), node.config(knowledge, place)).unwrap();
        node
    }

    /// Runs habeat once, started by what `wrap` makes of a program.
    pub(crate) fn run(&self, wrap: impl Fn(&str) -> Command) -> Run {
        let output = wrap("timeout")
            .args(TIMEOUT)
            .arg(env!("CARGO_BIN_EXE_habeat"))
            .arg("--json")
            .arg("--config")
            .arg(self.path("habeat.yml"))
            .arg("--log")
            .arg(self.path("habeat.log"))
            .output()
            .unwrap();
        Run {
            exit: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns what is wrong with the accounts after `promotions` promotions.
    pub(crate) fn misplaced(&self, promotions: usize) -> Option<String> {
        let host = if promotions == 0 { PRIMARY } else { SECONDARY };
        let expected = ACCOUNTS.map(|name| format!("{name} {host}"));
        let flushed = ACCOUNTS[..if promotions == 0 { 0 } else { 3 }].iter();
        let facts = [
            ("accounts", self.lines("accounts"), expected.into()),
            (
                "flushed",
                self.lines("flushed"),
                flushed.map(|name| (*name).to_owned()).collect(),
            ),
        ];
        let wrong = facts
            .into_iter()
            .find(|(_, seen, expected)| seen != expected);
        if let Some((what, seen, expected)) = wrong {
            return Some(format!("{what}: {seen:?} instead of {expected:?}"));
        }
        let done = self.read("operations").lines().count();
        (done != promotions).then(|| format!("{done} promotions were run, {promotions} decided"))
    }

    fn config(&self, knowledge: Knowledge, place: &Place) -> String {
        let Place {
            primary,
            anchor,
            consul_port,
            token,
            machine,
        } = place;
        let mut several = String::new();
        let (mut peer, mut token, mut anchors, mut gossip) = (PRIMARY, *token, "", "anchored");
        match knowledge {
            Knowledge::Usual => {}
            Knowledge::WithAnchor => anchors = anchor,
            Knowledge::GossipNever => (anchors, gossip) = (anchor, "never"),
            Knowledge::NoToken => token = "",
            Knowledge::WrongToken => token = "c0ffee00-0000-4000-8000-000000000000",
            Knowledge::MisspeltPeer => peer = "mbox9.example.com",
            Knowledge::Several(words) => several = words.replace("MACHINE", machine),
        }
        let folder = self.folder.path().display();
        format!(
            "
local:
  whoami: secondary
  dc_check: primary
  role: appserver
  checkDownFile: {folder}/down
  checkPromotionFile: {folder}/promotion
  checkRestartReplicaFile: {folder}/module
  threads: 2
  flush_cache: true
primary:
  appserver_ip: 192.0.2.1
  appserver_vmname: {peer}
secondary:
  appserver_ip: 192.0.2.2
  appserver_vmname: {SECONDARY}
consul:
  hostname: 127.0.0.1
  port: {consul_port}
  token: {token}
  gossip: {gossip}
{several}
probe:
  targets: ['{primary}']
  attempts: 2
  interval: 100ms
  timeout: 1s
anchors: [{anchors}]
policy:
  run_spacing: 0s
  evidence_max_age: 5m
carbonio:
  user: ''
  carbonio: {folder}/carbonio
  zmprov: {folder}/zmprov
history:
  file: {folder}/history.jsonl
state_dir: {folder}/state
"
        )
    }

    fn lines(&self, file: &str) -> BTreeSet<String> {
        self.read(file).lines().map(str::to_owned).collect()
    }

    /// Reads a file of the stubs; one that was not made yet is empty.
    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Run {
    /// Returns `DECISION REASON: VERDICT, heard TESTIMONY, exit N`, as the table has it. For a
    /// witness that does not know, the testimony is the code of its doubt; witnesses of whom one
    /// says up and one says down are in contradiction, in the report and in the log.
    pub(crate) fn said(&self) -> String {
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let report = &self.report;
        let heard = report["heard"].as_array().map(Vec::as_slice);
        let heard: Vec<_> = heard
            .unwrap_or_default()
            .iter()
            .map(|heard| match word(&heard["testimony"]).as_str() {
                "unknown" => word(&heard["doubt"]),
                known => known.to_owned(),
            })
            .collect();
        let contradiction = match (&report["contradiction"], self.log.contains(CONTRADICTION)) {
            (Value::Bool(true), true) => " in contradiction",
            (Value::Bool(true), false) | (_, true) => " in contradiction, told by halves",
            (_, false) => "",
        };
        format!(
            "{} {}: {}, heard {}{contradiction}, exit {}",
            word(&report["decision"]),
            word(&report["reason"]),
            word(&report["verdict"]),
            if heard.is_empty() {
                "nothing".to_owned()
            } else {
                heard.join("+")
            },
            self.exit
                .map_or_else(|| "by signal".to_owned(), |code| code.to_string()),
        )
    }

    /// Returns what it logged.
    pub(crate) fn log(&self) -> &str {
        &self.log
    }

    /// Whether this run decided to promote.
    pub(crate) fn promoted(&self) -> bool {
        self.report["decision"] == "promote"
    }
}

/// Starts a program right here, in no namespace.
pub(crate) fn here(program: &str) -> Command {
    command(program)
}
