//! The blocks of the two sites, named by `local.whoami` and `local.dc_check`.

use super::local::Local;
use super::reader::{Field, Section};
use super::scalar::host;
use super::suggest::{nearest, quoted};
use super::table::{BGP, SITE, SWITCH, TOP};
use super::{MANUAL_SITE, Role, Site};

/// The keys of a block that name one host.
const ONE_HOST: [&str; 5] = [
    "proxy_ip",
    "appserver_ip",
    "directorysrv_ip",
    "proxyserver_vmname",
    "appserver_vmname",
];
/// Those that name several.
const HOSTS: [&str; 2] = ["consul_ips", "consul_vmnames"];

/// The two sites, as far as the role needs them.
pub(super) struct Sites {
    pub(super) own: Placed,
    pub(super) peer: Placed,
}

/// A site, and where its hosts are found.
pub(super) struct Placed {
    pub(super) site: Site,
    /// The addresses of the role's hosts, as far as they are given.
    pub(super) addresses: Vec<String>,
    /// Every host and address in the block, whatever the role; but for those of loopback itself,
    /// which name no site.
    pub(super) all: Vec<String>,
}

/// What of a site is read. The first field of each is the key itself, the others are its values.
struct Block<'a> {
    all: Vec<String>,
    addresses: (Field<'a>, Vec<Field<'a>>),
    hosts: (Field<'a>, Vec<Field<'a>>),
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
    top.expect_only(&TOP, &[named.as_slice(), &others].concat());
    if let (Some(peer), Some(role)) = (&peer, local.role) {
        let (addresses, hosts) = match role {
            Role::Appserver => (
                "the address of the peer's mailbox server, to probe it",
                "the name by which Carbonio and Consul know the peer's mailbox server",
            ),
            Role::Proxyserver => (
                "the address of the peer's proxy, to probe it",
                "the name by which Consul knows the peer's proxy",
            ),
            Role::Consulserver => (
                "a list of the addresses of the peer's mesh servers, to probe them",
                "a list of the names by which Consul knows the peer's mesh servers",
            ),
        };
        if !has_targets || role == Role::Consulserver {
            need(&peer.addresses, addresses);
        }
        need(&peer.hosts, hosts);
    }
    if let (Some(own), Some(role)) = (&own, local.role) {
        let what = "the name of this node in Consul: by it Consul proves that it sees at all";
        need(&own.hosts, what);
        match role {
            Role::Consulserver => need(&own.addresses, "a list with the address of this node"),
            Role::Appserver | Role::Proxyserver => {}
        }
    }
    if let (Some(own), Some(peer)) = (&own, &peer) {
        expect_manual(local, &named);
        expect_different(own, peer);
    }
    Sites {
        own: placed(local.own.0, own.as_ref()),
        peer: placed(local.peer.0, peer.as_ref()),
    }
}

/// Where no site is the manual one, a cut line makes each take over the other.
fn expect_manual(local: &Local<'_>, sites: &[&str]) {
    if sites.contains(&local.manual_site()) {
        return;
    }
    let names: Vec<_> = sites.iter().map(|name| quoted(name)).collect();
    let why = "so that each would take over the other";
    local.manual.error(match local.manual.value() {
        Some(name) => format!(
            "{} is neither of the two sites, {why}; write {}",
            quoted(name),
            names.join(" or ")
        ),
        None => format!(
            "missing; neither {} is called {MANUAL_SITE:?}, {why}; write the name of the one that \
             never does so by itself",
            names.join(" nor ")
        ),
    });
}

fn placed(name: Option<&str>, block: Option<&Block<'_>>) -> Placed {
    let texts = |(_, values): &(Field<'_>, Vec<Field<'_>>)| {
        let given = values.iter().filter_map(Field::value);
        given.map(str::to_owned).collect()
    };
    Placed {
        site: Site {
            name: name.unwrap_or_default().to_owned(),
            hosts: block.map(|block| texts(&block.hosts)).unwrap_or_default(),
        },
        addresses: (block.map(|block| texts(&block.addresses))).unwrap_or_default(),
        all: block.map(|block| block.all.clone()).unwrap_or_default(),
    }
}

fn need((key, values): &(Field<'_>, Vec<Field<'_>>), what: &str) {
    if values.is_empty() {
        key.error(format!("missing; write {what}"));
    }
    for field in values.iter().filter(|field| field.is_blank()) {
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
        field.is_block() && field.block().names().any(|it| SITE.has(it))
    };
    top.names()
        .filter(|it| !TOP.has(it) && !named.contains(it))
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
    let one = |name| (section.get(name), vec![section.get(name)]);
    let several = |name| (section.get(name), section.get(name).items());
    let (addresses, hosts) = match role {
        Role::Appserver => (one("appserver_ip"), one("appserver_vmname")),
        Role::Proxyserver => (one("proxy_ip"), one("proxyserver_vmname")),
        Role::Consulserver => (several("consul_ips"), several("consul_vmnames")),
    };
    // Only to note what cannot be a host.
    for field in addresses.1.iter().chain(&hosts.1) {
        field.parsed(host);
    }
    let all = all_hosts(&section);
    Some(Block {
        all,
        addresses,
        hosts,
    })
}

fn all_hosts(section: &Section<'_>) -> Vec<String> {
    let ones = ONE_HOST.map(|name| vec![section.get(name)]);
    let lists = HOSTS.map(|name| section.get(name).items());
    let fields = ones.iter().chain(&lists).flatten();
    let given = fields.filter_map(Field::value);
    given
        .filter(|host| !["127.0.0.1", "::1", "localhost"].contains(host))
        .map(str::to_owned)
        .collect()
}

/// Looks at the keys of other roles: their form must be right, what they hold is nobody's
/// business here.
fn tolerate_other_roles(section: &Section<'_>) {
    for name in ONE_HOST {
        section.get(name).text();
    }
    for name in HOSTS {
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
    for (peer, own) in shared(&own.addresses.1, &peer.addresses.1) {
        peer.error(format!(
            "is the same as {}; we would probe ourselves",
            own.key
        ));
    }
    for (peer, own) in shared(&own.hosts.1, &peer.hosts.1) {
        peer.warn(format!(
            "is the same as {}: Consul knows one node by that name, ours, so it can never \
             testify that the peer is down; write the peer's name in Consul",
            own.key
        ));
    }
}

/// Returns the fields of the peer that say what a field of ours says, with that one.
fn shared<'b, 'a>(
    own: &'b [Field<'a>],
    peer: &'b [Field<'a>],
) -> impl Iterator<Item = (&'b Field<'a>, &'b Field<'a>)> {
    let same = |a: &Field<'_>, b: &Field<'_>| {
        let (a, b) = (a.value(), b.value());
        a.zip(b).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    peer.iter().filter_map(move |peer| {
        let twin = own.iter().find(|own| same(own, peer));
        twin.map(|own| (peer, own))
    })
}
