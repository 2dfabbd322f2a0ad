//! The keys of a proxy: its switches in `local`, and the commands in `proxy_switch` of our own site.

use crate::config::Role;
use crate::config::action;
use crate::config::reader::{Field, Section};
use crate::config::role::{Hosts, Read, Reading, RoleKeys, Shape};
use crate::config::suggest::quoted;
use crate::config::table::{BGP, SWITCH};
use crate::roles::RoleConfig;

const NAME: &str = "proxyserver";
/// The only way of moving traffic.
const WAY: &str = "bgp";

/// What a proxy runs: commands of our own site, each run as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxyserver {
    /// Move the traffic here: in order, up to the first failure.
    pub activate: Vec<Vec<String>>,
    /// Run in order afterwards; all must succeed, or the traffic does not count as moved.
    pub verify: Vec<Vec<String>>,
    /// Move it back: in order, up to the first failure.
    pub deactivate: Vec<Vec<String>>,
    /// Whether they are run when the peer returns (`local.proxy_enable_deactivate`).
    pub enable_deactivate: bool,
}

/// Its row in the table of roles.
pub(crate) const KEYS: RoleKeys<RoleConfig> = RoleKeys {
    shape: Shape {
        name: NAME,
        has_plain_files: false,
        hosts: Hosts {
            keys: ["proxy_ip", "proxyserver_vmname"],
            are_lists: false,
            of_peer: [
                "the address of the peer's proxy, to probe it",
                "the name by which Consul knows the peer's proxy",
            ],
            own_address: None,
        },
    },
    tolerate: |top| {
        top.get("local").block().get("proxy_switch").text();
        drop(Switches::read(top));
    },
    read,
};

/// What `local` says to a proxy.
struct Switches<'a> {
    /// How the traffic is moved.
    way: Field<'a>,
    /// Whether it is moved here.
    activate: bool,
    /// Whether it is moved back.
    deactivate: bool,
}

impl<'a> Switches<'a> {
    fn read(top: &Section<'a>) -> Self {
        let local = top.get("local").block();
        let enabled = |name| {
            let field = local.get(name);
            !field.is_blank() && field.boolean(false)
        };
        Self {
            way: local.get("proxy_switch"),
            activate: enabled("proxy_enable_activate"),
            deactivate: enabled("proxy_enable_deactivate"),
        }
    }
}

fn read(from: &Reading<'_>) -> Read<RoleConfig> {
    let switches = Switches::read(from.top);
    expect_known(&switches.way);
    let own = from.own.as_ref();
    let settings = own.map(|own| commands(own, &switches)).unwrap_or_default();
    let here = settings.activate.len() + settings.verify.len();
    // One more: what a killed run left behind is waited for.
    let all = u32::try_from(here.max(settings.deactivate.len()) + 1);
    let command = from.timeouts.command;
    Read {
        role: Role {
            name: NAME,
            block: None,
            // Its commands run as habeat itself.
            user: None,
            patience: command,
            width: 1,
            leader: None,
        },
        takes_over: switches.activate,
        stops_module: false,
        spans: vec![(
            "timeouts",
            "command",
            command.saturating_mul(all.unwrap_or(u32::MAX)),
        )],
        settings: RoleConfig::Proxyserver(settings),
    }
}

fn commands(own: &Section<'_>, switches: &Switches<'_>) -> Proxyserver {
    let bgp = own.get("proxy_switch").block().get(WAY);
    let bgp = bgp.block();
    let [activate, verify] = ["activate", "verify"].map(|name| bgp.get(name));
    let deactivate = deactivate(&bgp);
    let proxyserver = Proxyserver {
        activate: action::commands(&activate),
        verify: action::commands(&verify),
        deactivate: action::commands(&deactivate),
        enable_deactivate: switches.deactivate,
    };
    if switches.activate && proxyserver.activate.is_empty() {
        activate.error(
            "nothing to run, while local.proxy_enable_activate is on; write the commands that \
             move the traffic here",
        );
    } else if switches.activate && proxyserver.verify.is_empty() {
        verify.warn(
            "nothing verifies that the traffic moves here, and exit 0 of birdc is no proof; write \
             a command that succeeds only when the route is announced",
        );
    }
    if switches.deactivate && proxyserver.deactivate.is_empty() {
        deactivate.warn(
            "nothing to run, while local.proxy_enable_deactivate is on: the traffic stays here \
             when the peer is back",
        );
    }
    proxyserver
}

/// Returns the list under either of its two spellings.
fn deactivate<'a>(bgp: &Section<'a>) -> Field<'a> {
    let written = BGP.aliases.iter().find(|(name, _)| bgp.has(name));
    bgp.get(written.map_or("deactivate", |(name, _)| name))
}

fn expect_known(way: &Field<'_>) {
    match way.value() {
        Some(name) if name.eq_ignore_ascii_case(WAY) => {}
        Some(name) => way.error(format!(
            "unknown way to move traffic {}; known: {}",
            quoted(name),
            SWITCH.names().collect::<Vec<_>>().join(", ")
        )),
        None => way.error(format!(
            "missing; write {WAY}: the role proxyserver moves the traffic by the commands in \
             proxy_switch.{WAY} of our own site"
        )),
    }
}

#[cfg(test)]
mod tests;
