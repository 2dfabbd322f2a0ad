//! One Consul process on one host.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{MASTER, SERVERS};
use crate::http::{Answer, Question};
use crate::network::{Host, Network};

/// More than the 7 s a server waits for a leader (`rpc_hold_timeout`) before it says no.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A Consul agent, running or not.
pub(super) struct Agent {
    pub(super) host: Host,
    /// Its name in the cluster.
    pub(super) node: String,
    program: PathBuf,
    folder: PathBuf,
    process: Option<Child>,
}

impl Agent {
    /// Lays out the agent's folder; starts nothing.
    pub(super) fn new(program: &Path, lab: &Path, role: &str, host: Host) -> Self {
        let agent = Self {
            host,
            node: format!("{role}-{}-example-com", host.name),
            program: program.to_owned(),
            folder: lab.join(host.name),
            process: None,
        };
        std::fs::create_dir(&agent.folder).unwrap();
        let config = agent.config(role == "server").to_string();
        std::fs::write(agent.config_file(), config).unwrap();
        agent
    }

    /// Makes it run: started if it is gone, woken if it sleeps.
    pub(super) fn revive(&mut self, network: &Network) {
        if self.process.is_some() {
            return self.signal(Signal::CONT);
        }
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.folder.join("log"))
            .unwrap();
        let started = network
            .command(self.host.name, &self.program)
            .args(["agent", "-config-file"])
            .arg(self.config_file())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.process = Some(started.unwrap());
    }

    /// Ends it at once, and sees it gone.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops it without ending it.
    pub(super) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Asks its API; `None` when there was no good answer.
    pub(super) fn get(&self, path: &str) -> Option<Value> {
        self.good("GET", path, "")
    }

    /// Tells its API something; `None` when it was not taken.
    pub(super) fn put(&self, path: &str, body: &Value) -> Option<Value> {
        self.good("PUT", path, &body.to_string())
    }

    /// Asks over the agent's socket, which works across namespaces and cut lines.
    pub(super) fn ask(&self, question: &Question<'_>) -> io::Result<Answer> {
        let line = UnixStream::connect(self.socket())?;
        line.set_read_timeout(Some(TIMEOUT))?;
        question.ask(line)
    }

    fn good(&self, method: &str, path: &str, body: &str) -> Option<Value> {
        let answer = self.ask(&Question {
            method,
            path,
            token: Some(MASTER),
            body,
        });
        let answer = answer.ok().filter(|answer| answer.status == 200);
        answer.map(|answer| answer.body)
    }

    fn config(&self, server: bool) -> Value {
        let mut config = json!({
            "node_name": self.node,
            "datacenter": "lab",
            "data_dir": self.folder.join("data"),
            "bind_addr": self.host.ip,
            "addresses": { "http": format!("127.0.0.1 unix://{}", self.socket().display()) },
            "ports": { "dns": -1 },
            "retry_join": SERVERS.map(|server| server.ip),
            "retry_interval": "1s",
            "disable_update_check": true,
            "acl": {
                "enabled": true,
                "default_policy": "deny",
                "tokens": { "agent": MASTER },
            },
        });
        if server {
            config["server"] = json!(true);
            config["bootstrap_expect"] = json!(SERVERS.len());
            config["acl"]["tokens"]["master"] = json!(MASTER);
        }
        config
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().unwrap();
        kill_process(Pid::from_child(process), signal).unwrap();
    }

    fn config_file(&self) -> PathBuf {
        self.folder.join("config.json")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("http")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}
