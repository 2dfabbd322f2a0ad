//! The block `local`: who this node is, whom it watches, what it does.

use super::keys::{LOCAL, TOP};
use super::reader::{Field, Section};
use super::suggest::{or_known, quoted};
use super::{Appserver, Files, Role};

/// Defaults of the ancestor's shipped config.
const DOWN_FILE: &str = "/var/tmp/appserverdown-habeat";
const PROMOTION_FILE: &str = "/var/tmp/appserverprom-habeat";
const MODULE_FILE: &str = "/var/tmp/appserverrstopha";
const THREADS: usize = 5;

/// The widest pool. Each of its threads drives a JVM client of some 100 MB.
const MOST_THREADS: usize = 256;

const ROLES: [&str; 3] = ["appserver", "proxyserver", "consulserver"];
const PROVIDERS: [&str; 3] = ["consul", "vcenter", "hetrix"];

/// The block, read.
pub(super) struct Local<'a> {
    /// The site this node stands in, and where that is said.
    pub(super) own: (Option<&'a str>, Field<'a>),
    /// The site it watches, and where that is said.
    pub(super) peer: (Option<&'a str>, Field<'a>),
    /// `None` when it is missing or not supported.
    pub(super) role: Option<Role>,
    pub(super) files: Files,
    pub(super) appserver: Appserver,
}

/// Reads the block.
pub(super) fn read<'a>(field: &Field<'a>) -> Local<'a> {
    let section = field.section(&LOCAL);
    let own = section.get("whoami");
    let peer = section.get("dc_check");
    let own_name = site_name(&own, "the site this node stands in");
    let mut peer_name = site_name(&peer, "the site this node watches");
    if own_name.is_some() && own_name == peer_name {
        peer.error("is the same as local.whoami; a site cannot watch itself");
        peer_name = None;
    }
    let local = Local {
        own: (own_name, own),
        peer: (peer_name, peer),
        role: role(&section.get("role")),
        files: files(&section),
        appserver: appserver(&section),
    };
    provider(&section.get("provider"));
    for name in ["proxy_enable_activate", "proxy_enable_deactivate"] {
        let field = section.get(name);
        if !field.is_blank() {
            field.boolean(false);
        }
    }
    section.get("proxy_switch").text();
    local
}

fn site_name<'a>(field: &Field<'a>, what: &str) -> Option<&'a str> {
    let Some(name) = field.value() else {
        field.error(format!(
            "missing; write the name of {what}, such as \"secondary\""
        ));
        return None;
    };
    if name.contains(char::is_control) {
        field.error(format!("{} holds a control character", quoted(name)));
        return None;
    }
    if TOP.names.contains(&name) {
        field.error(format!(
            "{name:?} is the name of another block; call the site otherwise"
        ));
        return None;
    }
    Some(name)
}

fn role(field: &Field<'_>) -> Option<Role> {
    let Some(name) = field.value() else {
        field.error("missing; write appserver");
        return None;
    };
    match name {
        "appserver" => return Some(Role::Appserver),
        "proxyserver" | "consulserver" => field.error(format!(
            "{name} is not in this version yet, only appserver is; go on using what does this \
             role now"
        )),
        _ => field.error(format!(
            "unknown role {}; {}",
            quoted(name),
            or_known(name, &ROLES)
        )),
    }
    None
}

fn provider(field: &Field<'_>) {
    match field.value() {
        None | Some("consul") => {}
        Some(name @ ("vcenter" | "hetrix")) => field.error(format!(
            "the provider {name} is not in this version yet; write consul"
        )),
        Some(name) => {
            let hint = or_known(name, &PROVIDERS);
            field.error(format!("unknown provider {}; {hint}", quoted(name)));
        }
    }
}

fn files(section: &Section<'_>) -> Files {
    let [down, promotion, module] = [
        "checkDownFile",
        "checkPromotionFile",
        "checkRestartReplicaFile",
    ]
    .map(|it| section.get(it));
    let suffixed = |field: &Field<'_>, default| {
        let mut path = field.path(default).into_os_string();
        path.push("-");
        path.push(Role::Appserver.name());
        path.into()
    };
    let files = Files {
        down: suffixed(&down, DOWN_FILE),
        promotion: suffixed(&promotion, PROMOTION_FILE),
        module: module.path(MODULE_FILE),
    };
    if files.promotion == files.down {
        promotion.error("is the same file as local.checkDownFile; each state needs its own");
    }
    for (other, name) in [
        (&files.down, "local.checkDownFile"),
        (&files.promotion, "local.checkPromotionFile"),
    ] {
        if files.module == *other {
            module.error(format!(
                "is the file of {name} with the role's suffix; each state needs its own"
            ));
        }
    }
    files
}

fn appserver(section: &Section<'_>) -> Appserver {
    let switch = |name| section.get(name).boolean(false);
    Appserver {
        threads: section
            .get("threads")
            .number(THREADS, 1, Some(MOST_THREADS)),
        disable_ha_module: switch("disable_ha_module"),
        flush_cache: switch("flush_cache"),
        flush_all_servers: switch("flush_arguments_a"),
        restart_replica: switch("restart_replica"),
    }
}
