//! Puts the parts together, in the order in which they need each other.

use std::time::Duration;

use super::local::Local;
use super::reader::Field;
use super::role::{Reading, RoleKeys};
use super::scalar::Zero;
use super::site::Sites;
use super::source::Source;
use super::table::PROBE;
use super::{Config, Fence, Policy, Probe, Takeover, Target};
use super::{action, local, rules, site, target, witness};

/// The folder that the shipped units make (`StateDirectory=habeat`).
const STATE_DIR: &str = "/var/lib/habeat";

/// Reads the whole file. When errors were noted, the result is not to be used.
pub(super) fn read<R>(
    root: &Field<'_>,
    file: &Source,
    roles: &'static [RoleKeys<R>],
) -> (Config, R) {
    if let Some(why) = &file.exposed {
        root.error(format!(
            "{why}; what this file says is run: give it and the folders above it to root, and \
             chmod 600 it"
        ));
    }
    let top = root.block();
    let shapes: Vec<_> = roles.iter().map(|role| &role.shape).collect();
    let state_dir = top.get("state_dir").path(STATE_DIR);
    let local = local::read(&top.get("local"), state_dir, &shapes);
    for role in roles {
        (role.tolerate)(&top);
    }
    let is_meant = |role: &&RoleKeys<R>| local.role.is_some_and(|it| it.name == role.shape.name);
    let role = roles.iter().find(is_meant).unwrap_or(&roles[0]);
    let probe = probe(&top.get("probe"));
    let sites = site::read(&top, &local, &role.shape, !probe.targets.is_empty());
    let probe = with_sites(probe, &sites);
    let timeouts = action::timeouts(&top.get("timeouts"));
    let carbonio = action::carbonio(&top.get("carbonio"));
    let own = local.own.0.filter(|name| top.has(name));
    let read = (role.read)(&Reading {
        top: &top,
        own: own.map(|name| top.get(name).block()),
        sites: &sites,
        file,
        carbonio: &carbonio,
        timeouts: &timeouts,
    });
    let witnesses = witness::read(&top, &local, &sites, file);
    let quorum = witness::quorum(&top.get("quorum"), &witnesses);
    let fence = top.get("fence");
    let fencing = fence.block().get("provider");
    let vcenter = witness::fencing_vcenter(&fencing, &top, &witnesses, file);
    let config = Config {
        policy: Policy {
            quorum,
            takeover: takeover(&local, read.takes_over),
            stop_module: read.stops_module,
            ..action::policy(&top.get("policy"))
        },
        role: read.role,
        own: sites.own.site.clone(),
        peer: sites.peer.site.clone(),
        files: local.files,
        probe,
        anchors: target::list(&top.get("anchors")),
        witnesses,
        carbonio,
        fence: Fence {
            vcenter: vcenter.map(|vcenter| (vcenter, timeouts.command)),
            ..action::fence(&fence)
        },
        timeouts,
        history: action::history(&top.get("history"), &role.shape),
    };
    rules::apply(&config, read.spans, &sites, &top);
    (config, read.settings)
}

/// Returns whether this site takes over by itself.
fn takeover(local: &Local<'_>, takes_over: bool) -> Takeover {
    match (local.own.0, takes_over) {
        (Some(name), _) if name == local.manual_site() => Takeover::Manual,
        (_, true) => Takeover::Automatic,
        (_, false) => Takeover::NotEnabled,
    }
}

fn with_sites(mut probe: Probe, sites: &Sites) -> Probe {
    if probe.targets.is_empty() {
        let hosts = sites.peer.addresses.iter().cloned();
        probe.targets = hosts.map(|host| Target::Icmp { host }).collect();
    }
    probe.ours.clone_from(&sites.own.all);
    probe
}

fn probe(field: &Field<'_>) -> Probe {
    let section = field.section(&PROBE);
    let second = Duration::from_secs(1);
    Probe {
        targets: target::list(&section.get("targets")),
        attempts: section.get("attempts").number(3, 1, None),
        interval: section.get("interval").duration(second, Zero::Allowed),
        timeout: section.get("timeout").duration(2 * second, Zero::Refused),
        ours: Vec::new(),
    }
}
