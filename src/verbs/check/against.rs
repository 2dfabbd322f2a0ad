//! `--against`: whether the config of the other site's node fits this one. Each alone may be
//! sound, and the two together take each other over.

use std::path::Path;
use std::time::Duration;

use crate::config::{Config, OnReturn, Quorum, Takeover};
use crate::roles;
use crate::roles::check::Findings;

/// Notes what does not fit.
pub(super) fn look(config: &Config, other: &Path, found: &mut Findings) {
    let file = other.display();
    match roles::load(other) {
        Ok(loaded) => compare(config, &loaded.config, &file.to_string(), found),
        Err(invalid) => {
            for problem in invalid.errors {
                found.error(&format!("against {file}"), problem.to_string());
            }
        }
    }
}

fn compare(ours: &Config, theirs: &Config, file: &str, found: &mut Findings) {
    let mut same = |key: &str, here: String, there: String| {
        if here != there {
            let message = format!("{here} here, {there} in {file}; the two must agree");
            found.error(key, message);
        }
    };
    let role = |config: &Config| config.role.name.to_owned();
    same("local.role", role(ours), role(theirs));
    let (own, peer) = (&ours.own, &ours.peer);
    same("local.whoami", own.name.clone(), theirs.peer.name.clone());
    same("local.dc_check", peer.name.clone(), theirs.own.name.clone());
    same(&own.name, own.host(), theirs.peer.host());
    same(&peer.name, peer.host(), theirs.own.host());
    let (here, there) = (&ours.policy, &theirs.policy);
    for (key, here, there) in [
        ("confirm_runs", here.confirm_runs, there.confirm_runs),
        ("recover_runs", here.recover_runs, there.recover_runs),
        ("max_attempts", here.max_attempts, there.max_attempts),
    ] {
        same(&policy(key), here.to_string(), there.to_string());
    }
    for (key, here, there) in [
        ("run_spacing", here.run_spacing, there.run_spacing),
        (
            "evidence_max_age",
            here.evidence_max_age,
            there.evidence_max_age,
        ),
        ("block_period", here.block_period, there.block_period),
    ] {
        let seconds = |it: Duration| format!("{}s", it.as_secs());
        same(&policy(key), seconds(here), seconds(there));
    }
    let by = |config: &Config| match config.policy.on_return {
        OnReturn::Role => "role".to_owned(),
        OnReturn::Manual => "manual".to_owned(),
    };
    same(&policy("on_return"), by(ours), by(theirs));
    same("quorum", quorum(ours), quorum(theirs));
    same("witnesses", witnesses(ours), witnesses(theirs));
    manual_site(ours, theirs, file, found);
}

fn policy(key: &str) -> String {
    format!("policy.{key}")
}

fn quorum(config: &Config) -> String {
    match config.policy.quorum {
        Quorum::All => "all".to_owned(),
        Quorum::Majority => "majority".to_owned(),
        Quorum::AtLeast(number) => number.to_string(),
    }
}

/// Each site may ask another server of a kind; the kinds are what a verdict rests on.
fn witnesses(config: &Config) -> String {
    let mut kinds: Vec<_> = (config.witnesses.iter())
        .map(|witness| witness.provider.name())
        .collect();
    kinds.sort_unstable();
    kinds.join(", ")
}

/// Exactly one of the two sites leaves taking over to a person.
fn manual_site(ours: &Config, theirs: &Config, file: &str, found: &mut Findings) {
    let key = "local.manual_site";
    let is_manual = |config: &Config| config.policy.takeover == Takeover::Manual;
    match (is_manual(ours), is_manual(theirs)) {
        (true, false) | (false, true) => {}
        (false, false) => found.error(
            key,
            format!(
                "neither this site nor the one of {file} is the manual one: each would take the \
                 other over; name the same site in both"
            ),
        ),
        (true, true) => found.warn(
            key,
            format!("both this site and the one of {file} are manual: none takes over by itself"),
        ),
    }
}

#[cfg(test)]
mod tests;
