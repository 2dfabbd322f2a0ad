//! The blocks of the two sites, named by `local.whoami` and `local.dc_check`.

use super::keys::{self, BGP, SITE, SWITCH};
use super::local::Local;
use super::reader::{Field, Section};
use super::scalar::host;
use super::suggest::{nearest, quoted};
use super::{Role, Site};

/// The two sites, as far as the role needs them.
pub(super) struct Sites {
    pub(super) own: Site,
    pub(super) peer: Site,
    /// The address of the peer's host, where there is one.
    pub(super) peer_address: Option<String>,
    /// The address of our own host, where there is one.
    pub(super) own_address: Option<String>,
}

/// What of a site is read.
struct Block<'a> {
    address: Field<'a>,
    host: Field<'a>,
}

/// Reads both blocks; notes every top-level key that is neither one of them nor known.
///
/// `has_targets`: whether the peer's address is not needed for probing.
pub(super) fn read(top: &Section<'_>, local: &Local<'_>, has_targets: bool) -> Sites {
    let named: Vec<_> = [local.own.0, local.peer.0].into_iter().flatten().collect();
    let others = other_sites(top, &named);
    let role = local.role.unwrap_or(Role::Appserver);
    let own = block(top, &local.own, role, &others);
    let peer = block(top, &local.peer, role, &others);
    if own.is_some() && peer.is_some() {
        for name in &others {
            let message = "a site that neither local.whoami nor local.dc_check names; remove it";
            top.get(name).error(message);
        }
    }
    top.expect_only(&keys::TOP, &[named, others].concat());
    if let (Some(peer), Some(role)) = (&peer, local.role) {
        let (server, known_to) = match role {
            Role::Appserver => ("mailbox server", "Carbonio and Consul know"),
            Role::Proxyserver => ("proxy", "Consul knows"),
        };
        if !has_targets {
            let what = format!("the address of the peer's {server}, to probe it");
            need(&peer.address, &what);
        }
        let what = format!("the name by which {known_to} the peer's {server}");
        need(&peer.host, &what);
    }
    if let (Some(own), Some(_)) = (&own, local.role) {
        let what = "the name of this node in Consul: by it Consul proves that it sees at all";
        need(&own.host, what);
    }
    if let (Some(own), Some(peer)) = (&own, &peer) {
        expect_different(own, peer);
    }
    let site = |name: Option<&str>, block: &Option<Block<'_>>| Site {
        name: name.unwrap_or_default().to_owned(),
        host: text_of(block, |it| &it.host).unwrap_or_default(),
    };
    Sites {
        own: site(local.own.0, &own),
        peer: site(local.peer.0, &peer),
        peer_address: text_of(&peer, |it| &it.address),
        own_address: text_of(&own, |it| &it.address),
    }
}

fn text_of<'b, 'a>(
    block: &'b Option<Block<'a>>,
    pick: impl FnOnce(&'b Block<'a>) -> &'b Field<'a>,
) -> Option<String> {
    pick(block.as_ref()?).value().map(str::to_owned)
}

fn need(field: &Field<'_>, what: &str) {
    if field.is_blank() {
        field.error(match field.text() {
            Some(text) => format!("{} is a leftover; write {what}", quoted(text)),
            None => format!("missing; write {what}"),
        });
    }
}

/// Returns the blocks that hold a site but are not named as one.
fn other_sites<'a>(top: &Section<'a>, named: &[&str]) -> Vec<&'a str> {
    let holds_site = |name: &str| {
        let field = top.get(name);
        field.is_block() && field.block().names().any(|it| SITE.names.contains(&it))
    };
    top.names()
        .filter(|it| !keys::TOP.names.contains(it) && !named.contains(it))
        .filter(|it| holds_site(it))
        .collect()
}

/// Reads one site's block. `others`: those that may have been meant when it is missing.
fn block<'a>(
    top: &Section<'a>,
    (name, field): &(Option<&'a str>, Field<'a>),
    role: Role,
    others: &[&str],
) -> Option<Block<'a>> {
    let name = (*name)?;
    if !top.has(name) {
        let hint = match (nearest(name, others.iter().copied()), others) {
            (Some(meant), _) => format!("did you mean {meant:?}?"),
            (None, []) => "add it, as habeat.yml(5) shows".to_owned(),
            (None, _) => format!("the sites here: {}", others.join(", ")),
        };
        field.error(format!("there is no block {}; {hint}", quoted(name)));
        return None;
    }
    let section = top.get(name).section(&SITE);
    tolerate_other_roles(&section);
    let (address, host_name) = match role {
        Role::Appserver => ("appserver_ip", "appserver_vmname"),
        Role::Proxyserver => ("proxy_ip", "proxyserver_vmname"),
    };
    let block = Block {
        address: section.get(address),
        host: section.get(host_name),
    };
    // Only to note what cannot be a host.
    block.address.parsed(host);
    block.host.parsed(host);
    Some(block)
}

/// Looks at the keys of other roles: their form must be right, what they hold is nobody's
/// business here.
fn tolerate_other_roles(section: &Section<'_>) {
    for name in [
        "proxy_ip",
        "appserver_ip",
        "directorysrv_ip",
        "proxyserver_vmname",
        "appserver_vmname",
    ] {
        section.get(name).text();
    }
    for name in ["consul_ips", "consul_vmnames"] {
        for item in section.get(name).items() {
            item.text();
        }
    }
    let bgp = section
        .get("proxy_switch")
        .section(&SWITCH)
        .get("bgp")
        .section(&BGP);
    for name in ["activate", "deactivate", "deativate", "verify"] {
        bgp.get(name).items();
    }
}

fn expect_different(own: &Block<'_>, peer: &Block<'_>) {
    let same = |a: &Field<'_>, b: &Field<'_>| {
        let (a, b) = (a.value(), b.value());
        a.zip(b).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let one_address = same(&own.address, &peer.address);
    let one_host = same(&own.host, &peer.host);
    if one_address {
        peer.address.error(format!(
            "is the same as {}; we would probe ourselves",
            own.address.key
        ));
    }
    if one_host {
        let message = format!(
            "is the same as {}: Consul knows one node by that name, ours, so it can never \
             testify that the peer is down; write the peer's name in Consul",
            own.host.key
        );
        peer.host.warn(message);
    }
}
