//! What is said of a key that is not known where it stands.

use super::suggest;
use super::table::{Block, blocks};

/// How some call the wish not to verify a certificate.
const UNVERIFIED: [&str; 7] = [
    "verify",
    "verify_ssl",
    "ssl_verify",
    "validate_certs",
    "insecure",
    "skip_verify",
    "disable_warnings",
];

/// What the design has and this version does not, as `block.key`.
const LATER: [&str; 16] = [
    "applications",
    "cluster",
    "contact",
    "dead_man",
    "local.node",
    "metrics",
    "notify",
    "on_isolation",
    "plan",
    "policy.claim",
    "policy.mode",
    "policy.on_service_failure",
    "policy.rto",
    "probe.service",
    "rehearse",
    "SITE.hosts",
];

/// What is said of a word that a later version will know.
pub(super) const NOT_YET: &str = "is not in this version";

/// Says that `name` is not a key here, and what was probably meant.
pub(super) fn unknown(block: &Block, name: &str, others: &[&str]) -> String {
    let here = (block.keys.iter().map(|key| key.name)).chain(others.iter().copied());
    if name == "<<" {
        return "merge keys are not read; write the values out".to_owned();
    }
    if LATER.contains(&block.dotted(name).as_str()) {
        return format!("{NOT_YET}; remove it");
    }
    if let Some(what) = suggest::deceiving(name) {
        return format!("unknown key; it holds {what}: write plain blanks instead");
    }
    if UNVERIFIED.contains(&name) {
        return "certificates are always verified: a witness that anybody can impersonate is no \
                witness; trust a private authority with ca_file, and remove this key"
            .to_owned();
    }
    if let Some(close) = suggest::nearest(name, here) {
        return format!("unknown key; did you mean {close:?}?");
    }
    let homes: Vec<_> = blocks().into_iter().filter(|it| it.has(name)).collect();
    match homes.as_slice() {
        [home] if home.path.is_empty() => {
            "unknown key here; it belongs to the top level (not indented)".to_owned()
        }
        [home] => format!("unknown key here; it belongs to {:?}", home.path),
        [] | [_, _, ..] => "unknown key; every key is in habeat.yml(5)".to_owned(),
    }
}
