//! The block `local`: who this node is, whom it watches, what it does.

use std::path::PathBuf;

use super::keys::NOT_YET;
use super::provider::{KINDS, Kind};
use super::reader::{Field, Section};
use super::role::Shape;
use super::suggest::{or_known, quoted};
use super::table::{LOCAL, TOP};
use super::witness::LATER;
use super::{Files, MANUAL_SITE};

/// Defaults of the ancestor's shipped config.
const DOWN_FILE: &str = "/var/tmp/appserverdown-habeat";
const PROMOTION_FILE: &str = "/var/tmp/appserverprom-habeat";
const MODULE_FILE: &str = "/var/tmp/appserverrstopha";

/// Roles that a later version has.
const LATER_ROLES: [&str; 2] = ["plan", "application"];

/// The block, read.
pub(super) struct Local<'a> {
    /// The site this node stands in, and where that is said.
    pub(super) own: (Option<&'a str>, Field<'a>),
    /// The site it watches, and where that is said.
    pub(super) peer: (Option<&'a str>, Field<'a>),
    /// `None` when it is missing or not supported.
    pub(super) role: Option<&'a Shape>,
    /// The site that never takes over by itself, where one is named.
    pub(super) manual: Field<'a>,
    /// Who is asked where there is no list of witnesses.
    pub(super) provider: Kind,
    pub(super) files: Files,
}

/// Reads the block. The first of the roles stands for one that is missing or not known.
pub(super) fn read<'a>(field: &Field<'a>, state_dir: PathBuf, roles: &[&'a Shape]) -> Local<'a> {
    let section = field.section(&LOCAL);
    let own = section.get("whoami");
    let peer = section.get("dc_check");
    let own_name = site_name(&own, "the site this node stands in");
    let mut peer_name = site_name(&peer, "the site this node watches");
    if own_name.is_some() && own_name == peer_name {
        peer.error("is the same as local.whoami; a site cannot watch itself");
        peer_name = None;
    }
    let role = role(&section.get("role"), roles);
    Local {
        manual: section.get("manual_site"),
        own: (own_name, own),
        peer: (peer_name, peer),
        role,
        provider: provider(&section.get("provider")),
        files: files(&section, role.unwrap_or(roles[0]), state_dir),
    }
}

impl Local<'_> {
    /// Returns the name of the site that never takes over by itself.
    pub(super) fn manual_site(&self) -> &str {
        self.manual.value().unwrap_or(MANUAL_SITE)
    }
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
    if TOP.has(name) {
        field.error(format!(
            "{name:?} is the name of another block; call the site otherwise"
        ));
        return None;
    }
    Some(name)
}

fn role<'a>(field: &Field<'_>, roles: &[&'a Shape]) -> Option<&'a Shape> {
    let names: Vec<_> = roles.iter().map(|role| role.name).collect();
    let Some(name) = field.value() else {
        field.error(format!("missing; write {}", names.join(" or ")));
        return None;
    };
    let found = roles.iter().find(|role| role.name == name);
    if found.is_none() {
        field.error(if LATER_ROLES.contains(&name) {
            format!("{name:?} {NOT_YET}")
        } else {
            let hint = or_known(name, &names);
            format!("unknown role {}; {hint}", quoted(name))
        });
    }
    found.copied()
}

fn provider(field: &Field<'_>) -> Kind {
    let words = &KINDS[..3];
    let Some(name) = field.value() else {
        return Kind::Consul;
    };
    let found = words.iter().find(|(word, _)| *word == name);
    found.map_or_else(
        || {
            let hint = match name {
                "command" | "http" => "write it into the list witnesses".to_owned(),
                later if LATER.contains(&later) => format!("it {NOT_YET}"),
                _ => or_known(name, &[words[0].0, words[1].0, words[2].0]),
            };
            field.error(format!("unknown provider {}; {hint}", quoted(name)));
            Kind::Consul
        },
        |(_, kind)| *kind,
    )
}

fn files(section: &Section<'_>, role: &Shape, state_dir: PathBuf) -> Files {
    let [down, promotion, module] = [
        "checkDownFile",
        "checkPromotionFile",
        "checkRestartReplicaFile",
    ]
    .map(|it| section.get(it));
    let suffixed = |field: &Field<'_>, default| {
        let mut path = field.path(default).into_os_string();
        path.push("-");
        path.push(role.name);
        path.into()
    };
    let files = Files {
        down: suffixed(&down, DOWN_FILE),
        promotion: suffixed(&promotion, PROMOTION_FILE),
        module: if role.has_plain_files {
            module.path(MODULE_FILE)
        } else {
            suffixed(&module, MODULE_FILE)
        },
        state_dir,
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
