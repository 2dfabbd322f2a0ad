//! Both sites at work: what is started where, and what can be seen of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::config::{self, MAILBOXES, MESH, PROXY};
use crate::consul::Consul;
use crate::network::{Host, Network};
use crate::node::{Node, write_program};
use crate::program::Program;
use crate::stage::{
    CLIENT, GATE, HOSTS, MAILBOX_A, MAILBOX_B, PORT, PROXY_A, PROXY_B, ROUTER, SERVER_B, SERVICE,
    SITE_A, SITE_B,
};
use crate::wait::wait_until;
use crate::{recipe, routes};

/// Nobody is told of a shorter way than by the router.
const FORWARD: &str = "echo 1 >/proc/sys/net/ipv4/ip_forward
    for at in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$at/send_redirects; done";

/// Accounts that live in site A.
pub(crate) const ACCOUNTS: [&str; 3] = [
    "anna@example.com",
    "berta@example.com",
    "o'neil@example.com",
];

/// The nodes of site B, and when the timer of each ticks first: not all at once.
const NODES: [(&str, Host, Duration); 3] = [
    (MESH, SERVER_B, Duration::ZERO),
    (MAILBOXES, MAILBOX_B, Duration::from_secs(1)),
    (PROXY, PROXY_B, Duration::from_secs(2)),
];

/// Field order is drop order: the timers end first, and programs before their namespaces go.
pub(crate) struct Lab {
    pub(crate) nodes: Vec<Node>,
    pub(crate) client: Client,
    pub(crate) site_a: Vec<Program>,
    _others: Vec<Program>,
    pub(crate) consul: Consul,
    pub(crate) network: Arc<Network>,
    folder: tempfile::TempDir,
}

impl Lab {
    /// Starts it all; site A serves.
    pub(crate) fn start() -> Self {
        let network = Arc::new(Network::new(&HOSTS));
        let folder = tempfile::tempdir().unwrap();
        let consul = Consul::start(&network, folder.path());
        let service = format!("{SERVICE}/32");
        for host in [PROXY_A, PROXY_B] {
            let mut ip = network.command(host.name, "ip");
            succeed(ip.args(["address", "add", &service, "dev", "lo"]));
        }
        let mut ip = network.command(CLIENT.name, "ip");
        succeed(ip.args(["route", "add", &service, "via", ROUTER]));
        succeed(network.command(GATE.name, "sh").args(["-c", FORWARD]));
        let client = Client::start(script(&network, CLIENT, "client.py").args([SERVICE, PORT]));
        let mut lab = Self {
            nodes: Vec::new(),
            client,
            site_a: Vec::new(),
            _others: Vec::new(),
            consul,
            network,
            folder,
        };
        lab._others = vec![
            lab.start_bird(GATE, &routes::router()),
            lab.start_bird(PROXY_B, &site_b()),
            lab.start_service(PROXY_B, PORT, SERVICE),
            lab.start_service(SERVER_B, "389", &SERVER_B.ip.to_string()),
        ];
        lab.start_mailboxes_a();
        lab.start_proxy_a();
        wait_until("the route to site A", || {
            lab.route().as_deref() == Some(SITE_A)
        });
        lab.start_nodes();
        lab
    }

    pub(crate) fn start_mailboxes_a(&mut self) {
        let lmtp = self.start_service(MAILBOX_A, "7025", &MAILBOX_A.ip.to_string());
        self.site_a.push(lmtp);
    }

    pub(crate) fn start_proxy_a(&mut self) {
        let bird = self.start_bird(PROXY_A, &routes::site_a());
        let service = self.start_service(PROXY_A, PORT, SERVICE);
        self.site_a.extend([bird, service]);
    }

    fn start_nodes(&mut self) {
        for (role, ..) in NODES {
            fs::create_dir(self.path(role)).unwrap();
            config::write(role, self.folder.path());
        }
        let [mailboxes, proxy] = [MAILBOXES, PROXY].map(|role| self.path(role));
        let gate = |heading| recipe::program(heading, &proxy.join("zmprov"));
        let programs = [
            (
                mailboxes.join("carbonio"),
                include_str!("../../src/drill/carbonio.sh").to_owned(),
            ),
            (
                mailboxes.join("zmprov"),
                include_str!("../../src/drill/zmprov.sh").to_owned(),
            ),
            (
                mailboxes.join("gate"),
                gate("The mailboxes wait for the mesh"),
            ),
            (proxy.join("zmprov"), include_str!("zmprov").to_owned()),
            (
                proxy.join("gate"),
                gate("The proxies wait for the mailboxes"),
            ),
        ];
        for (path, text) in programs {
            write_program(&path, &text);
        }
        let accounts = ACCOUNTS.map(|name| format!("{name} mbox1.example.com\n"));
        fs::write(mailboxes.join("accounts"), accounts.concat()).unwrap();
        fs::write(mailboxes.join("own"), "mbox2.example.com").unwrap();
        std::os::unix::fs::symlink(mailboxes.join("accounts"), proxy.join("directory")).unwrap();
        let start = Instant::now();
        let nodes = NODES.map(|(role, host, phase)| {
            Node::start(&self.network, host, role, &self.path(role), phase)
        });
        self.nodes = nodes.into();
        wait_until("a run of each role that finds all well", || {
            let mut nodes = self.nodes.iter();
            nodes.all(|node| node.count(start, "rest/alive") > 0)
        });
    }

    /// Returns what the gate of the proxy says: 1 lets the switch go on.
    pub(crate) fn gate_of_proxy(&self) -> Option<i32> {
        let gate = self.path(PROXY).join("gate");
        let mut gate = self.network.command(PROXY_B.name, gate);
        gate.status().unwrap().code()
    }

    /// Returns where the router's kernel sends the service address.
    pub(crate) fn route(&self) -> Option<String> {
        let mut ip = self.network.command(GATE.name, "ip");
        let shown = ip.args(["route", "show", SERVICE]).output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        let mut words = shown.split_whitespace().skip_while(|word| *word != "via");
        words.nth(1).map(str::to_owned)
    }

    /// Returns the lines of a file of the stub programs; one that was not made yet has none.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(MAILBOXES).join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start_bird(&self, host: Host, config: &str) -> Program {
        let file = |ending| self.path(&format!("{}.{ending}", host.name));
        fs::write(file("conf"), config).unwrap();
        let mut bird = self.network.with_bgp(host.name, "bird");
        bird.arg("-f").arg("-c").arg(file("conf"));
        bird.arg("-s").arg(file("ctl")).arg("-P").arg(file("pid"));
        Program::start(&mut bird, &file("log"))
    }

    /// A service says where it stands.
    fn start_service(&self, host: Host, port: &str, address: &str) -> Program {
        let mut service = script(&self.network, host, "service.py");
        service.args([host.name, port, address]);
        Program::start(&mut service, &self.path(&format!("{}.service", host.name)))
    }
}

/// Site B is as site A, but announces nothing before it is told to.
fn site_b() -> String {
    let config = routes::site_a();
    let config = config.replace(SITE_A, SITE_B).replace("65001", "65002");
    config.replace("vip { ipv4", "vip { disabled; ipv4")
}

fn script(network: &Network, host: Host, name: &str) -> Command {
    let mut python = network.command(host.name, "python3");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bgp");
    python.arg("-I").arg(folder.join(name));
    python
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
