use std::io;
use std::time::Duration;

use rustix::io::Errno;

use super::super::failure::failed;
use super::{AMPLE, Answer, Target, closed, look, open, unknown_name};

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
fn only_errors_from_the_other_side_and_from_the_way_are_silence() {
    let [four, six] = ["192.0.2.7", "2001:db8::7"].map(|ip| ip.parse().expect("an address"));
    for (errno, expected) in [
        (Errno::CONNREFUSED, Some("refused")),
        (Errno::TIMEDOUT, Some("timeout")),
        (Errno::HOSTUNREACH, Some("no route to host")),
        (Errno::HOSTDOWN, Some("host is down")),
        (Errno::CONNRESET, Some("reset")),
        (Errno::CONNABORTED, Some("reset")),
        (Errno::NETUNREACH, Some("network unreachable on the way")),
        (Errno::NONET, Some("host is isolated")),
        (Errno::NOPROTOOPT, Some("protocol unreachable")),
        (Errno::PROTO, Some("not understood on the way")),
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
        assert_eq!(failed(&err, four), expected, "{errno:?}");
        if errno != Errno::ACCESS {
            assert_eq!(failed(&err, six), expected, "{errno:?}");
        }
    }
    let prohibited = failed(&io::Error::from(Errno::ACCESS), six);
    assert_eq!(
        prohibited,
        Answer::NoAnswer("prohibited on the way".to_owned())
    );
    let unnumbered = io::Error::from(io::ErrorKind::TimedOut);
    assert_eq!(
        failed(&unnumbered, four),
        Answer::NoAnswer("timeout".to_owned())
    );
}
