//! The hosts, their disks, and what is started on them.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

use crate::client::Client;
use crate::consul::TOKEN;
use crate::network::{Host, Network};
use crate::recipe::Recipe;
use crate::routes;
use crate::speaker::Speaker;

/// The addresses of the two sites and of the router.
pub(crate) const SITE_A: &str = "10.99.0.1";
pub(crate) const SITE_B: &str = "10.99.0.2";
pub(crate) const ROUTER: &str = "10.99.0.3";
/// The service address, and the port of the service.
pub(crate) const SERVICE: &str = "10.200.0.10";
const PORT: &str = "443";

pub(crate) const PROXY_A: Host = host("proxy1", 1);
pub(crate) const PROXY_B: Host = host("proxy2", 2);
pub(crate) const GATE: Host = host("router", 3);
const CLIENT: Host = host("client", 4);
pub(crate) const THIRD: Host = host("third", 5);

/// Starts a program where `/run` and `/var/tmp` are site B's own, in the folder `$0`: each
/// daemon has its socket where Debian has it, and habeat its memory where it is by default.
const ENTER: &str = r#"mount --bind "$0/run" /run && mount --bind "$0/tmp" /var/tmp && exec "$@""#;
/// Nobody is told of a shorter way than by the router.
const FORWARD: &str = "echo 1 >/proc/sys/net/ipv4/ip_forward
    for at in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$at/send_redirects; done";

const fn host(name: &'static str, number: u8) -> Host {
    Host {
        name,
        ip: Ipv4Addr::new(10, 99, 0, number),
    }
}

/// A program that ends with its owner.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    fn start(command: &mut Command, log: &Path) -> Self {
        let log = fs::File::create(log).unwrap();
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("could not end a program of the lab: {error}");
        }
    }
}

/// The network, and the disk that all share.
pub(crate) struct Stage {
    pub(crate) network: Network,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Sets it for this recipe; starts nothing.
    pub(crate) fn set(recipe: &Recipe) -> Self {
        let network = Network::new(&[PROXY_A, PROXY_B, GATE, CLIENT, THIRD]);
        let folder = tempfile::tempdir().unwrap();
        let stage = Self { network, folder };
        // The daemons read their configuration as users of their own.
        stage.allow("", 0o755);
        for (name, mode) in [("run", 0o755), ("tmp", 0o1777)] {
            fs::create_dir(stage.path(name)).unwrap();
            stage.allow(name, mode);
        }
        let files = [
            ("habeat.yml", stage.habeat(recipe)),
            ("speaker", recipe.speaker.clone()),
            ("proxy1.conf", routes::site_a()),
            ("router.conf", routes::router()),
        ];
        for (name, text) in files {
            fs::write(stage.path(name), text).unwrap();
        }
        stage.allow("habeat.yml", 0o600);
        let service = format!("{SERVICE}/32");
        for host in [PROXY_A, PROXY_B] {
            stage.ip(host, &["address", "add", &service, "dev", "lo"]);
        }
        stage.ip(CLIENT, &["route", "add", &service, "via", ROUTER]);
        succeed(stage.network.command(GATE.name, "sh").args(["-c", FORWARD]));
        stage
    }

    /// The BIRDs of the router and of site A, and the service of site B.
    pub(crate) fn start_others(&self) -> Vec<Program> {
        let bird = |host: Host| {
            let file = |ending| self.path(&format!("{}.{ending}", host.name));
            let mut bird = self.network.with_bgp(host.name, "bird");
            bird.arg("-f").arg("-c").arg(file("conf"));
            bird.arg("-s").arg(file("ctl")).arg("-P").arg(file("pid"));
            Program::start(&mut bird, &file("log"))
        };
        vec![bird(GATE), bird(PROXY_A), self.start_service(PROXY_B)]
    }

    /// The speaker that habeat switches.
    pub(crate) fn start_speaker(&self, speaker: Speaker) -> Vec<Program> {
        let scripts = (1..).zip(speaker.scripts());
        let start = |(number, script): (u8, &&str)| {
            let mut shell = self.in_site_b("sh");
            shell.args(["-ec", script, "sh"]).arg(self.path("speaker"));
            Program::start(&mut shell, &self.path(&format!("speaker-{number}.log")))
        };
        scripts.map(start).collect()
    }

    /// The service: it says where it stands.
    pub(crate) fn start_service(&self, host: Host) -> Program {
        let mut service = self.script(host, "service.py");
        let own = host.ip.to_string();
        service.args([host.name, PORT, SERVICE, &own]);
        Program::start(&mut service, &self.path(&format!("{}.service", host.name)))
    }

    pub(crate) fn start_client(&self) -> Client {
        Client::start(self.script(CLIENT, "client.py").args([SERVICE, PORT]))
    }

    /// Prepares a program to run in site B, beside its daemon.
    pub(crate) fn in_site_b(&self, program: &str) -> Command {
        let mut shell = self.network.with_bgp(PROXY_B.name, "sh");
        shell.args(["-c", ENTER]).arg(self.path("")).arg(program);
        shell
    }

    /// Returns the path of a file that all share; of the folder itself for an empty name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, host: Host, name: &str) -> Command {
        let mut python = self.network.command(host.name, "python3");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bgp");
        python.arg("-I").arg(folder.join(name));
        python
    }

    fn ip(&self, host: Host, words: &[&str]) {
        succeed(self.network.command(host.name, "ip").args(words));
    }

    fn allow(&self, name: &str, mode: u32) {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(name), permissions).unwrap();
    }

    /// The recipe's own, then what is of the lab alone.
    fn habeat(&self, recipe: &Recipe) -> String {
        let history = self.path("history.jsonl");
        format!(
            "{}
consul: {{token: {TOKEN}}}
probe: {{attempts: 2, interval: 100ms, timeout: 500ms}}
history: {{file: {}}}
state_dir: {}
",
            recipe.habeat,
            history.display(),
            self.path("state").display()
        )
    }
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
