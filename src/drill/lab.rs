//! The lab: two sites on loopback, a witness, stub programs, and a config that names them.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::fake_consul::{Acl, FakeConsul, Leader, Node};
use super::scenario::{Role, Setup, Whoami};
use super::service::Service;

mod config;
mod happen;

/// Accounts on the peer when a scenario begins.
pub(super) const ACCOUNTS: usize = 12;
/// The token of the lab's config.
const TOKEN: &str = "the-token-of-the-drill";

const CARBONIO: &str = include_str!("carbonio.sh");
const ZMPROV: &str = include_str!("zmprov.sh");
const FENCE: &str = include_str!("fence.sh");
const SWITCH: &str = include_str!("switch.sh");
const MESH: &str = include_str!("mesh.sh");
const ASK: &str = include_str!("ask.sh");
/// The file that says that the HA module is stopped.
const MODULE: &str = "module-stopped";
/// Consul's id of our node.
const NODE_ID: &str = "61f22310-97de-0965-4958-321840df66b6";

/// A lab; dropping it ends its servers and leaves its folder.
#[derive(Debug)]
pub(super) struct Lab {
    folder: PathBuf,
    own: &'static str,
    other: &'static str,
    /// The names by which Consul knows the peer.
    nodes: Vec<String>,
    peer: Service,
    anchor: Service,
    consul: FakeConsul,
}

/// What the stubs and the state folder show.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Every call of a stub, in order.
    pub(super) calls: Vec<String>,
    /// Promotions that moved something.
    pub(super) moves: usize,
    /// Every account moved, in order; a name twice was moved twice.
    pub(super) moved: Vec<String>,
    /// Accounts still on the peer.
    pub(super) on_peer: usize,
    /// Every name that was flushed, in order.
    pub(super) flushes: Vec<String>,
    /// Every call that moved traffic or looked where it goes, in order.
    pub(super) switched: Vec<String>,
    /// Every call that stopped or started the mesh's service, in order.
    pub(super) mesh: Vec<String>,
    /// What our server of the mesh has in its Raft folder.
    pub(super) raft: String,
    /// Runs whose witnesses contradicted each other.
    pub(super) contradictions: usize,
    /// State files that exist.
    pub(super) remembered: Vec<&'static str>,
}

impl Seen {
    /// Returns the accounts whose cache was flushed.
    pub(super) fn flushed(&self) -> BTreeSet<&str> {
        self.flushes.iter().map(String::as_str).collect()
    }

    /// Counts the calls of stubs with this word.
    pub(super) fn count(&self, word: &str) -> usize {
        let with = |call: &&String| call.split(' ').any(|own| own == word);
        self.calls.iter().filter(with).count()
    }
}

/// Returns a loopback address that another drill does not have: the port of a service that is dead
/// for a while must not be given to anybody else.
fn own_address(last: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 0x80, low, last)
}

impl Lab {
    /// Builds a lab in a new folder; everything in it is well.
    pub(super) fn build(folder: &Path, setup: &Setup) -> Result<Self> {
        fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (own, other) = match setup.whoami {
            Whoami::Secondary => ("mbox2.example.com", "mbox1.example.com"),
            Whoami::Primary => ("mbox1.example.com", "mbox2.example.com"),
        };
        let lab = Self {
            folder: folder.to_owned(),
            own,
            other,
            nodes: match setup.role {
                Role::Mailboxes | Role::Proxy | Role::ProxyNotEnabled => vec![consul_name(other)],
                Role::Mesh => ["svc1", "svc2"].map(server_name).into(),
            },
            peer: Service::start(own_address(2))?,
            anchor: Service::start(own_address(3))?,
            consul: FakeConsul::start()?,
        };
        lab.everybody_joins();
        lab.consul.cluster().acl = Acl::Token(TOKEN.to_owned());
        lab.write("carbonio", CARBONIO, 0o700)?;
        lab.write("zmprov", ZMPROV, 0o700)?;
        lab.write("fence", FENCE, 0o700)?;
        lab.write("switch", SWITCH, 0o700)?;
        lab.write("ask", ASK, 0o700)?;
        lab.write("peer_runs", "", 0o600)?;
        if setup.role == Role::Mesh {
            lab.build_mesh()?;
        }
        lab.write("own", own, 0o600)?;
        lab.write("accounts", &accounts(other), 0o600)?;
        lab.write("habeat.yml", &lab.config(setup), 0o600)?;
        Ok(lab)
    }

    /// Our server of the mesh, which leads it.
    fn build_mesh(&self) -> Result<()> {
        fs::create_dir_all(self.path("data/raft"))?;
        self.write("data/node-id", NODE_ID, 0o600)?;
        self.write("data/raft/raft.db", "as it was\n", 0o600)?;
        self.write("mesh-service", MESH, 0o700)?;
        self.write("mesh_led", "", 0o600)?;
        self.consul.cluster().service = Some(self.folder.clone());
        Ok(())
    }

    /// Returns a path in the lab's folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Looks at everything the scenarios speak of.
    pub(super) fn look(&self) -> Result<Seen> {
        let first_word = |line: String| line.split(' ').next().unwrap_or_default().to_owned();
        let on_peer = |line: &String| line.ends_with(&format!(" {}", self.other));
        let files = [
            "down-appserver",
            "promotion-appserver",
            "down-proxyserver",
            "promotion-proxyserver",
            "down-consulserver",
            "promotion-consulserver",
            MODULE,
        ];
        Ok(Seen {
            calls: self.lines("calls")?,
            moves: self.lines("operations")?.len(),
            moved: self.lines("moved")?.into_iter().map(first_word).collect(),
            on_peer: self
                .lines("accounts")?
                .iter()
                .filter(|line| on_peer(line))
                .count(),
            flushes: self.lines("flushed")?,
            switched: self.lines("switched")?,
            mesh: self.lines("mesh")?,
            raft: self.lines("data/raft/raft.db")?.concat(),
            contradictions: self
                .lines("habeat.log")?
                .iter()
                .filter(|line| line.contains("witnesses=contradict"))
                .count(),
            remembered: files
                .into_iter()
                .filter(|name| self.path(name).exists())
                .collect(),
        })
    }

    fn everybody_joins(&self) {
        let mut cluster = self.consul.cluster();
        cluster.leader = Leader::Known;
        for host in [self.own, self.other] {
            cluster.set(&consul_name(host), Node::ALIVE);
        }
        for server in ["svc1", "svc2", "svc3"] {
            cluster.set(&server_name(server), Node::ALIVE);
        }
    }

    /// Returns the lines of a file of the stubs; one that was never written has none.
    fn lines(&self, name: &str) -> Result<Vec<String>> {
        match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(err) => Err(err).with_context(|| format!("cannot read the lab's {name}")),
        }
    }

    /// Removes a file of the stubs, if it is there.
    fn remove(&self, name: &str) -> Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                Err(err).with_context(|| format!("cannot remove the lab's {name}"))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(mode);
        let written = options
            .open(self.path(name))
            .and_then(|mut f| f.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write the lab's {name}"))
    }
}

/// The accounts of a host, with one whose name a shell would stumble over.
fn accounts(host: &str) -> String {
    let users = (1..ACCOUNTS).map(|n| format!("user{n}@example.com {host}\n"));
    users
        .chain([format!("o'neill@example.com {host}\n")])
        .collect()
}

/// The name Carbonio's mesh gives to the agent of a host.
fn consul_name(host: &str) -> String {
    format!("agent-{}", host.replace('.', "-"))
}

/// The name that it gives to the agent of a server.
fn server_name(server: &str) -> String {
    format!("server-{server}-example-com")
}

#[cfg(test)]
mod tests;
