//! Looks in a network namespace of their own, where silence and missing rights can be made. The
//! namespace goes away with the process in it. Without the right to make one nothing is tested.

use std::process::{Command, Output};
use std::time::Duration;

use super::super::look::look;
use super::Target;

/// Names the target to a second process of this very test.
const MARK: &str = "HABEAT_TEST_LOOK";

/// Runs a program without the right to open raw sockets.
const WITHOUT_NET_RAW: &str = "setpriv --inh-caps=-net_raw --bounding-set=-net_raw";

/// Prepares a namespace: loopback works.
const UP: &str = "ip link set lo up";

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

#[test]
fn looks_in_a_namespace() {
    if let Ok(target) = std::env::var(MARK) {
        let answer = look(&parse(&target), Duration::from_millis(500));
        println!("\nsaw {answer:?}");
        return;
    }
    if !in_namespace("true", "").status.success() {
        eprintln!("not tested: no right to make a network namespace");
        return;
    }
    let deaf = format!("{UP}; echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all");
    let blackhole = format!("{UP}; ip route add blackhole 192.0.2.0/24");
    let unreachable = format!("{UP}; ip route add unreachable 192.0.2.0/24");
    let prohibited = format!("{UP}; ip route add prohibit 192.0.2.0/24");
    let nobody_there = format!(
        "{UP}; ip link add name va type veth peer name vb; ip link set va up; ip link set vb up; \
         ip addr add 192.0.2.1/24 dev va"
    );
    let range = |range| format!("{UP}; echo '{range}' > /proc/sys/net/ipv4/ping_group_range");
    let (closed, open) = (range("1 0"), range("0 0"));
    for (name, setup, prefix, target, expected) in [
        ("IPv4", UP, "", "icmp://127.0.0.1", "Answered"),
        ("IPv6", UP, "", "icmp://::1", "Answered"),
        ("a name", UP, "", "icmp://localhost", "Answered"),
        (
            "our own request is no reply",
            &deaf,
            "",
            "icmp://127.0.0.1",
            "NoAnswer(\"timeout\")",
        ),
        (
            "no network",
            "true",
            "",
            "icmp://127.0.0.1",
            "CouldNotProbe(\"Network is unreachable",
        ),
        (
            "no route",
            UP,
            "",
            "icmp://192.0.2.7",
            "CouldNotProbe(\"Network is unreachable",
        ),
        (
            "no route, TCP",
            UP,
            "",
            "tcp://192.0.2.7",
            "CouldNotProbe(\"Network is unreachable",
        ),
        (
            "no route, IPv6",
            UP,
            "",
            "icmp://2001:db8::7",
            "CouldNotProbe(\"Network is unreachable",
        ),
        (
            "a blackhole here",
            &blackhole,
            "",
            "icmp://192.0.2.7",
            "CouldNotProbe(",
        ),
        (
            "a blackhole here, TCP",
            &blackhole,
            "",
            "tcp://192.0.2.7",
            "CouldNotProbe(",
        ),
        (
            "unreachable",
            &unreachable,
            "",
            "icmp://192.0.2.7",
            "NoAnswer(\"no route to host\")",
        ),
        (
            "unreachable, TCP",
            &unreachable,
            "",
            "tcp://192.0.2.7",
            "NoAnswer(\"no route to host\")",
        ),
        (
            "prohibited here",
            &prohibited,
            "",
            "icmp://192.0.2.7",
            "CouldNotProbe(",
        ),
        (
            "nobody there",
            &nobody_there,
            "",
            "icmp://192.0.2.7",
            "NoAnswer(\"timeout\")",
        ),
        (
            "nobody there, TCP",
            &nobody_there,
            "",
            "tcp://192.0.2.7",
            "NoAnswer(\"timeout\")",
        ),
        (
            "no right to either socket",
            &closed,
            WITHOUT_NET_RAW,
            "icmp://127.0.0.1",
            "CouldNotProbe(\"no permission",
        ),
        (
            "a ping socket",
            &open,
            WITHOUT_NET_RAW,
            "icmp://127.0.0.1",
            "Answered",
        ),
        (
            "a ping socket, IPv6",
            &open,
            WITHOUT_NET_RAW,
            "icmp://::1",
            "Answered",
        ),
    ] {
        let output = in_namespace(&format!("{setup}; exec {prefix} \"$@\""), target);
        let said = String::from_utf8_lossy(&output.stdout);
        let saw = said.split_once("\nsaw ").map(|(_, saw)| saw);
        assert!(
            saw.is_some_and(|saw| saw.starts_with(expected)),
            "{name}: {output:?}"
        );
    }
}
