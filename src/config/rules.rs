//! Rules that hold between blocks: the longest run must fit the unit, and what the admin chose
//! must be what the admin knows.

use std::time::Duration;

use super::clear;
use super::reader::{Field, Section};
use super::scalar::{is_loopback, spell};
use super::site::Sites;
use super::suggest::quoted;
use super::target::authority;
use super::{Config, Consul, Gossip, Hetrix, Provider, Target, Witness};
use crate::clients::vcenter::Vcenter;

/// How long a run may take: `TimeoutStartSec=` of `habeat.service`.
pub const UNIT_START_LIMIT: Duration = Duration::from_secs(4 * 3600);

/// A key that says how long something may take: its block, its name, how long.
type Span = (&'static str, &'static str, Duration);

/// Notes what does not fit together, and what deserves a second thought. `role`: what the role's
/// plan may take.
pub(super) fn apply(config: &Config, role: Vec<Span>, sites: &Sites, top: &Section<'_>) {
    expect_short_run(config, role, top);
    expect_fresh_evidence(config, top);
    expect_another_vm(config, top);
    for witness in &config.witnesses {
        match &witness.provider {
            Provider::Consul(consul) => warn_of_gossip(config, consul.gossip, top),
            Provider::Vcenter(_) if config.policy.confirm_runs == 1 => {
                top.get("policy").block().get("confirm_runs").warn(
                    "1, with a vCenter witness: a VM that its cluster is just starting elsewhere \
                     is off for a moment; write 2",
                );
            }
            Provider::Vcenter(_)
            | Provider::Hetrix(_)
            | Provider::Command { .. }
            | Provider::Http(_) => {}
        }
    }
    warn_of_one_voice(&config.witnesses, &top.get("witnesses"));
    warn_of_own_anchors(config, &top.get("anchors"));
    warn_of_own_targets(config, &top.get("probe").block().get("targets"));
    clear::warn(config, sites, top);
}

/// Returns the spans of the longest run, each with the key that sets it.
fn longest_run(config: &Config, role: Vec<Span>) -> Vec<Span> {
    let probe = &config.probe;
    let timeouts = &config.timeouts;
    let looks = (probe.timeout.saturating_add(probe.interval)).saturating_mul(probe.attempts);
    let fences = config.fence.commands.len()
        + config.fence.verify.len()
        + usize::from(config.fence.vcenter.is_some());
    let fences = u32::try_from(fences).unwrap_or(u32::MAX);
    // They are asked side by side.
    let witness = config.witnesses.iter().map(|witness| witness.timeout);
    let witness = witness.max().unwrap_or_default();
    let mut spans = vec![
        // Everything is observed twice: a second time right before the first irreversible step.
        ("probe", "attempts", looks.saturating_mul(2)),
        ("consul", "timeout", witness * 2),
        ("fence", "commands", timeouts.command.saturating_mul(fences)),
        ("timeouts", "grace", timeouts.grace),
    ];
    spans.extend(role);
    spans
}

fn expect_short_run(config: &Config, role: Vec<Span>, top: &Section<'_>) {
    let spans = longest_run(config, role);
    let add = |sum: Duration, (_, _, span): &Span| sum.saturating_add(*span);
    let whole = spans.iter().fold(Duration::ZERO, add);
    let longest = spans.iter().max_by_key(|(_, _, span)| *span);
    if let (true, Some((block, name, span))) = (whole > UNIT_START_LIMIT, longest) {
        top.get(block).block().get(name).error(format!(
            "a run can take {}, more than the {} after which systemd ends it (TimeoutStartSec= \
             of habeat.service); {} of that come from here",
            spell(whole),
            spell(UNIT_START_LIMIT),
            spell(*span)
        ));
    }
}

/// Evidence that is too old when it is complete begins nothing, in this run and in any other.
fn expect_fresh_evidence(config: &Config, top: &Section<'_>) {
    let (probe, age) = (&config.probe, config.policy.evidence_max_age);
    let pauses = probe.interval.saturating_mul(probe.attempts - 1);
    let looks = (probe.timeout.saturating_mul(probe.attempts)).saturating_add(pauses);
    let witness = config.witnesses.iter().map(|witness| witness.timeout);
    let witness = witness.max().unwrap_or_default();
    let sum = format!(
        "{} looks of {} and the pauses of {} between them take {}",
        probe.attempts,
        spell(probe.timeout),
        spell(probe.interval),
        spell(looks),
    );
    let field = top.get("policy").block().get("evidence_max_age");
    if looks > age {
        field.error(format!(
            "{sum} when the peer is silent, longer than {}: the evidence would always be too old to \
             act on; raise it, or shorten probe",
            spell(age)
        ));
    } else if looks.saturating_add(witness) > age {
        field.warn(format!(
            "{sum}, and a slow witness {} more, longer than {} in all: what is only then complete \
             is too old to act on; raise it, or shorten probe or the witness's timeout",
            spell(witness),
            spell(age)
        ));
    }
}

/// A fence by the name of our own VM would power off the only node that is left.
fn expect_another_vm(config: &Config, top: &Section<'_>) {
    let Some((vcenter, _)) = &config.fence.vcenter else {
        return;
    };
    let is_own = |vm: &&String| {
        let own = config.own.hosts.iter();
        own.clone().any(|host| host.eq_ignore_ascii_case(vm))
    };
    if let Some(vm) = config.judged_vms(vcenter).iter().find(is_own) {
        top.get("fence").block().get("provider").error(format!(
            "would power off {vm}, which is the name of this node; give the peer a name of its \
             own, or `host` of the vCenter witness the name of the peer's VM"
        ));
    }
}

fn warn_of_gossip(config: &Config, gossip: Gossip, top: &Section<'_>) {
    let field = top.get("consul").block().get("gossip");
    match gossip {
        Gossip::Never => {
            if config.role.leader.is_some() {
                field.warn(
                    "never: this role acts only while the mesh has no leader, and then only the \
                     gossip of Consul speaks: this witness never says down",
                );
            }
            return;
        }
        Gossip::Anchored => {
            if config.anchors.is_empty() && config.role.leader.is_some() {
                top.get("anchors").warn(
                    "no anchors are given: this role acts only while the mesh has no leader, and \
                     then Consul may say down only while an anchor answers; give targets on a \
                     third site, or a witness that is no part of the mesh",
                );
                return;
            }
            if config.anchors.is_empty() {
                top.get("anchors").warn(
                    "no anchors are given: if the peer's end also takes Consul's leader away, \
                     habeat holds and waits for you; give targets on a third site",
                );
                return;
            }
        }
        Gossip::Always => field.warn(
            "always: without a Consul leader the view of our own side decides; a node that is \
             cut off sees the living peer as dead, and promotes",
        ),
    }
    if config.probe.targets.len() == 1 {
        top.get("probe").block().get("targets").warn(
            "one target only, and the gossip of Consul may speak: a cut line between the sites \
             looks like a death; add a second path to the peer, such as its public address",
        );
    }
}

/// What is asked twice errs twice.
fn warn_of_one_voice(witnesses: &[Witness], list: &Field<'_>) {
    for (index, witness) in witnesses.iter().enumerate() {
        let provider = &witness.provider;
        let is_asked_too = |other: &&Witness| {
            other.provider.name() == provider.name() && whom(&other.provider) == whom(provider)
        };
        if let Some(other) = witnesses[..index].iter().find(is_asked_too) {
            list.warn(format!(
                "{} and {} are one {} under two names: they err together, and count as two; let \
                 one of them ask somebody else, or remove it",
                quoted(&other.name),
                quoted(&witness.name),
                provider.name()
            ));
        }
    }
}

/// Returns who is asked, among the witnesses of one kind.
fn whom(provider: &Provider) -> String {
    match provider {
        Provider::Consul(Consul { base_url, .. })
        | Provider::Vcenter(Vcenter { base_url, .. })
        | Provider::Hetrix(Hetrix { base_url, .. }) => base_url.to_ascii_lowercase(),
        Provider::Command { argv } => format!("{argv:?}"),
        Provider::Http(page) => page.url.reveal().to_owned(),
    }
}

fn warn_of_own_anchors(config: &Config, field: &Field<'_>) {
    for anchor in config.anchors.iter().filter(|it| lies_here(config, it)) {
        field.warn(format!(
            "{anchor} lies on this node or its site: it answers even when the node is cut off, so \
             it shows nothing"
        ));
    }
}

fn warn_of_own_targets(config: &Config, field: &Field<'_>) {
    let targets = &config.probe.targets;
    for target in targets.iter().filter(|it| lies_here(config, it)) {
        field.warn(format!(
            "{target} lies on this node or its site: whoever answers there is not the peer; name \
             an address that is the peer's, and stays the peer's after a takeover"
        ));
    }
}

fn lies_here(config: &Config, target: &Target) -> bool {
    let host = match target {
        Target::Icmp { host } | Target::Tcp { host, .. } => host.as_str(),
        Target::Http(http) => authority(http.url.reveal()),
    };
    let mut ours = config.probe.ours.iter();
    is_loopback(host) || ours.any(|it| it.eq_ignore_ascii_case(host))
}
