//! Hosts as network namespaces around one switch. Any host can be cut off or made silent.
//!
//! Needs root and iproute2. Everything made here is gone when the [`Network`] is dropped.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The namespace with the bridge. Not a host: it has no address.
const SWITCH: &str = "switch";

/// One host: its name in the lab, and its address in 10.99.0.0/24.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) ip: Ipv4Addr,
}

/// Namespaces of our own, one per host.
pub(crate) struct Network {
    prefix: String,
    made: Vec<&'static str>,
}

impl Network {
    /// Plugs every host into the switch.
    pub(crate) fn new(hosts: &[Host]) -> Self {
        let mut network = Self {
            prefix: free_prefix(),
            made: Vec::new(),
        };
        network.add_namespace(SWITCH);
        network.ip(SWITCH, "link add br0 type bridge");
        network.ip(SWITCH, "link set br0 up");
        for host in hosts {
            network.plug_in(*host);
        }
        network
    }

    /// Takes the host's plug out of the switch.
    pub(crate) fn cut(&self, host: &str) {
        self.ip(SWITCH, &format!("link set {host} down"));
    }

    /// Plugs the host in again.
    pub(crate) fn mend(&self, host: &str) {
        self.ip(SWITCH, &format!("link set {host} up"));
    }

    /// The host lives, but leaves every echo request unanswered (`ip-sysctl.rst` of the kernel).
    pub(crate) fn ignore_ping(&self, host: &str, ignore: bool) {
        let line = format!(
            "echo {} >/proc/sys/net/ipv4/icmp_echo_ignore_all",
            u8::from(ignore)
        );
        let mut echo = self.command(host, "sh");
        run(echo.args(["-c", &line]));
    }

    /// Prepares a program to run on the host. It dies with the thread that starts it, so that
    /// a test that is killed leaves no program behind.
    pub(crate) fn command(&self, host: &str, program: impl AsRef<Path>) -> Command {
        let mut command = command("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", "ip", "netns", "exec"])
            .arg(self.namespace(host))
            .arg(program.as_ref());
        command
    }

    fn add_namespace(&mut self, name: &'static str) {
        run(command("ip").args(["netns", "add", &self.namespace(name)]));
        self.made.push(name);
        self.ip(name, "link set lo up");
    }

    fn plug_in(&mut self, host: Host) {
        let Host { name, ip } = host;
        let namespace = self.namespace(name);
        self.add_namespace(name);
        self.ip(
            SWITCH,
            &format!("link add {name} type veth peer name eth0 netns {namespace}"),
        );
        self.ip(SWITCH, &format!("link set {name} master br0 up"));
        self.ip(name, &format!("address add {ip}/24 dev eth0"));
        self.ip(name, "link set eth0 up");
    }

    fn ip(&self, host: &str, words: &str) {
        let mut ip = command("ip");
        ip.args(["-n", &self.namespace(host)]);
        run(ip.args(words.split(' ')));
    }

    fn namespace(&self, host: &str) -> String {
        format!("{}-{host}", self.prefix)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.made {
            let namespace = self.namespace(name);
            if let Err(error) = command("ip").args(["netns", "del", &namespace]).status() {
                eprintln!("could not remove namespace {namespace}: {error}");
            }
        }
    }
}

/// Finds a name that neither another lab nor what one left behind is using.
fn free_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
        .map(|n| format!("habeat-{}-{n}", std::process::id()))
        .find(|prefix| !Path::new(&format!("/run/netns/{prefix}-{SWITCH}")).exists())
        .unwrap()
}

/// Prepares a program of this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "the lab is outside habeat; it starts habeat and the peers"
)]
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    Command::new(program.as_ref())
}

/// Runs a program to its end, which must be a good one.
fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}: {} (the lab needs root)",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim(),
    );
}
