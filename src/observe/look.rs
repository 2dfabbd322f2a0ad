//! One look at one target, and what a failure of it says: the other side's silence, or our own
//! fault. Only what clearly comes from the other side counts as silence.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::{Answer, http, icmp, tcp};
use crate::base::resolve::resolve;
use crate::config::Target;

/// Looks at one target, for `timeout` at the most.
pub(crate) fn look(target: &Target, timeout: Duration) -> Answer {
    match target {
        Target::Icmp { host } => at_each_address(host, 0, timeout, icmp::look),
        Target::Tcp { host, port } => at_each_address(host, *port, timeout, tcp::look),
        Target::Http(http) => http::look(http, timeout),
    }
}

/// Looks at every address of `host` until one answers; they share the time that is left.
///
/// A resolver may use half of the time, so that a slow one cannot pass for a silent peer. An
/// address that could not be probed outweighs one that did not answer: the peer may live there.
pub(super) fn at_each_address(
    host: &str,
    port: u16,
    timeout: Duration,
    look: impl Fn(SocketAddr, Duration) -> Answer,
) -> Answer {
    let deadline = Instant::now() + timeout;
    let addresses = match resolve(host, port, timeout / 2) {
        Ok(addresses) => addresses,
        Err(why) => return Answer::CouldNotProbe(why),
    };
    let (mut silent, mut unsure) = (None, None);
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let several = left > 1;
    for address in addresses {
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        let answer = if share.is_zero() {
            Answer::CouldNotProbe("no time was left to look".to_owned())
        } else {
            look(address, share)
        };
        match answer {
            Answer::Answered => return Answer::Answered,
            Answer::NoAnswer(how) => silent = silent.or(Some((address, how))),
            Answer::CouldNotProbe(why) => unsure = unsure.or(Some((address, why))),
        }
    }
    let named = |(address, what): (SocketAddr, String)| {
        if several {
            format!("{}: {what}", address.ip())
        } else {
            what
        }
    };
    match (unsure, silent) {
        (Some(found), _) => Answer::CouldNotProbe(named(found)),
        (None, Some(found)) => Answer::NoAnswer(named(found)),
        (None, None) => Answer::CouldNotProbe(format!("{host} has no address")),
    }
}

/// Errors that the other side, or the way to it, causes. Every other one (no route at all, no
/// permission, no free descriptor) is a fault on our own side and says nothing about the peer.
const THEIRS: [(Errno, &str); 6] = [
    (Errno::CONNREFUSED, "refused"),
    (Errno::TIMEDOUT, "timeout"),
    (Errno::HOSTUNREACH, "no route to host"),
    (Errno::HOSTDOWN, "host is down"),
    (Errno::CONNRESET, "reset"),
    (Errno::CONNABORTED, "reset"),
];

/// Returns what a failed call says about the target.
pub(super) fn failed(err: &io::Error) -> Answer {
    let theirs = THEIRS
        .into_iter()
        .find(|(errno, _)| err.raw_os_error() == Some(errno.raw_os_error()));
    match (theirs, err.kind()) {
        (Some((_, how)), _) => Answer::NoAnswer(how.to_owned()),
        // `connect_timeout` makes its own error, without a number.
        (None, io::ErrorKind::TimedOut) => Answer::NoAnswer("timeout".to_owned()),
        (None, _) => Answer::CouldNotProbe(err.to_string()),
    }
}
