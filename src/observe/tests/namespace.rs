//! Looks in a network namespace of their own, where silence and missing rights can be made. The
//! namespace goes away with the process in it. It takes the right to make one.

use std::process::{Command, Output};
use std::time::Duration;

use super::{Target, look};

/// Names the target, and the time for it, to a second process of this very test.
const MARK: &str = "HABEAT_TEST_LOOK";
/// For what never comes.
const SHORT: u64 = 1;
/// For what does, on a busy machine.
const LONG: u64 = 20;

#[expect(
    clippy::disallowed_methods,
    reason = "only a program can make a namespace"
)]
fn in_namespace(script: &str, target: &str, seconds: u64) -> Output {
    Command::new("unshare")
        .args(["--net", "sh", "-ec", script, "sh"])
        .arg(std::env::current_exe().expect("our own path"))
        .args([
            "--exact",
            "observe::tests::namespace::looks_in_a_namespace",
            "--nocapture",
        ])
        .env(MARK, format!("{seconds} {target}"))
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

/// Addresses that came to this node with the traffic, and a whole network of them.
const MOVED: &str = "ip link set lo up; ip addr add 203.0.113.80/32 dev lo; \
    ip addr add 2001:db8::80/128 dev lo nodad; ip route add local 198.51.100.0/24 dev lo";
/// All ways lead over a router, which knows some of them to be closed.
const ROUTER: &str = "ip link set lo up; \
    unshare --net setpriv --pdeathsig KILL sleep 600 >/dev/null 2>&1 & router=$!; \
    until [ \"$(readlink /proc/$router/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ]; \
    do sleep 0.01; done; \
    ip link add va type veth peer name vb; ip link set vb netns $router; \
    nsenter -t $router -n sh -ec ' \
    echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; \
    ip addr add 192.0.2.2/24 dev vb; ip addr add 2001:db8::2/64 dev vb nodad; ip link set vb up; \
    ip route add unreachable 198.51.100.0/25; ip route add prohibit 198.51.100.128/25; \
    ip route add unreachable 2001:db8:1::/48; ip route add prohibit 2001:db8:2::/48'; \
    ip addr add 192.0.2.1/24 dev va; ip addr add 2001:db8::1/64 dev va nodad; ip link set va up; \
    ip route add default via 192.0.2.2; ip route add default via 2001:db8::2; \
    until ip route get 203.0.113.7 >/dev/null; do sleep 0.01; done";

const ANSWERED: &str = "Answered";
const NO_NETWORK: &str = "CouldNotProbe(\"Network is unreachable";
const OUR_FAULT: &str = "CouldNotProbe(";
const NO_PERMISSION: &str = "CouldNotProbe(\"no permission for ICMP";
const NO_ROUTE: &str = "NoAnswer(\"no route to host\")";
const OFF_THE_WAY: &str = "NoAnswer(\"network unreachable on the way\")";
const PROHIBITED_THERE: &str = "NoAnswer(\"prohibited on the way\")";
const OURS: &str = "Ours(";
const REFUSED: &str = "NoAnswer(\"refused\")";
const TIMEOUT: &str = "NoAnswer(\"timeout\")";

/// What it shows, how the namespace is made, the target, how the answer begins.
const CASES: [(&str, &str, &str, &str); 31] = [
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
    (
        "unreachable here",
        UNREACHABLE,
        "icmp://192.0.2.7",
        OUR_FAULT,
    ),
    (
        "unreachable here, TCP",
        UNREACHABLE,
        "tcp://192.0.2.7",
        OUR_FAULT,
    ),
    // Linux hands these two to no raw socket.
    ("net unreachable", ROUTER, "icmp://203.0.113.7", TIMEOUT),
    (
        "net unreachable, TCP",
        ROUTER,
        "tcp://203.0.113.7",
        OFF_THE_WAY,
    ),
    ("host unreachable", ROUTER, "icmp://198.51.100.7", TIMEOUT),
    (
        "host unreachable, TCP",
        ROUTER,
        "tcp://198.51.100.7",
        NO_ROUTE,
    ),
    ("prohibited", ROUTER, "icmp://198.51.100.207", NO_ROUTE),
    ("prohibited, TCP", ROUTER, "tcp://198.51.100.207", NO_ROUTE),
    (
        "unreachable, IPv6",
        ROUTER,
        "tcp://2001:db8:1::7",
        OFF_THE_WAY,
    ),
    (
        "prohibited, IPv6",
        ROUTER,
        "tcp://2001:db8:2::7",
        PROHIBITED_THERE,
    ),
    (
        "an address that moved here",
        MOVED,
        "icmp://203.0.113.80",
        OURS,
    ),
    ("the same, IPv6", MOVED, "icmp://2001:db8::80", OURS),
    (
        "one that moved here with its network",
        MOVED,
        "icmp://198.51.100.7",
        OURS,
    ),
    ("it answers nothing", MOVED, "tcp://203.0.113.80", REFUSED),
    ("loopback as written", UP, "icmp://127.0.0.7", ANSWERED),
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
    if let Ok(mark) = std::env::var(MARK) {
        let (seconds, target) = mark.split_once(' ').expect("two words");
        let within = Duration::from_secs(seconds.parse().expect("seconds"));
        let answer = look(&parse(target), within);
        println!("\nsaw {answer:?}");
        return;
    }
    for (name, setup, target, expected) in CASES {
        let seconds = if expected == TIMEOUT { SHORT } else { LONG };
        let output = in_namespace(&format!("{setup}; exec \"$@\""), target, seconds);
        let said = String::from_utf8_lossy(&output.stdout);
        let saw = said.split_once("\nsaw ").map(|(_, saw)| saw);
        assert!(
            saw.is_some_and(|saw| saw.starts_with(expected)),
            "{name}: {output:?}"
        );
    }
}
