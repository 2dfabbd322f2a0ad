//! What the role does: which of its settings count, and what it needs of our own site.

use super::local::Local;
use super::reader::{Field, Section};
use super::site::Sites;
use super::source::Source;
use super::suggest::quoted;
use super::table::{BGP, SWITCH};
use super::{Duty, Proxyserver, Role, Takeover, action, mesh};

/// The only way of moving traffic.
const WAY: &str = "bgp";

/// Returns whether this site takes over by itself.
pub(super) fn takeover(local: &Local<'_>) -> Takeover {
    match (local.own.0, local.role) {
        (Some(name), _) if name == local.manual_site() => Takeover::Manual,
        (_, Some(Role::Proxyserver)) if !local.proxyserver.activate => Takeover::NotEnabled,
        (_, Some(Role::Appserver | Role::Proxyserver | Role::Consulserver) | None) => {
            Takeover::Automatic
        }
    }
}

/// Whether the manual site stops its HA module.
pub(super) fn stops_module(duty: &Duty) -> bool {
    match duty {
        Duty::Appserver(appserver) => appserver.disable_ha_module,
        Duty::Proxyserver(_) | Duty::Consulserver(_) => false,
    }
}

/// Reads what the role does.
pub(super) fn read(top: &Section<'_>, local: &Local<'_>, sites: &Sites, file: &Source) -> Duty {
    mesh::tolerate(top);
    match local.role {
        Some(Role::Appserver) | None => Duty::Appserver(local.appserver.clone()),
        Some(Role::Proxyserver) => Duty::Proxyserver(proxyserver(top, local)),
        Some(Role::Consulserver) => {
            Duty::Consulserver(Box::new(mesh::read(top, local, sites, file)))
        }
    }
}

fn proxyserver(top: &Section<'_>, local: &Local<'_>) -> Proxyserver {
    let switches = &local.proxyserver;
    expect_known(&switches.way);
    // A site that cannot be found is told of where the sites are read.
    let Some(own) = local.own.0.filter(|name| top.has(name)) else {
        return Proxyserver::default();
    };
    let bgp = top.get(own).block().get("proxy_switch").block().get(WAY);
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
