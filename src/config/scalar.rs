//! What single values look like: booleans, time spans, hosts, paths. Errors say what to write.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::suggest::{called, quoted};

/// What people leave where a value should come.
const LEFTOVERS: [&str; 8] = [
    "delete", "none", "null", "n/a", "todo", "tbd", "changeme", "xxx",
];

/// The longest time span: ten years, so that sums and products of spans cannot overflow.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 3600);

/// The longest host name (RFC 1035, section 2.3.4).
const HOST_LENGTH: usize = 253;

/// Whether a time span may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zero {
    /// It may.
    Allowed,
    /// It would make no sense.
    Refused,
}

/// Whether this is no value but what somebody left in its place.
pub(crate) fn is_leftover(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || LEFTOVERS.iter().any(|it| it.eq_ignore_ascii_case(text))
}

/// Reads a boolean as YAML 1.1 does, and with it `PyYAML`: three cases of six words
/// (<https://yaml.org/type/bool.html>; `PyYAML` leaves out `y` and `n`).
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Reads a time span such as `30s`: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
pub(crate) fn duration(text: &str, zero: Zero) -> Result<Duration, String> {
    let digits = text.find(|it: char| !it.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let Ok(number) = number.parse::<u64>() else {
        return Err(not_a_duration(text));
    };
    let milliseconds: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" => {
            return Err(format!(
                "{number} has no unit; write {number}s, {number}m or {number}h"
            ));
        }
        _ => return Err(not_a_duration(text)),
    };
    match number.checked_mul(milliseconds).map(Duration::from_millis) {
        Some(Duration::ZERO) if zero == Zero::Refused => Err("must be longer than zero".to_owned()),
        Some(span) if span <= LONGEST => Ok(span),
        Some(_) | None => Err(format!("{text} is longer than ten years (3650d)")),
    }
}

fn not_a_duration(text: &str) -> String {
    format!(
        "{} is not a time span; write a whole number and ms, s, m, h or d, as in 30s",
        quoted(text)
    )
}

/// Returns a time span as people write it, to the second: `4h`, `2h 24m 28s`, `500ms`.
pub(crate) fn spell(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds == 0 {
        return format!("{}ms", span.as_millis());
    }
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let shown: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    shown.join(" ")
}

/// Reads a host: a name, an IPv4 or an IPv6 address without brackets.
pub(crate) fn host(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the host is missing".to_owned());
    }
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    if text.chars().all(|it| it.is_ascii_digit() || it == '.') {
        return Err(format!("{} is not an IPv4 address", quoted(text)));
    }
    if !text.contains(':') {
        return name(text);
    }
    Err(match host_and_port(text) {
        Ok((host, None)) => format!("write the address without brackets: {host}"),
        Ok((host, Some(_))) => format!("no port belongs here; write {host}"),
        Err(why) => why,
    })
}

/// Reads a name: letters, digits, `.`, `_` and `-`, the latter not in front. Such a name is
/// safe as an argument of a program and in a URL.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    if text.is_empty() || text.len() > HOST_LENGTH {
        return Err(format!("must have 1 to {HOST_LENGTH} characters"));
    }
    if text.starts_with('-') {
        return Err(format!("{} must not start with \"-\"", quoted(text)));
    }
    match text.chars().find(|it| !allowed(*it)) {
        Some(wrong) => Err(format!(
            "{} holds {}; allowed are letters, digits, \".\", \"_\" and \"-\"",
            quoted(text),
            called(wrong)
        )),
        None => Ok(text.to_owned()),
    }
}

/// Reads `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a bare IPv6 address.
pub(crate) fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text.to_owned(), None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let Some((inner, after)) = rest.split_once(']') else {
            return Err(format!("{} lacks the closing \"]\"", quoted(text)));
        };
        let Ok(address) = inner.parse::<Ipv6Addr>() else {
            return Err(format!("{} is not an IPv6 address", quoted(inner)));
        };
        return match after.strip_prefix(':') {
            Some(number) => Ok((address.to_string(), Some(port(number)?))),
            None if after.is_empty() => Ok((address.to_string(), None)),
            None => Err(format!("{} after \"]\" is not a port", quoted(after))),
        };
    }
    match text.rsplit_once(':') {
        Some((before, _)) if before.contains(':') => Err(format!(
            "{} is not an IPv6 address; with a port, write [ADDRESS]:PORT",
            quoted(text)
        )),
        Some((before, number)) => Ok((host(before)?, Some(port(number)?))),
        None => Ok((host(text)?, None)),
    }
}

/// Reads a TCP port.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    let number = text.parse::<u16>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{} is not a port (1 to 65535)", quoted(text)))
}

/// Returns a host as it stands in a URL: an IPv6 address in brackets.
pub(crate) fn bracketed(host: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(_) => format!("[{host}]"),
        Err(_) => host.to_owned(),
    }
}

/// Whether an address or a name stands for this very machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let v4 = host.parse::<Ipv4Addr>().is_ok_and(|it| it.is_loopback());
    let v6 = host.parse::<Ipv6Addr>().is_ok_and(|it| it.is_loopback());
    v4 || v6 || host.eq_ignore_ascii_case("localhost")
}

/// Reads the absolute path of a file.
pub(crate) fn file_path(text: &str) -> Result<PathBuf, String> {
    if text.contains(char::is_control) {
        return Err(format!("{} holds a control character", quoted(text)));
    }
    if !Path::new(text).is_absolute() {
        return Err(format!(
            "{} is a relative path; write it from the root, with \"/\" in front",
            quoted(text)
        ));
    }
    if text.ends_with('/') {
        return Err(format!("{} is a folder; name a file in it", quoted(text)));
    }
    Ok(PathBuf::from(text))
}
