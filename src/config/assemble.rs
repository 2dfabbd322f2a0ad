//! Puts the parts together, in the order in which they need each other.

use std::time::Duration;

use super::keys::{MESH, METRICS, PROBE};
use super::reader::{Field, Section};
use super::scalar::Zero;
use super::source::Source;
use super::{Config, Probe, Role, Target};
use super::{action, local, provider, rules, site, target};

/// Reads the whole file. When errors were noted, the result is not to be used.
pub(super) fn read(root: &Field<'_>, file: &Source) -> Config {
    if file.is_writable_by_all() {
        root.warn(format!(
            "everyone on this machine can write this file (mode {:o}), and what it says is run; \
             chmod 600 it",
            file.mode
        ));
    }
    let top = root.block();
    let local = local::read(&top.get("local"));
    let mut probe = probe(&top.get("probe"));
    let sites = site::read(&top, &local, !probe.targets.is_empty());
    if let (true, Some(host)) = (probe.targets.is_empty(), &sites.peer_address) {
        let host = host.clone();
        probe.targets.push(Target::Icmp { host });
    }
    let stop_module = local.appserver.disable_ha_module;
    let config = Config {
        role: local.role.unwrap_or(Role::Appserver),
        policy: action::policy(&top.get("policy"), &sites.own.name, stop_module),
        own: sites.own.clone(),
        peer: sites.peer.clone(),
        files: local.files,
        appserver: local.appserver,
        probe,
        anchors: target::list(&top.get("anchors")),
        witnesses: provider::read(&top, file),
        carbonio: action::carbonio(&top.get("carbonio")),
        timeouts: action::timeouts(&top.get("timeouts")),
        fence: action::fence(&top.get("fence")),
        history: action::history(&top.get("history")),
    };
    expect_one_witness(&top);
    warn_of_unsupported(&top);
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
    }
}

fn expect_one_witness(top: &Section<'_>) {
    let witnesses = top.get("witnesses");
    if !witnesses.is_blank() {
        witnesses.error(
            "several witnesses are not in this version yet; leave it empty, and the one of \
             local.provider is asked",
        );
    }
    let quorum = top.get("quorum");
    quorum.literal(|text| match text.to_ascii_lowercase().as_str() {
        "all" | "majority" | "1" => Ok(()),
        number if number.parse::<u32>().is_ok_and(|it| it > 1) => Err(format!(
            "{number} can never be reached: one witness is asked in this version; write all"
        )),
        _ => Err("expected all, majority or a whole number, 1 or more".to_owned()),
    });
}

fn warn_of_unsupported(top: &Section<'_>) {
    top.get("mesh").section(&MESH);
    let textfile = top.get("metrics").section(&METRICS).get("textfile");
    for field in [top.get("notify"), textfile] {
        if !field.is_blank() {
            field.warn("not supported by this version, ignored");
        }
    }
}
