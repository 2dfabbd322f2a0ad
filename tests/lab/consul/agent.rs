//! One Consul process on one host.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{MASTER, SERVERS};
use crate::network::{Host, Network};

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
    pub(super) fn get(&self, path: &str, token: &str) -> Option<Value> {
        self.ask("GET", path, token, "")
    }

    /// Tells its API something. Whoever wants to know whether it worked waits for the effect.
    pub(super) fn put(&self, path: &str, body: &Value) {
        self.ask("PUT", path, MASTER, &body.to_string());
    }

    /// Speaks HTTP/1.0 over the agent's socket, which works across namespaces and cut lines.
    fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> Option<Value> {
        let mut line = UnixStream::connect(self.socket()).ok()?;
        line.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let length = body.len();
        write!(
            line,
            "{method} {path} HTTP/1.0\r\nX-Consul-Token: {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        line.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.0 200 ")
            .then(|| serde_json::from_str(body).ok())?
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
