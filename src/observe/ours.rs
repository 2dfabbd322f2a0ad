//! Whether an answer came from our own side. Then it is nobody's: an address of the peer's that
//! moved here with the traffic, or a name that leads back to us, shows neither that the peer lives
//! nor that we are connected.

use std::net::{IpAddr, SocketAddr};

use super::way::{self, Way};
use crate::base::resolve::bare;
use crate::clients::http::host_and_port;
use crate::config::{Config, Target};

/// Returns the probe targets and anchors whose address is one of this node's just now, each with
/// the key it stands under. Names are not resolved. Loopback and our own site's block are seen in
/// the config alone, which warns of them.
pub fn ours(config: &Config) -> Vec<(&'static str, &Target)> {
    let probes = config.probe.targets.iter().map(|it| ("probe.targets", it));
    let anchors = config.anchors.iter().map(|it| ("anchors", it));
    probes
        .chain(anchors)
        .filter(|(_, target)| is_here(target))
        .collect()
}

fn is_here(target: &Target) -> bool {
    let host = match target {
        Target::Icmp { host } | Target::Tcp { host, .. } => host.clone(),
        Target::Http(http) => match host_and_port(http.url.reveal()) {
            Ok((host, _)) => host,
            Err(_) => return false,
        },
    };
    let Ok(ip) = bare(&host).parse::<IpAddr>() else {
        return false;
    };
    match way::to(SocketAddr::new(ip.to_canonical(), 0)) {
        Way::Home => !ip.to_canonical().is_loopback(),
        Way::Out | Way::Nowhere(_) => false,
    }
}

/// What of one target's host is ours.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    /// The host is one of our own site, by its name.
    host: bool,
    /// The host is written as loopback: labs and drills live there, and that is taken as written.
    loopback: bool,
    /// The addresses of our own site.
    addresses: Vec<IpAddr>,
}

impl Ours {
    /// `site` holds the hosts and addresses of our own site.
    pub(super) fn new(host: &str, site: &[String]) -> Self {
        let host = bare(host);
        let literal = |text: &str| text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        Self {
            host: site.iter().any(|ours| ours.eq_ignore_ascii_case(host)),
            // RFC 6761, section 6.3: `localhost` is loopback, whatever a name server says.
            loopback: host.eq_ignore_ascii_case("localhost")
                || literal(host).is_some_and(|ip| ip.is_loopback()),
            addresses: site.iter().filter_map(|ours| literal(ours)).collect(),
        }
    }

    /// Whether whoever answers at `address` just now is on our own side.
    pub(super) fn have(&self, address: SocketAddr) -> bool {
        let ip = address.ip();
        if self.host || self.addresses.contains(&ip) {
            return true;
        }
        match way::to(address) {
            Way::Home => !(self.loopback && ip.is_loopback()),
            Way::Out | Way::Nowhere(_) => false,
        }
    }
}
