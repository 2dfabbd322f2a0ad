//! What each kind of witness is asked with.

use std::path::PathBuf;
use std::time::Duration;

use super::credential::{self, Carried, expect_private};
use super::reader::{Field, Section};
use super::scalar::{self, Zero, bracketed, host_and_port};
use super::source::Source;
use super::suggest::quoted;
use super::table::{Block, COMMAND, CONSUL, HETRIX, PAGE, VCENTER};
use super::{Consul, Gossip, Hetrix, HttpWitness, Provider, action, target};
use crate::clients::vcenter::Vcenter;

/// Where a Consul agent answers by default
/// (<https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/general>).
const HOST: &str = "127.0.0.1";
const PORT: u16 = 8500;

/// Where HetrixTools answers (<https://docs.hetrixtools.com/api/v3/>).
const HETRIX_HOST: &str = "api.hetrixtools.com";

/// Deadline of a conversation with an agent on this node or near it.
const NEAR: Duration = Duration::from_secs(5);
/// Deadline of any other conversation.
const FAR: Duration = Duration::from_secs(10);

/// The kinds of witnesses, by the words of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Consul,
    Vcenter,
    Hetrix,
    Command,
    Http,
}

/// The words for them; the first three have a block of their own at the top level.
pub(crate) const KINDS: [(&str, Kind); 5] = [
    ("consul", Kind::Consul),
    ("vcenter", Kind::Vcenter),
    ("hetrix", Kind::Hetrix),
    ("command", Kind::Command),
    ("http", Kind::Http),
];

impl Kind {
    /// Returns the keys that only this kind has.
    pub(crate) fn keys(self) -> &'static Block {
        match self {
            Self::Consul => &CONSUL,
            Self::Vcenter => &VCENTER,
            Self::Hetrix => &HETRIX,
            Self::Command => &COMMAND,
            Self::Http => &PAGE,
        }
    }

    fn timeout(self) -> Duration {
        match self {
            Self::Consul => NEAR,
            Self::Vcenter | Self::Hetrix | Self::Command | Self::Http => FAR,
        }
    }
}

/// Reads a block of a kind; `None` when what it cannot do without is missing, which is noted.
pub(crate) fn read(kind: Kind, section: &Section<'_>, file: &Source) -> Option<Provider> {
    Some(match kind {
        Kind::Consul => Provider::Consul(consul(section, file)),
        Kind::Vcenter => Provider::Vcenter(vcenter(section, file)?),
        Kind::Hetrix => Provider::Hetrix(hetrix(section, file)?),
        Kind::Command => Provider::Command {
            argv: argv(&section.get("argv"))?,
        },
        Kind::Http => Provider::Http(page(section, file)?),
    })
}

/// Returns the deadline of a conversation.
pub(crate) fn timeout(kind: Kind, section: &Section<'_>) -> Duration {
    let field = section.get("timeout");
    field.duration(kind.timeout(), Zero::Refused)
}

/// Looks at the form of a block that nothing uses.
pub(crate) fn tolerate(section: &Section<'_>, keys: &Block, file: &Source) {
    for name in keys.names() {
        section.get(name).text();
    }
    for secret in ["token", "password", "api_token"] {
        if keys.has(secret) {
            expect_private(&section.get(secret), file);
        }
    }
}

/// Reads a block of Consul's.
pub(crate) fn consul(section: &Section<'_>, file: &Source) -> Consul {
    let gossip = section.get("gossip").choice(
        Gossip::Anchored,
        &[
            ("anchored", Gossip::Anchored),
            ("never", Gossip::Never),
            ("always", Gossip::Always),
        ],
    );
    let scheme = section.get("scheme");
    let scheme = scheme.choice("http", &[("http", "http"), ("https", "https")]);
    let base_url = base_url(section, scheme, HOST, Some(PORT));
    let token = credential::read(section, ["token", "token_file"], Carried::InHeader, file);
    Consul {
        ca_file: ca_file(section, &base_url),
        base_url,
        token,
        gossip,
    }
}

fn vcenter(section: &Section<'_>, file: &Source) -> Option<Vcenter> {
    let [hostname, username] = ["hostname", "username"].map(|name| section.get(name));
    need(&hostname, "the host name of the vCenter server");
    need(&username, "the user that may read the VM");
    let password = credential::read(
        section,
        ["password", "password_file"],
        Carried::Encoded,
        file,
    );
    if password.is_none() && section.get("password_file").is_blank() {
        need(&section.get("password"), "the password, or password_file");
    }
    let base_url = base_url(section, "https", "", None);
    Some(Vcenter {
        ca_file: ca_file(section, &base_url),
        base_url,
        username: username.value()?.to_owned(),
        password: password?,
    })
}

fn hetrix(section: &Section<'_>, file: &Source) -> Option<Hetrix> {
    let token = credential::read(
        section,
        ["api_token", "token_file"],
        Carried::InHeader,
        file,
    );
    if token.is_none() && section.get("token_file").is_blank() {
        need(&section.get("api_token"), "the API token, or token_file");
    }
    let base_url = base_url(section, "https", HETRIX_HOST, None);
    Some(Hetrix {
        ca_file: ca_file(section, &base_url),
        base_url,
        token: token?,
    })
}

fn argv(field: &Field<'_>) -> Option<Vec<String>> {
    need(field, "the program and its arguments, as a list");
    if field.is_blank() {
        return None;
    }
    action::command(field)
}

fn page(section: &Section<'_>, file: &Source) -> Option<HttpWitness> {
    let url = section.get("url");
    let [regexp, down_regexp] = ["regexp", "down_regexp"].map(|name| section.get(name));
    need(&url, "the http(s) address of the page");
    let [status, max_age] = ["status", "max_age"].map(|name| section.get(name));
    let page = HttpWitness {
        status: (status.text()).map(|_| status.number(200, 100, Some(599))),
        regexp: target::regexp(&regexp),
        down_regexp: target::regexp(&down_regexp),
        max_age: (max_age.text()).map(|_| max_age.duration(Duration::ZERO, Zero::Allowed)),
        token: credential::read(section, ["token", "token_file"], Carried::InHeader, file),
        ca_file: ca_file(section, url.value().unwrap_or_default()),
        url: url.parsed(target::url)?,
    };
    if page.regexp.is_some() && page.regexp == page.down_regexp {
        down_regexp.error("is the same as regexp; one page cannot say both");
    }
    Some(page)
}

fn ca_file(section: &Section<'_>, url: &str) -> Option<PathBuf> {
    let field = section.get("ca_file");
    let path = field.parsed(scalar::file_path);
    target::trusted_over_tls(url, path.as_ref(), &field);
    path
}

fn need(field: &Field<'_>, what: &str) {
    if field.is_blank() {
        field.error(format!("missing; write {what}"));
    }
}

fn base_url(section: &Section<'_>, scheme: &str, default: &str, port: Option<u16>) -> String {
    let hostname = section.get("hostname");
    let port_field = section.get("port");
    let (host, own_port) = hostname
        .parsed(|text| match text.split_once("://") {
            Some((_, rest)) => Err(format!(
                "write only the host, {}, without a scheme",
                quoted(rest.trim_end_matches('/'))
            )),
            None => host_and_port(text),
        })
        .unwrap_or_else(|| (default.to_owned(), None));
    let given = port_field.parsed(scalar::port);
    if let (Some(one), Some(other)) = (own_port, given)
        && one != other
    {
        let key = &hostname.key;
        port_field.error(format!("{other} here, but {one} in {key}; keep one"));
    }
    let host = bracketed(&host);
    match own_port.or(given).or(port) {
        Some(number) => format!("{scheme}://{host}:{number}"),
        None => format!("{scheme}://{host}"),
    }
}
