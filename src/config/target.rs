//! Probe targets: `icmp://HOST`, `tcp://HOST:PORT`, `http(s)://…`, the last also as a block.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use super::reader::Field;
use super::scalar::{host, host_and_port};
use super::suggest::{or_known, quoted};
use super::table::TARGET;
use super::{HttpTarget, Target, Url};
use crate::base::url::public_part;

/// Reads a list of targets; what cannot be read is noted and left out.
pub(crate) fn list(field: &Field<'_>) -> Vec<Target> {
    let items = field.items();
    items.iter().filter_map(one).collect()
}

fn one(field: &Field<'_>) -> Option<Target> {
    if field.is_block() {
        return block(field);
    }
    if field.is_blank() {
        field.error("an empty target; write icmp://HOST, tcp://HOST:PORT or http(s)://…");
        return None;
    }
    field.parsed(read)
}

fn block(field: &Field<'_>) -> Option<Target> {
    let section = field.section(&TARGET);
    let url = section.get("url");
    let status = section.get("status");
    let regexp = section.get("regexp");
    let ca_file = section.get("ca_file");
    let target = url.parsed(|text| http(text).ok_or_else(no_http)?);
    if url.is_blank() {
        url.error("missing; a target written as a block needs the http(s) address to ask");
    }
    let http = HttpTarget {
        status: (status.text()).map(|_| status.number(200, 100, Some(599))),
        regexp: self::regexp(&regexp),
        ca_file: ca_file.parsed(super::scalar::file_path),
        url: target?,
    };
    trusted_over_tls(http.url.reveal(), http.ca_file.as_ref(), &ca_file);
    Some(Target::Http(http))
}

/// Returns a regular expression that is one.
pub(crate) fn regexp(field: &Field<'_>) -> Option<String> {
    let text = field.raw().filter(|text| !text.is_empty())?;
    let checked = regex_lite::Regex::new(text);
    let wrong = |err| field.error(format!("not a regular expression: {err}"));
    checked.map_err(wrong).ok().map(|_| text.to_owned())
}

/// Reads an `http(s)://` address.
pub(crate) fn url(text: &str) -> Result<Url, String> {
    http(text).ok_or_else(|| "expected an http:// or https:// address".to_owned())?
}

fn no_http() -> String {
    "a target written as a block must be http:// or https://; write icmp:// and tcp:// targets \
     as plain text"
        .to_owned()
}

/// Warns of certificates that nothing will look at.
pub(crate) fn trusted_over_tls(url: &str, ca_file: Option<&PathBuf>, field: &Field<'_>) {
    if ca_file.is_some() && !url.starts_with("https://") {
        field.warn("not used: without https there is no certificate to verify");
    }
}

/// Reads a target written as text.
fn read(text: &str) -> Result<Target, String> {
    if let Some(name) = text.strip_prefix("icmp://") {
        return icmp(name).map(|host| Target::Icmp { host });
    }
    if let Some(rest) = text.strip_prefix("tcp://") {
        let (host, port) = host_and_port(rest)?;
        let port = port.ok_or_else(|| no_port(rest))?;
        return Ok(Target::Tcp { host, port });
    }
    if let Some(url) = http(text) {
        return Ok(Target::Http(HttpTarget {
            url: url?,
            status: None,
            regexp: None,
            ca_file: None,
        }));
    }
    Err(match text.split_once("://") {
        Some((scheme, _)) => format!(
            "unknown kind of target {}; {}",
            quoted(scheme),
            or_known(scheme, &["icmp", "tcp", "http", "https"])
        ),
        None => format!(
            "{} does not say how to probe; write icmp://HOST, tcp://HOST:PORT or http(s)://…",
            quoted(&public_part(text))
        ),
    })
}

/// Of `ADDRESS:443` nobody can tell where an IPv6 address ends.
fn no_port(text: &str) -> String {
    if text.parse::<Ipv6Addr>().is_err() {
        return format!("a port is missing; write tcp://{text}:PORT");
    }
    let (address, port) = (text.rsplit_once(':'))
        .filter(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok() && port.parse::<u16>().is_ok()
        })
        .unwrap_or((text, "PORT"));
    format!("an IPv6 address with a port goes into brackets; write tcp://[{address}]:{port}")
}

fn icmp(text: &str) -> Result<String, String> {
    match host_and_port(text)? {
        (_, Some(_)) => Err("ICMP has no ports; write icmp://HOST".to_owned()),
        (name, None) => host(&name),
    }
}

/// Returns the URL if `text` is meant as one, and why it cannot be used if it cannot.
fn http(text: &str) -> Option<Result<Url, String>> {
    let rest = (text.strip_prefix("http://")).or_else(|| text.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let strange = |it: char| it.is_control() || it.is_whitespace() || !it.is_ascii();
    Some(if authority.contains('@') {
        Err("a URL must not hold a user or a password: it is written to the log".to_owned())
    } else if text.contains(strange) {
        Err(format!(
            "{} holds a character no URL may hold",
            quoted(&public_part(text))
        ))
    } else {
        host_and_port(authority).map(|_| Url::new(text.to_owned()))
    })
}

/// Returns the host that a URL names, without its port.
pub(crate) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or(bracketed),
        None => authority.split(':').next().unwrap_or(authority),
    }
}
