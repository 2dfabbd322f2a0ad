use std::io;
use std::time::Duration;

use rustix::io::Errno;

use super::super::look::{failed, look};
use super::{AMPLE, Answer, Target, closed, open, unknown_name};

#[test]
fn an_accepted_connection_is_an_answer() {
    assert_eq!(look(&open(), AMPLE), Answer::Answered);
}

#[test]
fn a_refused_connection_is_silence() {
    assert_eq!(
        look(&closed(), AMPLE),
        Answer::NoAnswer("refused".to_owned())
    );
}

#[test]
fn a_name_without_address_is_no_silence() {
    let Answer::CouldNotProbe(why) = look(&unknown_name(), AMPLE) else {
        panic!("a name that does not exist cannot be probed");
    };
    assert!(
        why.starts_with("cannot resolve no-such-host.invalid: "),
        "{why}"
    );
}

#[test]
fn without_any_time_nothing_is_probed() {
    let icmp = Target::Icmp {
        host: "127.0.0.1".to_owned(),
    };
    for target in [open(), closed(), unknown_name(), icmp] {
        let answer = look(&target, Duration::ZERO);
        assert!(
            matches!(answer, Answer::CouldNotProbe(_)),
            "{target}: {answer:?}"
        );
    }
}

#[test]
fn only_errors_from_the_other_side_are_silence() {
    for (errno, expected) in [
        (Errno::CONNREFUSED, Some("refused")),
        (Errno::TIMEDOUT, Some("timeout")),
        (Errno::HOSTUNREACH, Some("no route to host")),
        (Errno::HOSTDOWN, Some("host is down")),
        (Errno::CONNRESET, Some("reset")),
        (Errno::CONNABORTED, Some("reset")),
        (Errno::NETUNREACH, None),
        (Errno::NETDOWN, None),
        (Errno::ACCESS, None),
        (Errno::PERM, None),
        (Errno::INVAL, None),
        (Errno::ADDRNOTAVAIL, None),
        (Errno::AFNOSUPPORT, None),
        (Errno::MFILE, None),
        (Errno::NFILE, None),
        (Errno::NOBUFS, None),
        (Errno::NOMEM, None),
    ] {
        let err = io::Error::from(errno);
        let expected = match expected {
            Some(how) => Answer::NoAnswer(how.to_owned()),
            None => Answer::CouldNotProbe(err.to_string()),
        };
        assert_eq!(failed(&err), expected, "{errno:?}");
    }
    let unnumbered = io::Error::from(io::ErrorKind::TimedOut);
    assert_eq!(failed(&unnumbered), Answer::NoAnswer("timeout".to_owned()));
}
