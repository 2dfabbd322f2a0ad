//! The document that tells Consul who its servers are now: an array, addresses with the Raft port,
//! real booleans (`ReadConfigJSON` in hashicorp/raft, `peersjson.go`).

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ground, raft};
use crate::base::resolve::resolve;
use crate::roles::consulserver::Mesh;

/// A handful of servers of some 120 bytes each.
const FILE_MAX: u64 = 64 * 1024;
/// For the name of our own address, where it is a name.
const RESOLVING: Duration = Duration::from_secs(5);

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Server {
    id: String,
    address: String,
    #[serde(default)]
    non_voter: bool,
}

/// Returns the document: the one that the admin prepared, or one with this node alone.
pub(super) fn document(mesh: &Mesh, id: &str) -> Result<String, String> {
    let servers = match read(mesh)? {
        Some(servers) => {
            expect_own(mesh, &servers, id)?;
            servers
        }
        None => vec![alone(mesh, id)?],
    };
    serde_json::to_string(&servers).map_err(|error| error.to_string())
}

fn expect_own(mesh: &Mesh, servers: &[Server], id: &str) -> Result<(), String> {
    if servers.iter().any(|it| it.id == id && !it.non_voter) {
        return Ok(());
    }
    let file = mesh.peers_file.display();
    Err(format!(
        "{file} has no voter with the id of this node, {id}"
    ))
}

/// Says what is wrong with the file that the admin prepared, if there is one: Consul would not
/// start with it, or have no leader.
///
/// # Errors
/// That.
pub fn look_at_prepared(mesh: &Mesh) -> Result<(), String> {
    let servers = read(mesh)?;
    // A node id that cannot be read is told of where the data folder is looked at.
    match (servers, ground::node_id(mesh)) {
        (Some(servers), Ok(id)) => expect_own(mesh, &servers, &id),
        (Some(_) | None, _) => Ok(()),
    }
}

/// Reads the file that the admin prepared; `None` when there is none.
fn read(mesh: &Mesh) -> Result<Option<Vec<Server>>, String> {
    let path = &mesh.peers_file;
    if raft::is_absent(path) {
        return Ok(None);
    }
    let text = ground::read(path, FILE_MAX)?;
    let file = path.display();
    let servers: Vec<Server> = serde_json::from_str(&text).map_err(|error| {
        format!(
            "{file} is not what Consul reads ({error}): an array of {{\"id\": …, \"address\": \
             \"IP:{}\", \"non_voter\": false}}, false without quotes; mend it, or remove it and \
             habeat writes its own",
            mesh.port
        )
    })?;
    for server in &servers {
        match server.address.parse::<SocketAddr>() {
            Ok(address) if is_peer(mesh, address.ip()) => {
                return Err(format!(
                    "{file} names {}, a server of the peer's site: the lost ones are left out, or \
                     there is no leader without them",
                    server.address
                ));
            }
            Ok(address) if address.port() == mesh.port && !address.ip().is_unspecified() => {}
            Ok(_) | Err(_) => {
                return Err(format!(
                    "{file}: the address of {} is {:?}, and must be IP:{}",
                    server.id, server.address, mesh.port
                ));
            }
        }
        let twins = servers
            .iter()
            .filter(|it| it.id == server.id || it.address == server.address);
        if twins.count() > 1 {
            return Err(format!(
                "{file}: {} or its address is given twice",
                server.id
            ));
        }
    }
    Ok(Some(servers))
}

fn is_peer(mesh: &Mesh, address: IpAddr) -> bool {
    let literals = mesh.peer_addresses.iter().map(|host| host.parse());
    literals.into_iter().any(|peer| peer == Ok(address))
}

fn alone(mesh: &Mesh, id: &str) -> Result<Server, String> {
    if let [_, _, ..] = mesh.addresses.as_slice() {
        return Err(format!(
            "consul_ips of our site names {} servers, which all need the same peers.json at the \
             same time; write it to {} on each of them",
            mesh.addresses.len(),
            mesh.peers_file.display()
        ));
    }
    let host = mesh.addresses.first().map_or("", String::as_str);
    let address =
        advertised(host).map_err(|why| format!("consul_ips of our site, {host}: {why}"))?;
    Ok(Server {
        id: id.to_owned(),
        address: SocketAddr::new(address, mesh.port).to_string(),
        non_voter: false,
    })
}

/// Returns the address that Consul shows for this node: one of its own, where the name has several.
/// One that is not its own is right where Consul advertises it (`advertise_addr`, behind NAT).
fn advertised(host: &str) -> Result<IpAddr, String> {
    let addresses = resolve(host, 0, RESOLVING)?;
    let addresses: Vec<IpAddr> = addresses.into_iter().map(|it| it.ip()).collect();
    // The kernel lets nobody listen on an address of another node.
    let is_own = |it: &&IpAddr| !it.is_unspecified() && TcpListener::bind((**it, 0)).is_ok();
    match (addresses.iter().find(is_own), addresses.first()) {
        (Some(own), _) => Ok(*own),
        (None, Some(other)) if !other.is_unspecified() => {
            log::warn!(
                "address={other} cause=\"no address of this node; right only if Consul advertises it\""
            );
            Ok(*other)
        }
        (None, _) => Err("is no address of a node".into()),
    }
}
