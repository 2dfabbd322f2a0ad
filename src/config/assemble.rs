//! Puts the parts together, in the order in which they need each other.

use std::time::Duration;

use super::reader::Field;
use super::scalar::Zero;
use super::source::Source;
use super::table::PROBE;
use super::{Config, Fence, Policy, Probe, Target};
use super::{action, duty, local, rules, site, target, witness};

/// The folder that the shipped units make (`StateDirectory=habeat`).
const STATE_DIR: &str = "/var/lib/habeat";

/// Reads the whole file. When errors were noted, the result is not to be used.
pub(super) fn read(root: &Field<'_>, file: &Source) -> Config {
    if let Some(why) = &file.exposed {
        root.error(format!(
            "{why}; what this file says is run: give it and the folders above it to root, and \
             chmod 600 it"
        ));
    }
    let top = root.block();
    let local = local::read(&top.get("local"), top.get("state_dir").path(STATE_DIR));
    let mut probe = probe(&top.get("probe"));
    let sites = site::read(&top, &local, !probe.targets.is_empty());
    if probe.targets.is_empty() {
        let hosts = sites.peer.addresses.iter().cloned();
        probe.targets = hosts.map(|host| Target::Icmp { host }).collect();
    }
    probe.ours.clone_from(&sites.own.all);
    let duty = duty::read(&top, &local, &sites, file);
    let witnesses = witness::read(&top, &local, &sites, file);
    let quorum = witness::quorum(&top.get("quorum"), &witnesses);
    let fence = top.get("fence");
    let fencing = fence.block().get("provider");
    let vcenter = witness::fencing_vcenter(&fencing, &top, &witnesses, file);
    let timeouts = action::timeouts(&top.get("timeouts"));
    let config = Config {
        policy: Policy {
            quorum,
            takeover: duty::takeover(&local),
            stop_module: duty::stops_module(&duty),
            ..action::policy(&top.get("policy"))
        },
        duty,
        own: sites.own.site.clone(),
        peer: sites.peer.site.clone(),
        files: local.files,
        probe,
        anchors: target::list(&top.get("anchors")),
        witnesses,
        carbonio: action::carbonio(&top.get("carbonio")),
        fence: Fence {
            vcenter: vcenter.map(|vcenter| (vcenter, timeouts.command)),
            ..action::fence(&fence)
        },
        timeouts,
        history: action::history(&top.get("history"), local.role),
    };
    rules::apply(&config, &sites, &top);
    config
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
