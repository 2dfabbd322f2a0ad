//! Turns a name into addresses before a deadline.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use crate::base::aside::Aside;

/// Returns every address of `host` once, each with `port`; never an empty list.
///
/// A literal address (an IPv6 one with or without brackets) needs no resolver and no thread.
/// `getaddrinfo` has no deadline of its own, so it is left behind when it is late.
///
/// # Errors
/// A sentence that names the host.
pub(crate) fn resolve(host: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>, String> {
    let bare = bare(host);
    if let Ok(literal) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(literal.to_canonical(), port)]);
    }
    let name = bare.to_owned();
    let lookup = Aside::start(within, move || {
        (name.as_str(), port)
            .to_socket_addrs()
            .map(Vec::from_iter)
            .map_err(|err| err.to_string())
    });
    match lookup.wait().and_then(|found| found) {
        Ok(addresses) if addresses.is_empty() => {
            Err(format!("cannot resolve {bare}: it has no address"))
        }
        Ok(addresses) => Ok(each_once(addresses)),
        Err(why) => Err(format!("cannot resolve {bare}: {why}")),
    }
}

/// Returns a host without the brackets that a URL puts around an IPv6 address.
pub(crate) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Returns the addresses in their order. An IPv4 address may also come in the form of IPv6.
fn each_once(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    for address in &mut addresses {
        if let SocketAddr::V6(six) = address
            && let Some(four) = six.ip().to_ipv4_mapped()
        {
            *address = SocketAddr::new(four.into(), six.port());
        }
    }
    let mut known = BTreeSet::new();
    addresses.retain(|address| known.insert(*address));
    addresses
}

#[cfg(test)]
mod tests;
