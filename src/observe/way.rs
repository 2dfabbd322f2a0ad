//! Where this node's own routing table leads for an address. Nothing is sent.
//!
//! It tells what this node lacks from what the way reports: after a way out was found, an error of
//! the network comes from there. And it tells, at the moment of the look, what is ours: an address
//! that moves with the traffic may be the peer's in one run and ours in the next.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The discard service (RFC 863). Connecting a UDP socket needs a port, and sends nothing to it.
const DISCARD: u16 = 9;

/// Where an address leads.
#[derive(Debug)]
pub(super) enum Way {
    /// Out of this node.
    Out,
    /// Back to this node.
    Home,
    /// Nowhere: this node has no route, or not even that family of addresses.
    Nowhere(io::Error),
}

/// Looks the address up.
pub(super) fn to(address: SocketAddr) -> Way {
    let mut there = address;
    there.set_port(DISCARD);
    let any = match address {
        SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    // A packet to an address of our own has that address for its sender too.
    let sender = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(there)?;
        socket.local_addr()
    });
    let ip = address.ip();
    match sender {
        Err(err) => Way::Nowhere(err),
        Ok(sender) if sender.ip() == ip || ip.is_loopback() || ip.is_unspecified() => Way::Home,
        Ok(_) => Way::Out,
    }
}
