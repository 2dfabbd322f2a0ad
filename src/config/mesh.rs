//! The block `mesh`: how the survivor among the Consul servers gets a leader again.

use std::time::Duration;

use super::local::Local;
use super::provider::{self, Kind};
use super::reader::{Field, Section};
use super::scalar::{self, Zero, bracketed};
use super::site::Sites;
use super::source::Source;
use super::table::{CONSUL, MESH};
use super::{Consul, Mesh, action};

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

/// Looks at the form of a block that the role has no use for.
pub(super) fn tolerate(top: &Section<'_>) {
    let section = top.get("mesh").section(&MESH);
    for name in ["data_dir", "owner", "peers_file", "port", "leader_timeout"] {
        section.get(name).text();
    }
    command(&section.get("stop"), "stop");
    command(&section.get("start"), "start");
}

/// Reads the block.
pub(super) fn read(top: &Section<'_>, local: &Local<'_>, sites: &Sites, file: &Source) -> Mesh {
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
        directory: directory(top, local),
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

fn directory(top: &Section<'_>, local: &Local<'_>) -> Option<String> {
    let own = local.own.0.filter(|name| top.has(name))?;
    let field = top.get(own).block().get("directorysrv_ip");
    field.parsed(scalar::host)
}
