//! Both sites at work, and the story of the loss.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::config::{self, MAILBOXES, MESH, PROXY};
use crate::consul::Consul;
use crate::network::{Host, Network};
use crate::node::{Node, write_program};
use crate::program::Program;
use crate::routes;
use crate::stage::{
    CLIENT, GATE, HOSTS, LOST, MAILBOX_A, MAILBOX_B, PORT, PROXY_A, PROXY_B, ROUTER, SERVER_B,
    SERVICE, SITE_A, SITE_B,
};
use crate::timeline::Timeline;
use crate::wait::wait_until;

/// Nobody is told of a shorter way than by the router.
const FORWARD: &str = "echo 1 >/proc/sys/net/ipv4/ip_forward
    for at in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$at/send_redirects; done";

/// Accounts that live in site A.
const ACCOUNTS: [&str; 3] = [
    "anna@example.com",
    "berta@example.com",
    "o'neil@example.com",
];

/// How long a story may take.
const PATIENCE: Duration = Duration::from_secs(120);
const TICK: Duration = Duration::from_millis(100);

/// An event that is waited for.
type Awaited<'a> = (String, Box<dyn Fn() -> bool + 'a>);

/// Field order is drop order: the timers end first, and programs before their namespaces go.
pub(crate) struct Lab {
    nodes: Vec<Node>,
    client: Client,
    site_a: Vec<Program>,
    _others: Vec<Program>,
    consul: Consul,
    network: Arc<Network>,
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
        let mut directory = script(&network, SERVER_B, "service.py");
        directory.args(["directory", "389", &SERVER_B.ip.to_string()]);
        let start = |host, config: &str| start_bird(&network, folder.path(), host, config);
        let others = vec![
            start(GATE, &routes::router()),
            start(PROXY_B, &site_b()),
            start_service(&network, folder.path(), PROXY_B),
            Program::start(&mut directory, &folder.path().join("directory.log")),
        ];
        let client = Client::start(script(&network, CLIENT, "client.py").args([SERVICE, PORT]));
        let mut lab = Self {
            nodes: Vec::new(),
            client,
            site_a: Vec::new(),
            _others: others,
            consul,
            network,
            folder,
        };
        lab.start_proxy_a();
        lab.start_nodes();
        lab
    }

    fn start_proxy_a(&mut self) {
        let folder = self.folder.path();
        self.site_a = vec![
            start_bird(&self.network, folder, PROXY_A, &routes::site_a()),
            start_service(&self.network, folder, PROXY_A),
        ];
        wait_until("the route to site A", || {
            self.route().as_deref() == Some(SITE_A)
        });
    }

    fn start_nodes(&mut self) {
        let nodes = [(MESH, SERVER_B), (MAILBOXES, MAILBOX_B), (PROXY, PROXY_B)];
        for (role, _) in nodes {
            fs::create_dir(self.path(role)).unwrap();
            config::write(role, self.folder.path());
        }
        let stubs = [
            ("carbonio", include_str!("../../src/drill/carbonio.sh")),
            ("zmprov", include_str!("../../src/drill/zmprov.sh")),
        ];
        for (name, text) in stubs {
            write_program(&self.path(MAILBOXES).join(name), text);
        }
        let accounts = ACCOUNTS.map(|name| format!("{name} mbox1.example.com\n"));
        fs::write(self.path(MAILBOXES).join("accounts"), accounts.concat()).unwrap();
        fs::write(self.path(MAILBOXES).join("own"), "mbox2.example.com").unwrap();
        write_program(
            &self.path(PROXY).join("await-mailboxes"),
            include_str!("await-mailboxes"),
        );
        let phases = [0, 1, 2].map(Duration::from_secs);
        let timers = nodes.into_iter().zip(phases);
        self.nodes = timers
            .map(|((role, host), phase)| {
                Node::start(&self.network, host, role, &self.path(role), phase)
            })
            .collect();
        let since = Instant::now() - Duration::from_secs(1);
        wait_until("a run of each role that finds all well", || {
            let well = |node: &Node| node.first(since, "rest/alive").is_some();
            self.nodes.iter().all(well)
        });
    }

    /// Site A has no power and no line. Tells how it went.
    pub(crate) fn lose_site_a(&mut self) {
        let mut timeline = Timeline::begin("site A is lost");
        for host in LOST {
            self.network.cut(host.name);
        }
        self.site_a.clear();
        self.consul.lose_site_a();
        let began = timeline.began;
        let mut awaited: Vec<Awaited<'_>> = vec![
            (
                "mesh: no leader".to_owned(),
                Box::new(|| self.consul.leader(SERVER_B).is_none()),
            ),
            (
                "mailboxes: all accounts are moved".to_owned(),
                Box::new(|| !self.read("accounts").contains("mbox1")),
            ),
            (
                "mailboxes: all caches are flushed".to_owned(),
                Box::new(|| self.read("flushed").lines().count() == ACCOUNTS.len()),
            ),
            (
                "router: the route leads to site B".to_owned(),
                Box::new(|| self.route().as_deref() == Some(SITE_B)),
            ),
            (
                "client: answered by site B".to_owned(),
                Box::new(|| self.client.first_answer(PROXY_B.name, began).is_some()),
            ),
        ];
        let mut views = String::new();
        while !awaited.is_empty() && began.elapsed() < PATIENCE {
            let (happened, left): (Vec<_>, _) = awaited.into_iter().partition(|(_, is)| is());
            for (what, _) in happened {
                timeline.note(Instant::now(), what);
            }
            awaited = left;
            let now = [MAILBOX_B, PROXY_B, SERVER_B]
                .iter()
                .flat_map(|from| {
                    [MAILBOX_A, PROXY_A, LOST[0]].map(|of| self.consul.views(*from, of))
                })
                .collect::<Vec<_>>()
                .join("\n");
            let now = format!("{now}\nleader {:?}", self.consul.leader(MAILBOX_B));
            if now != views {
                println!("--- {:.1}\n{now}", began.elapsed().as_secs_f64());
                views = now;
            }
            thread::sleep(TICK);
        }
        for node in &self.nodes {
            let mut last = String::new();
            for run in node.runs(began) {
                if run.said != last {
                    timeline.note(
                        run.begun,
                        format!(
                            "{}: {} (exit {:?}, took {:.1})",
                            node.role,
                            run.said,
                            run.exit,
                            (run.ended - run.begun).as_secs_f64()
                        ),
                    );
                    println!("{}", run.log);
                    last = run.said;
                }
            }
        }
        println!("{timeline}");
    }

    /// Returns where the router's kernel sends the service address.
    fn route(&self) -> Option<String> {
        let mut ip = self.network.command(GATE.name, "ip");
        let shown = ip.args(["route", "show", SERVICE]).output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        let mut words = shown.split_whitespace().skip_while(|word| *word != "via");
        words.nth(1).map(str::to_owned)
    }

    /// Reads a file of the stub programs; one that was not made yet is empty.
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(MAILBOXES).join(name)).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Site B is as site A, but announces nothing before it is told to.
fn site_b() -> String {
    let config = routes::site_a();
    let config = config.replace(SITE_A, SITE_B).replace("65001", "65002");
    config.replace("vip { ipv4", "vip { disabled; ipv4")
}

fn start_bird(network: &Network, folder: &Path, host: Host, config: &str) -> Program {
    let file = |ending| folder.join(format!("{}.{ending}", host.name));
    fs::write(file("conf"), config).unwrap();
    let mut bird = network.command(host.name, "bird");
    bird.arg("-f").arg("-c").arg(file("conf"));
    bird.arg("-s").arg(file("ctl")).arg("-P").arg(file("pid"));
    Program::start(&mut bird, &file("log"))
}

/// The service says where it stands.
fn start_service(network: &Network, folder: &Path, host: Host) -> Program {
    let mut service = script(network, host, "service.py");
    service.args([host.name, PORT, SERVICE]);
    Program::start(&mut service, &folder.join(format!("{}.service", host.name)))
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
