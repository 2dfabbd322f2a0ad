//! The words of the file: every key, by block. What is not here is an error.

use super::suggest;

/// The keys of one kind of block.
pub(super) struct Keys {
    /// Where the block lies, as the documentation writes it; empty for the top level.
    pub(super) block: &'static str,
    /// The keys.
    pub(super) names: &'static [&'static str],
    /// Misspellings that count: as written, and what they stand for.
    pub(super) aliases: &'static [(&'static str, &'static str)],
}

const fn keys(block: &'static str, names: &'static [&'static str]) -> Keys {
    let aliases = &[];
    Keys {
        block,
        names,
        aliases,
    }
}

/// The top level; the blocks of the sites come on top of it, by their own names.
pub(super) static TOP: Keys = keys(
    "",
    &[
        "local",
        "consul",
        "vcenter",
        "hetrix",
        "probe",
        "anchors",
        "policy",
        "witnesses",
        "quorum",
        "carbonio",
        "timeouts",
        "fence",
        "state_dir",
        "mesh",
        "history",
    ],
);

/// What this node is and does.
pub(super) static LOCAL: Keys = keys(
    "local",
    &[
        "whoami",
        "dc_check",
        "role",
        "manual_site",
        "checkDownFile",
        "checkPromotionFile",
        "checkRestartReplicaFile",
        "provider",
        "threads",
        "proxy_switch",
        "proxy_enable_activate",
        "proxy_enable_deactivate",
        "disable_ha_module",
        "flush_cache",
        "flush_arguments_a",
        "restart_replica",
    ],
);

/// One site.
pub(super) static SITE: Keys = keys(
    "SITE",
    &[
        "proxy_ip",
        "appserver_ip",
        "directorysrv_ip",
        "consul_ips",
        "consul_vmnames",
        "appserver_vmname",
        "proxyserver_vmname",
        "proxy_switch",
    ],
);

/// The ways a site's proxies are switched.
pub(super) static SWITCH: Keys = keys("SITE.proxy_switch", &["bgp"]);

/// The commands that switch by BGP. The documentation and the code of the ancestor spell
/// `deativate`, one of its two shipped configs `deactivate`.
pub(super) static BGP: Keys = Keys {
    block: "SITE.proxy_switch.bgp",
    names: &["activate", "deactivate", "verify"],
    aliases: &[("deativate", "deactivate")],
};

/// The Consul witness.
pub(super) static CONSUL: Keys = keys(
    "consul",
    &[
        "hostname",
        "port",
        "token",
        "token_file",
        "scheme",
        "ca_file",
        "gossip",
        "timeout",
    ],
);

/// The vCenter witness.
pub(super) static VCENTER: Keys = keys(
    "vcenter",
    &[
        "hostname",
        "username",
        "password",
        "password_file",
        "ca_file",
        "timeout",
    ],
);

/// The HetrixTools witness.
pub(super) static HETRIX: Keys = keys(
    "hetrix",
    &["hostname", "api_token", "token_file", "ca_file", "timeout"],
);

/// What every entry of `witnesses` may say, besides the keys of its provider.
pub(super) static WITNESS: Keys = keys(
    "WITNESS",
    &["provider", "name", "site", "host", "canary", "timeout"],
);

/// A witness that is a program.
pub(super) static COMMAND: Keys = keys("WITNESS", &["argv"]);

/// A witness that is a page.
pub(super) static PAGE: Keys = keys(
    "WITNESS",
    &["url", "status", "regexp", "down_regexp", "ca_file"],
);

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

/// How the peer is probed.
pub(super) static PROBE: Keys = keys("probe", &["targets", "attempts", "interval", "timeout"]);

/// A target written as a block.
pub(super) static TARGET: Keys = keys("TARGET", &["url", "status", "regexp", "ca_file"]);

/// When to act.
pub(super) static POLICY: Keys = keys(
    "policy",
    &[
        "confirm_runs",
        "recover_runs",
        "run_spacing",
        "evidence_max_age",
        "block_period",
        "max_attempts",
        "on_return",
    ],
);

/// The programs that promote and flush.
pub(super) static CARBONIO: Keys = keys(
    "carbonio",
    &[
        "user",
        "carbonio",
        "zmprov",
        "namespace",
        "flush_batch",
        "require_replica",
    ],
);

/// Deadlines of commands.
pub(super) static TIMEOUTS: Keys = keys(
    "timeouts",
    &["query", "promote", "flush", "command", "grace"],
);

/// What makes sure that the old active cannot serve.
pub(super) static FENCE: Keys = keys("fence", &["commands", "verify", "provider"]);

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

/// The Consul servers of a site.
pub(super) static MESH: Keys = keys(
    "mesh",
    &[
        "data_dir",
        "owner",
        "peers_file",
        "port",
        "stop",
        "start",
        "leader_timeout",
    ],
);

/// Where past runs are kept.
pub(super) static HISTORY: Keys = keys("history", &["file", "keep"]);

static ALL: [&Keys; 20] = [
    &TOP, &LOCAL, &SITE, &SWITCH, &BGP, &CONSUL, &VCENTER, &HETRIX, &WITNESS, &COMMAND, &PAGE,
    &PROBE, &TARGET, &POLICY, &CARBONIO, &TIMEOUTS, &FENCE, &MESH, &HISTORY, &NONE,
];

/// A block without keys of its own.
static NONE: Keys = keys("", &[]);

/// Returns every key as `block.key`; a site's block is called `SITE`, a target's `TARGET`.
pub(super) fn all() -> Vec<String> {
    ALL.iter()
        .flat_map(|keys| keys.names.iter().map(move |name| dotted(keys.block, name)))
        .collect()
}

fn dotted(block: &str, name: &str) -> String {
    match block {
        "" => name.to_owned(),
        block => format!("{block}.{name}"),
    }
}

/// Says that `name` is not a key here, and what was probably meant.
pub(super) fn unknown(keys: &Keys, name: &str, others: &[&str]) -> String {
    let here = keys.names.iter().chain(others).copied();
    if name == "<<" {
        return "merge keys are not read; write the values out".to_owned();
    }
    if LATER.contains(&dotted(keys.block, name).as_str()) {
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
    let homes: Vec<_> = ALL.iter().filter(|it| it.names.contains(&name)).collect();
    match homes.as_slice() {
        [home] if home.block.is_empty() => {
            "unknown key here; it belongs to the top level (not indented)".to_owned()
        }
        [home] => format!("unknown key here; it belongs to {:?}", home.block),
        [] | [_, _, ..] => "unknown key; every key is in habeat.yml(5)".to_owned(),
    }
}
