//! ICMP echo (RFC 792, RFC 4443) on a socket of our own, without a helper program.
//!
//! A raw socket needs `CAP_NET_RAW`; the datagram "ping socket" (icmp(7)) needs our group in
//! `net.ipv4.ping_group_range`. Without either there is no look, which is not silence.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, getsockname, ipproto,
    recvfrom, send, socket_with,
};

use super::Answer;
use super::failure::failed;

/// Type of an echo request and of its reply (RFC 792, page 14).
const ECHO_V4: (u8, u8) = (8, 0);
/// Type of an echo request and of its reply (RFC 4443, section 4).
const ECHO_V6: (u8, u8) = (128, 129);
/// Type, code, checksum, identifier, sequence number; the token follows.
const HEADER: usize = 8;
/// The whole message.
const LENGTH: usize = HEADER + 16;

/// Sends one echo request and waits for its reply.
pub(super) fn look(address: SocketAddr, within: Duration) -> Answer {
    let deadline = Instant::now() + within;
    let (socket, kind) = match open(address) {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let asked = ask(&socket, kind, address);
    match asked.and_then(|echo| await_reply(&socket, &echo, deadline)) {
        Ok(true) => Answer::Answered,
        Ok(false) => Answer::NoAnswer("timeout".to_owned()),
        Err(errno) => failed(&errno.into(), address.ip()),
    }
}

/// What the kernel puts before, and writes into, our messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sees every ICMP message of the peer; over IPv4 with its IP header.
    Raw,
    /// Sees only replies to us; the kernel sets the identifier.
    Ping,
}

fn open(address: SocketAddr) -> Result<(OwnedFd, Kind), Answer> {
    let (family, protocol) = match address {
        SocketAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        SocketAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    let open = |of_type| socket_with(family, of_type, SocketFlags::CLOEXEC, Some(protocol));
    let denied = |errno| matches!(errno, Errno::PERM | Errno::ACCESS);
    match open(SocketType::RAW) {
        Ok(socket) => return Ok((socket, Kind::Raw)),
        Err(errno) if !denied(errno) => return Err(failed(&errno.into(), address.ip())),
        Err(_) => {}
    }
    match open(SocketType::DGRAM) {
        Ok(socket) => Ok((socket, Kind::Ping)),
        Err(errno) if !denied(errno) => Err(failed(&errno.into(), address.ip())),
        Err(_) => Err(Answer::CouldNotProbe(
            "no permission for ICMP: needs CAP_NET_RAW, or our group in net.ipv4.ping_group_range"
                .to_owned(),
        )),
    }
}

/// Sends the request. A connected socket hears only this peer, and of errors on the way.
fn ask(socket: &OwnedFd, kind: Kind, address: SocketAddr) -> Result<Echo, Errno> {
    connect(socket, &address)?;
    let mut echo = Echo::new(address, kind);
    if kind == Kind::Ping {
        let local = SocketAddr::try_from(getsockname(socket)?)?;
        echo.identifier = local.port();
    }
    send(socket, &echo.request(), SendFlags::empty())?;
    Ok(echo)
}

/// Waits for the reply, ignoring everything else. What has arrived by the deadline still counts.
fn await_reply(socket: &OwnedFd, echo: &Echo, deadline: Instant) -> Result<bool, Errno> {
    let mut packet = [0_u8; 512];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
        match poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&patience)) {
            Ok(0) => return Ok(false),
            Ok(_) => match recvfrom(socket, &mut packet, RecvFlags::DONTWAIT) {
                Ok((length, _, source)) => {
                    let source = source.and_then(|any| SocketAddr::try_from(any).ok());
                    if echo.is_answered_by(packet.get(..length).unwrap_or_default(), source) {
                        return Ok(true);
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(errno),
            },
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        if left.is_zero() {
            return Ok(false);
        }
    }
}

/// One request and how to recognise its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Echo {
    peer: SocketAddr,
    kind: Kind,
    identifier: u16,
    sequence: u16,
    token: [u8; 16],
}

impl Echo {
    fn new(peer: SocketAddr, kind: Kind) -> Self {
        // The standard library seeds its hash maps at random: enough to tell our replies from
        // those to anybody else, and to our own earlier looks.
        let seed = RandomState::new();
        let [a, b, c] = [0, 1, 2].map(|n: u8| seed.hash_one(n).to_ne_bytes());
        let mut token = [0; 16];
        token[..8].copy_from_slice(&a);
        token[8..].copy_from_slice(&b);
        Self {
            peer,
            kind,
            identifier: u16::from_ne_bytes([c[0], c[1]]),
            sequence: u16::from_ne_bytes([c[2], c[3]]),
            token,
        }
    }

    fn types(&self) -> (u8, u8) {
        match self.peer {
            SocketAddr::V4(_) => ECHO_V4,
            SocketAddr::V6(_) => ECHO_V6,
        }
    }

    /// Returns the message; over IPv6 the kernel fills in the checksum (RFC 3542, section 3.1).
    fn request(&self) -> [u8; LENGTH] {
        let mut message = self.message(self.types().0);
        if self.peer.is_ipv4() {
            let sum = checksum(&message).to_be_bytes();
            message[2..4].copy_from_slice(&sum);
        }
        message
    }

    fn message(&self, of_type: u8) -> [u8; LENGTH] {
        let mut message = [0; LENGTH];
        message[0] = of_type;
        message[4..6].copy_from_slice(&self.identifier.to_be_bytes());
        message[6..HEADER].copy_from_slice(&self.sequence.to_be_bytes());
        message[HEADER..].copy_from_slice(&self.token);
        message
    }

    fn is_answered_by(&self, packet: &[u8], source: Option<SocketAddr>) -> bool {
        let Some(message) = self.without_ip_header(packet) else {
            return false;
        };
        let mut expected = self.message(self.types().1);
        // The checksum is the kernel's business; everything else must be as we sent it.
        if let Some(sum) = message.get(2..4) {
            expected[2..4].copy_from_slice(sum);
        }
        message == expected && source.is_some_and(|from| from.ip() == self.peer.ip())
    }

    /// Only a raw IPv4 socket delivers the IP header (raw(7)); its first byte holds the
    /// version and the length in units of four bytes (RFC 791, section 3.1).
    fn without_ip_header<'p>(&self, packet: &'p [u8]) -> Option<&'p [u8]> {
        if self.kind == Kind::Ping || self.peer.is_ipv6() {
            return Some(packet);
        }
        let first = *packet.first()?;
        let length = usize::from(first & 0x0f) * 4;
        packet.get(length..).filter(|_| first >> 4 == 4)
    }
}

/// The Internet checksum (RFC 1071).
fn checksum(message: &[u8]) -> u16 {
    let words = message.chunks(2).map(|pair| match *pair {
        [high, low] => u16::from_be_bytes([high, low]),
        [high] => u16::from_be_bytes([high, 0]),
        _ => 0,
    });
    let mut sum: u32 = words.map(u32::from).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
