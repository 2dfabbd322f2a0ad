//! The blocks of the two sites, named by `local.whoami` and `local.dc_check`.

use super::local::Local;
use super::reader::{Field, Section};
use super::role::{Hosts, Shape};
use super::scalar::host;
use super::suggest::{nearest, quoted};
use super::table::{Block as Keys, Form, SITE, TOP, blocks};
use super::{MANUAL_SITE, Site};

/// The two sites, as far as the role needs them.
pub(crate) struct Sites {
    pub(crate) own: Placed,
    pub(crate) peer: Placed,
}

/// A site, and where its hosts are found.
pub(crate) struct Placed {
    pub(crate) site: Site,
    /// The addresses of the role's hosts, as far as they are given.
    pub(crate) addresses: Vec<String>,
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
/// `role`: whose hosts are meant. `has_targets`: whether the peer's address is not needed for
/// probing.
pub(super) fn read(top: &Section<'_>, local: &Local<'_>, role: &Shape, has_targets: bool) -> Sites {
    let named: Vec<_> = [local.own.0, local.peer.0].into_iter().flatten().collect();
    let others = other_sites(top, &named);
    let hosts = &role.hosts;
    let own = block(top, &local.own, hosts, &others);
    let peer = block(top, &local.peer, hosts, &others);
    if own.is_some() && peer.is_some() {
        for name in &others {
            let message = "a site that neither local.whoami nor local.dc_check names; remove it";
            top.get(name).error(message);
        }
    }
    top.expect_only(&TOP, &[named.as_slice(), &others].concat());
    if let (Some(peer), Some(_)) = (&peer, local.role) {
        let [addresses, names] = hosts.of_peer;
        if !has_targets || hosts.own_address.is_some() {
            need(&peer.addresses, addresses);
        }
        need(&peer.hosts, names);
    }
    if let (Some(own), Some(_)) = (&own, local.role) {
        let what = "the name of this node in Consul: by it Consul proves that it sees at all";
        need(&own.hosts, what);
        if let Some(what) = hosts.own_address {
            need(&own.addresses, what);
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
    hosts: &Hosts,
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
    tolerate(&section, &SITE);
    let one = |name| (section.get(name), vec![section.get(name)]);
    let several = |name| (section.get(name), section.get(name).items());
    let [addresses, hosts] = (hosts.keys).map(|name| match hosts.are_lists {
        true => several(name),
        false => one(name),
    });
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
    let of = |form: Form| SITE.keys.iter().filter(move |key| key.form == form);
    let ones = of(Form::Host).map(|key| section.get(key.name));
    let lists = of(Form::Hosts).flat_map(|key| section.get(key.name).items());
    let fields = ones.chain(lists);
    let given: Vec<_> = fields.filter_map(|field| field.value()).collect();
    (given.into_iter())
        .filter(|host| !["127.0.0.1", "::1", "localhost"].contains(host))
        .map(str::to_owned)
        .collect()
}

/// Looks at the keys of every role: their form must be right, what those of other roles hold is
/// nobody's business here.
fn tolerate(section: &Section<'_>, keys: &Keys) {
    let aliases = keys.aliases.iter();
    let aliases = aliases.filter_map(|(alias, meant)| Some((*alias, keys.key(meant)?)));
    let all = keys.keys.iter().map(|key| (key.name, key)).chain(aliases);
    for (name, key) in all {
        let field = section.get(name);
        if key.form == Form::Block {
            let path = keys.dotted(key.name);
            if let Some(inner) = blocks().into_iter().find(|it| it.path == path) {
                tolerate(&field.section(inner), inner);
            }
        } else if key.form == Form::Commands {
            field.items();
        } else if key.form == Form::Hosts {
            for item in field.items() {
                item.text();
            }
        } else {
            field.text();
        }
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
