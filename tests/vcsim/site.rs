//! The surviving site: the built binary, its config and state, stub programs; and the port on
//! which the primary answers.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::NAME;
use crate::vcsim::{PASSWORD, USER, Vcsim};

const OWN: &str = "mbox2.example.com";
/// Nothing takes longer, on a busy machine either.
pub(crate) const AMPLE: &str = "120s";
const ACCOUNTS: [&str; 2] = ["anna@example.com", "o'neil@example.com"];

pub(crate) struct Secondary {
    folder: tempfile::TempDir,
    /// What its config says of the witness and of the fence.
    outside: String,
    address: SocketAddr,
    primary: Option<TcpListener>,
}

impl Secondary {
    /// Sets up a site without any memory, with vCenter as its witness.
    pub(crate) fn with_witness(vcsim: &Vcsim) -> Self {
        let block = block(vcsim).replace('\n', "\n    ");
        Self::new(&format!("witnesses:\n  - provider: vcenter\n    {block}"))
    }

    /// Sets up a site without any memory, with Consul as its witness and vCenter as its fence.
    pub(crate) fn with_fence(vcsim: &Vcsim, consul: u16) -> Self {
        let block = block(vcsim).replace('\n', "\n  ");
        Self::new(&format!(
            "consul: {{ hostname: 127.0.0.1, port: {consul} }}\n\
             fence: {{ provider: vcenter }}\n\
             vcenter:\n  {block}"
        ))
    }

    /// Sets up a site without any memory.
    fn new(outside: &str) -> Self {
        let primary = TcpListener::bind("127.0.0.1:0").unwrap();
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
            outside: outside.to_owned(),
            address: primary.local_addr().unwrap(),
            primary: Some(primary),
        };
        let stubs = [
            ("carbonio", include_str!("../../src/drill/carbonio.sh")),
            ("zmprov", include_str!("../../src/drill/zmprov.sh")),
        ];
        for (name, script) in stubs {
            fs::write(site.path(name), script).unwrap();
            fs::set_permissions(site.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let accounts = ACCOUNTS.map(|name| format!("{name} {NAME}\n"));
        fs::write(site.path("accounts"), accounts.concat()).unwrap();
        fs::write(site.path("own"), OWN).unwrap();
        site.have_patience(AMPLE);
        site
    }

    /// From now on each command, and the fence, has this long.
    pub(crate) fn have_patience(&self, patience: &str) {
        let file = self.path("habeat.yml");
        fs::write(&file, self.config(patience)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The primary answers no more.
    pub(crate) fn mute(&mut self) {
        self.primary = None;
    }

    /// The primary answers again.
    pub(crate) fn answer(&mut self) {
        self.primary = Some(TcpListener::bind(self.address).unwrap());
    }

    /// Runs habeat once; returns `DECISION REASON, exit N`.
    pub(crate) fn run(&self) -> String {
        self.call(&["--json"])
    }

    pub(crate) fn dry_run(&self) -> String {
        self.call(&["--json", "--dry-run"])
    }

    pub(crate) fn retry(&self) {
        let said = self.call(&["retry", "--reason", "seen"]);
        assert!(said.ends_with("exit 0"), "{said}");
    }

    /// Returns how many promotions moved accounts; all of them are moved by one.
    pub(crate) fn promoted(&self) -> usize {
        let operations = fs::read_to_string(self.path("operations")).unwrap_or_default();
        operations.lines().count()
    }

    fn call(&self, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_habeat"))
            .arg("--config")
            .arg(self.path("habeat.yml"))
            .arg("--log")
            .arg(self.path("habeat.log"))
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        // Shown when the test fails.
        println!("{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let word = |key: &str| report[key].as_str().unwrap_or("?").to_owned();
        let exit = output.status.code().unwrap_or(-1);
        format!("{} {}, exit {exit}", word("decision"), word("reason"))
    }

    fn config(&self, patience: &str) -> String {
        let (folder, address) = (self.folder.path().display(), self.address);
        let outside = &self.outside;
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
  appserver_vmname: {NAME}
secondary:
  appserver_ip: 192.0.2.2
  appserver_vmname: {OWN}
{outside}
state_dir: {folder}/state
probe:
  targets: ['tcp://{address}']
  attempts: 1
  interval: 0s
  timeout: 5s
policy:
  run_spacing: 0s
  evidence_max_age: 5m
timeouts:
  command: {patience}
carbonio:
  user: ''
  carbonio: {folder}/carbonio
  zmprov: {folder}/zmprov
history:
  file: {folder}/history.jsonl
"
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// How to ask the vCenter.
fn block(vcsim: &Vcsim) -> String {
    let (port, ca_file) = (vcsim.port(), vcsim.ca_file());
    format!(
        "hostname: 127.0.0.1:{port}\nusername: {USER}\npassword: {PASSWORD}\n\
         ca_file: {}\ntimeout: 60s",
        ca_file.display()
    )
}
