//! The block `mesh`: how the survivor among the Consul servers gets a leader again.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::provider::{self, Kind};
use crate::config::reader::{Field, Section};
use crate::config::role::{Hosts, Read, Reading, RoleKeys, Shape};
use crate::config::scalar::{self, Zero, bracketed, is_loopback};
use crate::config::table::{CONSUL, MESH};
use crate::config::target::authority;
use crate::config::{Consul, LeaderSource, Role, action};
use crate::roles::RoleConfig;

const NAME: &str = "consulserver";
/// Commands of a recovery, at the most: three questions, stop, backup and start; stop and start
/// again, to undo it; and what a killed run left behind.
const COMMANDS: u32 = 9;

/// Where Carbonio keeps its mesh, and how it is stopped and started (its package
/// `service-discover-server`).
const DATA_DIR: &str = "/var/lib/service-discover/data";
const OWNER: &str = "service-discover";
const UNIT: &str = "service-discover";
/// Where the ancestor's users prepared one.
const PEERS_FILE: &str = "/etc/hamon/peers.json";
/// Consul's port for Raft
/// (<https://developer.hashicorp.com/consul/docs/reference/architecture/ports>).
const PORT: u16 = 8300;
const LEADER_TIMEOUT: Duration = Duration::from_secs(120);

/// The Consul servers of our own site, and how the survivor among them gets a leader again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// Consul's data folder: `node-id` and `raft` lie in it.
    pub data_dir: PathBuf,
    /// Whose `peers.json` must be, to be read and removed by the service; `None` = habeat's own.
    pub owner: Option<String>,
    /// A `peers.json` that the admin prepared; used instead of one of our own, if it is there.
    pub peers_file: PathBuf,
    /// The port that the servers speak Raft on.
    pub port: u16,
    /// Stops the service, and returns when it is stopped.
    pub stop: Vec<String>,
    /// Starts it, and returns.
    pub start: Vec<String>,
    /// How long the service may take to have a leader.
    pub leader_timeout: Duration,
    /// The addresses of our own site's servers (`consul_ips`).
    pub addresses: Vec<String>,
    /// The addresses of the peer's servers (`consul_ips`), which a recovery leaves out.
    pub peer_addresses: Vec<String>,
    /// The directory server of our own site, without which the service does not start
    /// (`directorysrv_ip`).
    pub directory: Option<String>,
    /// The agent of this node.
    pub agent: Consul,
    /// Deadline of a question to an agent.
    pub timeout: Duration,
    /// The agents of the peer's servers, should they be reachable.
    pub peer_agents: Vec<Consul>,
}

/// Its row in the table of roles.
pub(crate) const KEYS: RoleKeys<RoleConfig> = RoleKeys {
    shape: Shape {
        name: NAME,
        has_plain_files: false,
        hosts: Hosts {
            keys: ["consul_ips", "consul_vmnames"],
            are_lists: true,
            of_peer: [
                "a list of the addresses of the peer's mesh servers, to probe them",
                "a list of the names by which Consul knows the peer's mesh servers",
            ],
            own_address: Some("a list with the address of this node"),
        },
    },
    tolerate,
    read,
};

fn tolerate(top: &Section<'_>) {
    let section = top.get("mesh").section(&MESH);
    for name in ["data_dir", "owner", "peers_file", "port", "leader_timeout"] {
        section.get(name).text();
    }
    command(&section.get("stop"), "stop");
    command(&section.get("start"), "start");
}

fn read(from: &Reading<'_>) -> Read<RoleConfig> {
    let mesh = mesh(from);
    expect_own_agent(&mesh, from);
    let command = from.timeouts.command;
    Read {
        role: Role {
            name: NAME,
            block: Some("mesh"),
            user: mesh.owner.clone(),
            patience: command,
            width: 1,
            leader: Some(LeaderSource {
                agent: mesh.agent.clone(),
                timeout: mesh.timeout,
            }),
        },
        takes_over: true,
        stops_module: false,
        spans: vec![
            ("timeouts", "command", command.saturating_mul(COMMANDS)),
            ("mesh", "leader_timeout", mesh.leader_timeout),
        ],
        settings: RoleConfig::Consulserver(Box::new(mesh)),
    }
}

/// A recovery learns from the agent whether the service that it stops and starts runs, and leads.
fn expect_own_agent(mesh: &Mesh, from: &Reading<'_>) {
    let own = [&from.sites.own.addresses[..], &from.sites.own.site.hosts].concat();
    let host = authority(&mesh.agent.base_url);
    if !is_loopback(host) && !own.iter().any(|it| it.eq_ignore_ascii_case(host)) {
        from.top.get("consul").block().get("hostname").warn(format!(
            "{host} is not this node, by what the site's own block says: this role must ask the \
             agent of the server that it stops and starts, or it cannot tell whether that runs"
        ));
    }
}

fn mesh(from: &Reading<'_>) -> Mesh {
    let (top, sites, file) = (from.top, from.sites, from.file);
    let section = top.get("mesh").section(&MESH);
    let consul = top.get("consul").section(&CONSUL);
    let agent = provider::consul(&consul, file);
    let peers = sites.peer.addresses.iter();
    Mesh {
        data_dir: section.get("data_dir").path(DATA_DIR),
        owner: owner(&section),
        peers_file: section.get("peers_file").path(PEERS_FILE),
        port: section.get("port").number(PORT, 1, None),
        stop: command(&section.get("stop"), "stop"),
        start: command(&section.get("start"), "start"),
        leader_timeout: (section.get("leader_timeout")).duration(LEADER_TIMEOUT, Zero::Refused),
        addresses: sites.own.addresses.clone(),
        peer_addresses: sites.peer.addresses.clone(),
        directory: (from.own.as_ref())
            .and_then(|own| own.get("directorysrv_ip").parsed(scalar::host)),
        peer_agents: peers.map(|host| elsewhere(&agent, host)).collect(),
        agent,
        timeout: provider::timeout(Kind::Consul, &consul),
    }
}

/// The agent on another host, asked in the same way; who leads is told without a token.
fn elsewhere(agent: &Consul, host: &str) -> Consul {
    let (scheme, rest) = (agent.base_url.split_once("://")).unwrap_or(("http", &agent.base_url));
    let port = rest.rsplit_once(':').map_or("8500", |(_, port)| port);
    Consul {
        base_url: format!("{scheme}://{}:{port}", bracketed(host)),
        token: None,
        ..agent.clone()
    }
}

fn owner(section: &Section<'_>) -> Option<String> {
    if !section.has("owner") {
        return Some(OWNER.to_owned());
    }
    let field = section.get("owner");
    let name = scalar::name(field.text()?);
    name.map_err(|message| field.error(message)).ok()
}

fn command(field: &Field<'_>, verb: &str) -> Vec<String> {
    let default = || ["systemctl", verb, UNIT].map(str::to_owned).to_vec();
    if field.is_blank() {
        return default();
    }
    action::command(field).unwrap_or_else(default)
}

#[cfg(test)]
mod tests;
