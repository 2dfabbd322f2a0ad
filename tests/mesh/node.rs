//! The disk of a node with habeat on it, and habeat's runs there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use serde_json::Value;

use crate::lab::{ANCHOR, LEFT, Lab, OLD, TOKEN};
use crate::service;

/// The mailbox host of site B.
const MAILBOX: &str = "mbox2";

/// A node: its name in the lab, and its disk.
pub(crate) struct Node {
    host: &'static str,
    folder: tempfile::TempDir,
}

/// What one run of habeat left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit: Option<i32>,
    report: Value,
    pub(crate) said: String,
    pub(crate) log: String,
}

impl Run {
    /// Requires this `decision/reason` and exit code.
    #[track_caller]
    pub(crate) fn is(&self, said: &str, exit: i32) {
        let word = |name: &str| self.report[name].as_str().unwrap_or("?").to_owned();
        let told = format!("{}/{}", word("decision"), word("reason"));
        assert_eq!((told.as_str(), self.exit), (said, Some(exit)), "{self:#?}");
    }

    /// Prints how long each step took.
    pub(crate) fn print_steps(&self) {
        for step in self.report["steps"].as_array().unwrap() {
            println!("step {}: {} ms", step["step"], step["ms"]);
        }
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            said: String::from_utf8_lossy(&output.stdout).into_owned(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Node {
    /// The Consul server that is left, with the role `consulserver`.
    pub(crate) fn mesh(lab: &Lab, owner: &str) -> Self {
        let node = Self::new(LEFT.name);
        let [one, other] = OLD.map(|old| old.ip);
        let (data, service) = (lab.folder_of(LEFT.name), service::PROGRAM);
        let (data, folder) = (data.display(), node.folder.path().display());
        node.configure(
            "consulserver",
            &format!(
                "
primary:
  consul_ips: [{one}, {other}]
  consul_vmnames: [svcs1.example.com, svcs3.example.com]
secondary:
  consul_ips: [{}]
  consul_vmnames: [svcs2.example.com]
mesh:
  data_dir: {data}/data
  owner: {owner}
  peers_file: {folder}/peers.json
  stop: [{service}, {data}, stop]
  start: ['{folder}/start']
  leader_timeout: 30s
",
                LEFT.ip
            ),
        );
        node.program(
            "start",
            &format!("#!/bin/sh\nexec {service} {data} start\n"),
        );
        node
    }

    /// Makes the command that starts the service do so.
    pub(crate) fn start_service(&self, lab: &Lab) {
        let (data, service) = (lab.folder_of(LEFT.name), service::PROGRAM);
        let script = format!("#!/bin/sh\nexec {service} {} start\n", data.display());
        self.program("start", &script);
    }

    /// The mailbox host of site B, with accounts on that of site A.
    pub(crate) fn mailbox() -> Self {
        let node = Self::new(MAILBOX);
        node.program("carbonio", include_str!("../../src/drill/carbonio.sh"));
        node.program("zmprov", include_str!("../../src/drill/zmprov.sh"));
        let folder = node.folder.path().display();
        node.write("own", "mbox2.example.com");
        node.write("accounts", "anna@example.com mbox1.example.com\n");
        node.configure(
            "appserver",
            &format!(
                "
primary: {{appserver_ip: 10.99.0.21, appserver_vmname: mbox1.example.com}}
secondary: {{appserver_ip: 10.99.0.22, appserver_vmname: mbox2.example.com}}
carbonio: {{user: '', carbonio: {folder}/carbonio, zmprov: {folder}/zmprov}}
"
            ),
        );
        node
    }

    /// One run to its end.
    pub(crate) fn run(&self, lab: &Lab) -> Run {
        self.call(lab, &["--json"])
    }

    /// Another verb, to its end.
    pub(crate) fn call(&self, lab: &Lab, words: &[&str]) -> Run {
        let ended = self.start(lab, words).wait_with_output();
        ended.unwrap().into()
    }

    /// Starts habeat and does not wait for it.
    pub(crate) fn start(&self, lab: &Lab, words: &[&str]) -> Child {
        let mut habeat = lab.command(self.host, env!("CARGO_BIN_EXE_habeat"));
        habeat
            .args(words)
            .arg("--config")
            .arg(self.path("habeat.yml"));
        habeat.arg("--log").arg(self.path("habeat.log"));
        habeat.stdout(Stdio::piped()).stderr(Stdio::piped());
        habeat.spawn().unwrap()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Puts a script in its place.
    pub(crate) fn program(&self, name: &str, script: &str) {
        self.write(name, script);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn new(host: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { host, folder }
    }

    fn configure(&self, role: &str, rest: &str) {
        let folder = self.folder.path().display();
        let config = format!(
            "
local:
  whoami: secondary
  dc_check: primary
  role: {role}
  checkDownFile: {folder}/down
  checkPromotionFile: {folder}/promotion
  checkRestartReplicaFile: {folder}/module
consul: {{hostname: 127.0.0.1, port: 8500, token: {TOKEN}}}
anchors: ['icmp://{}']
probe: {{attempts: 2, interval: 100ms, timeout: 1s}}
policy: {{run_spacing: 0s, evidence_max_age: 5m}}
history: {{file: {folder}/history.jsonl}}
state_dir: {folder}/state
{rest}",
            ANCHOR.ip
        );
        self.write("habeat.yml", &config);
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.path("habeat.yml"), private).unwrap();
    }
}
