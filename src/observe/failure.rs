//! What a failed call says: the peer's silence, or something that this node lacks.

use std::io;
use std::net::IpAddr;

use rustix::io::Errno;

use super::Answer;

/// Errors that the other side causes, or that the way to it reports (ICMP, as `icmp_err_convert` in
/// net/ipv4/icmp.c and `tab_unreach` in net/ipv6/icmp.c translate it): the table of this node has a
/// way out, as was looked up before. Every other one (no permission, no free descriptor) is a
/// fault on our own side and says nothing about the peer.
const THEIRS: [(Errno, &str); 10] = [
    (Errno::CONNREFUSED, "refused"),
    (Errno::TIMEDOUT, "timeout"),
    (Errno::HOSTUNREACH, "no route to host"),
    (Errno::HOSTDOWN, "host is down"),
    (Errno::NETUNREACH, "network unreachable on the way"),
    (Errno::NONET, "host is isolated"),
    (Errno::NOPROTOOPT, "protocol unreachable"),
    (Errno::PROTO, "not understood on the way"),
    (Errno::CONNRESET, "reset"),
    (Errno::CONNABORTED, "reset"),
];

/// Returns what a failed call says about whoever is at `ip`.
pub(super) fn failed(err: &io::Error, ip: IpAddr) -> Answer {
    let is = |errno: Errno| err.raw_os_error() == Some(errno.raw_os_error());
    let theirs = THEIRS.into_iter().find(|(errno, _)| is(*errno));
    match (theirs, err.kind()) {
        (Some((_, how)), _) => Answer::NoAnswer(how.to_owned()),
        // `connect_timeout` makes its own error, without a number.
        (None, io::ErrorKind::TimedOut) => Answer::NoAnswer("timeout".to_owned()),
        // Over IPv4 a router's word comes as one of the others, and this is only ever our own.
        (None, io::ErrorKind::PermissionDenied) if ip.is_ipv6() && is(Errno::ACCESS) => {
            Answer::NoAnswer("prohibited on the way".to_owned())
        }
        (None, _) => Answer::CouldNotProbe(err.to_string()),
    }
}
