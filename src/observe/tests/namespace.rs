//! Looks in a network namespace of their own, where silence and missing rights can be made. The
//! namespace goes away with the process in it. To make one needs root.

use std::process::{Command, Output};
use std::time::Duration;

use super::super::look::look;
use super::Target;

/// Names the target to a second process of this very test.
const MARK: &str = "HABEAT_TEST_LOOK";

#[expect(
    clippy::disallowed_methods,
    reason = "only a program can make a namespace"
)]
fn in_namespace(script: &str, target: &str) -> Output {
    Command::new("unshare")
        .args(["--net", "sh", "-ec", script, "sh"])
        .arg(std::env::current_exe().expect("our own path"))
        .args([
            "--exact",
            "observe::tests::namespace::looks_in_a_namespace",
            "--nocapture",
        ])
        .env(MARK, target)
        .output()
        .expect("unshare(1)")
}

fn parse(target: &str) -> Target {
    match target.split_once("://") {
        Some(("icmp", host)) => Target::Icmp {
            host: host.to_owned(),
        },
        Some(("tcp", host)) => Target::Tcp {
            host: host.to_owned(),
            port: 9,
        },
        _ => panic!("{target}"),
    }
}

/// Loopback works.
const UP: &str = "ip link set lo up";
/// Loopback answers no echo.
const DEAF: &str = "ip link set lo up; echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all";
const BLACKHOLE: &str = "ip link set lo up; ip route add blackhole 192.0.2.0/24";
const UNREACHABLE: &str = "ip link set lo up; ip route add unreachable 192.0.2.0/24";
const PROHIBITED: &str = "ip link set lo up; ip route add prohibit 192.0.2.0/24";
/// A network without neighbours.
const ALONE: &str = "ip link add name va type veth peer name vb; ip link set va up; \
    ip link set vb up; ip addr add 192.0.2.1/24 dev va";
/// No raw sockets, and no group may open ping sockets.
const NO_RIGHT: &str = "ip link set lo up; echo '1 0' > /proc/sys/net/ipv4/ping_group_range; \
    set -- setpriv --inh-caps=-net_raw --bounding-set=-net_raw \"$@\"";
/// No raw sockets, but our group may open ping sockets.
const PING: &str = "ip link set lo up; echo '0 0' > /proc/sys/net/ipv4/ping_group_range; \
    set -- setpriv --inh-caps=-net_raw --bounding-set=-net_raw \"$@\"";

const ANSWERED: &str = "Answered";
const NO_NETWORK: &str = "CouldNotProbe(\"Network is unreachable";
const OUR_FAULT: &str = "CouldNotProbe(";
const NO_PERMISSION: &str = "CouldNotProbe(\"no permission for ICMP";
const NO_ROUTE: &str = "NoAnswer(\"no route to host\")";
const TIMEOUT: &str = "NoAnswer(\"timeout\")";

/// What it shows, how the namespace is made, the target, how the answer begins.
const CASES: [(&str, &str, &str, &str); 18] = [
    ("IPv4", UP, "icmp://127.0.0.1", ANSWERED),
    ("IPv6", UP, "icmp://::1", ANSWERED),
    ("a name", UP, "icmp://localhost", ANSWERED),
    (
        "our own request is no reply",
        DEAF,
        "icmp://127.0.0.1",
        TIMEOUT,
    ),
    ("no network", "true", "icmp://127.0.0.1", NO_NETWORK),
    ("no route", UP, "icmp://192.0.2.7", NO_NETWORK),
    ("no route, TCP", UP, "tcp://192.0.2.7", NO_NETWORK),
    ("no route, IPv6", UP, "icmp://2001:db8::7", NO_NETWORK),
    ("a blackhole here", BLACKHOLE, "icmp://192.0.2.7", OUR_FAULT),
    (
        "a blackhole here, TCP",
        BLACKHOLE,
        "tcp://192.0.2.7",
        OUR_FAULT,
    ),
    ("prohibited here", PROHIBITED, "icmp://192.0.2.7", OUR_FAULT),
    ("unreachable", UNREACHABLE, "icmp://192.0.2.7", NO_ROUTE),
    ("unreachable, TCP", UNREACHABLE, "tcp://192.0.2.7", NO_ROUTE),
    ("nobody there", ALONE, "icmp://192.0.2.7", TIMEOUT),
    ("nobody there, TCP", ALONE, "tcp://192.0.2.7", TIMEOUT),
    (
        "no right to a socket",
        NO_RIGHT,
        "icmp://127.0.0.1",
        NO_PERMISSION,
    ),
    ("a ping socket", PING, "icmp://127.0.0.1", ANSWERED),
    ("a ping socket, IPv6", PING, "icmp://::1", ANSWERED),
];

#[test]
fn looks_in_a_namespace() {
    if let Ok(target) = std::env::var(MARK) {
        let answer = look(&parse(&target), Duration::from_secs(1));
        println!("\nsaw {answer:?}");
        return;
    }
    for (name, setup, target, expected) in CASES {
        let output = in_namespace(&format!("{setup}; exec \"$@\""), target);
        let said = String::from_utf8_lossy(&output.stdout);
        let saw = said.split_once("\nsaw ").map(|(_, saw)| saw);
        assert!(
            saw.is_some_and(|saw| saw.starts_with(expected)),
            "{name}: {output:?}"
        );
    }
}
