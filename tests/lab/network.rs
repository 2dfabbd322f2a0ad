//! Hosts as network namespaces around one switch. Any host can be cut off or made silent.
//!
//! Needs root and iproute2. Everything made here is gone when the [`Network`] is dropped.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};

/// The namespace with the bridge. Not a host: it has no address.
const SWITCH: &str = "switch";
/// Starts a program where what is unpacked in the folder `$0` looks installed.
const OVERLAY: &str = r#"cd "$0" && mount -t overlay -o ro,lowerdir=usr:/usr bgp /usr &&
    mount -t overlay -o ro,lowerdir=etc:/etc bgp /etc && cd / && exec "$@""#;

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

    /// The same, for a program that is a BGP speaker of Debian's, or calls one.
    pub(crate) fn with_bgp(&self, host: &str, program: impl AsRef<Path>) -> Command {
        let mut shell = self.command(host, "sh");
        shell.args(["-c", OVERLAY]).arg(peer("bgp"));
        shell.arg(program.as_ref());
        shell
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
            end_all_in(&namespace);
            if let Err(error) = command("ip").args(["netns", "del", &namespace]).status() {
                eprintln!("could not remove namespace {namespace}: {error}");
            }
        }
    }
}

/// Ends what is left there, as a command of a habeat that was killed.
fn end_all_in(namespace: &str) {
    let listed = command("ip").args(["netns", "pids", namespace]).output();
    let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let pids = listed.unwrap_or_default();
    let pids = pids.lines().filter_map(|line| line.trim().parse().ok());
    for pid in pids.filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Returns where `tests/lab/unpack` puts a part.
pub(crate) fn peer(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/peers")
        .join(name);
    assert!(
        folder.exists(),
        "{folder:?} is missing: `tests/lab/unpack {name}` brings it"
    );
    folder
}

/// Returns the real Consul.
pub(crate) fn consul() -> PathBuf {
    peer("consul").join("usr/bin/consul")
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
