//! Site A with the service address, site B with habeat, and the router between them.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::network::{Host, Network, command};

/// The addresses of the two sites and of the router.
pub(crate) const SITE_A: &str = "10.99.0.1";
pub(crate) const SITE_B: &str = "10.99.0.2";
const ROUTER: &str = "10.99.0.3";
/// The service address.
const VIP: &str = "10.200.0.10/32";
/// Sessions come up in 1 to 2 s, and are given up after 3 s of silence.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(50);

/// What all sessions have in common: the shortest hold time there is (RFC 4271, 4.2).
const TIMERS: &str = "hold time 3; keepalive time 1; connect delay time 1; connect retry time 1; \
                      error wait time 1, 2;";

/// The three hosts, and the disk of the node in site B.
pub(crate) struct Sites {
    birds: [Child; 3],
    network: Network,
    folder: tempfile::TempDir,
}

/// What one run of habeat left.
#[derive(Debug)]
pub(crate) struct Run {
    exit: Option<i32>,
    report: Value,
    pub(crate) log: String,
}

impl Run {
    /// Requires this `decision/reason` and exit code.
    #[track_caller]
    pub(crate) fn is(&self, said: &str, exit: i32) {
        let word = |name: &str| self.report[name].as_str().unwrap_or("?").to_owned();
        let told = format!("{}/{}", word("decision"), word("reason"));
        assert_eq!((told.as_str(), self.exit), (said, Some(exit)), "{self:#?}");
    }
}

impl Sites {
    /// Starts the three; the address is announced by site A.
    pub(crate) fn start() -> Self {
        let host = |name, ip: &str| Host {
            name,
            ip: ip.parse::<Ipv4Addr>().unwrap(),
        };
        let network = Network::new(&[
            host("site-a", SITE_A),
            host("site-b", SITE_B),
            host("router", ROUTER),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let configs = [
            ("site-a", site("", SITE_A, 65001)),
            ("site-b", site("disabled;", SITE_B, 65002)),
            ("router", router()),
        ];
        let birds = configs.map(|(name, config)| {
            let path = folder.path().join(format!("{name}.conf"));
            fs::write(&path, config).unwrap();
            let mut bird = network.command(name, "bird");
            bird.arg("-f").arg("-c").arg(&path);
            bird.arg("-s")
                .arg(folder.path().join(format!("{name}.ctl")));
            bird.arg("-P")
                .arg(folder.path().join(format!("{name}.pid")));
            bird.stdin(Stdio::null()).spawn().unwrap()
        });
        let sites = Self {
            birds,
            network,
            folder,
        };
        let config = sites.path("habeat.yml");
        fs::write(&config, sites.config()).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        sites.await_session("site_a");
        sites.await_session("site_b");
        sites
    }

    /// The site loses its line, and the witness sees it down.
    pub(crate) fn site_a_is_lost(&self) {
        self.network.cut("site-a");
        fs::write(self.path("dead"), "").unwrap();
    }

    pub(crate) fn site_a_is_back(&self) {
        self.network.mend("site-a");
        fs::remove_file(self.path("dead")).unwrap();
    }

    pub(crate) fn freeze_b(&self) {
        self.signal_b(Signal::STOP);
    }

    pub(crate) fn thaw_b(&self) {
        self.signal_b(Signal::CONT);
    }

    pub(crate) fn close_session_of_b(&self) {
        self.birdc("site-b", &["disable", "rtr"]);
    }

    pub(crate) fn open_session_of_b(&self) {
        self.birdc("site-b", &["enable", "rtr"]);
    }

    /// One run of habeat in site B.
    pub(crate) fn run(&self) -> Run {
        let output = self
            .network
            .command("site-b", env!("CARGO_BIN_EXE_habeat"))
            .arg("--json")
            .arg("--config")
            .arg(self.path("habeat.yml"))
            .arg("--log")
            .arg(self.path("habeat.log"))
            .output()
            .unwrap();
        Run {
            exit: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns where the router's kernel sends the service address.
    pub(crate) fn route(&self) -> Option<String> {
        let shown = self
            .network
            .command("router", "ip")
            .args(["route", "show", VIP])
            .output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        let mut words = shown.split_whitespace().skip_while(|word| *word != "via");
        words.nth(1).map(str::to_owned)
    }

    #[track_caller]
    pub(crate) fn await_route(&self, to: &str) {
        wait_until(&format!("the route to {to}"), || {
            self.route().as_deref() == Some(to)
        });
    }

    /// Waits until the router's session with this site stands.
    #[track_caller]
    pub(crate) fn await_session(&self, with: &str) {
        wait_until(&format!("the session with {with}"), || {
            let shown = self.birdc("router", &["show", "protocols", with]);
            shown.contains("Established")
        });
    }

    /// Counts the clients that still talk to the BIRD of site B.
    pub(crate) fn birdcs(&self) -> usize {
        let socket = self.path("site-b.ctl").display().to_string();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .filter(|line| line.starts_with("birdc") && line.contains(&socket))
            .count()
    }

    /// Returns how far the switch is, by the promotion file.
    pub(crate) fn phase(&self) -> String {
        let text = fs::read(self.path("promotion-proxyserver")).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        document["state"]["phase"].as_str().unwrap().to_owned()
    }

    /// Returns the state files that are there.
    pub(crate) fn state_left(&self) -> Vec<&'static str> {
        let files = ["down-proxyserver", "promotion-proxyserver"];
        files
            .into_iter()
            .filter(|name| self.path(name).exists())
            .collect()
    }

    fn signal_b(&self, signal: Signal) {
        let pid = i32::try_from(self.birds[1].id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn birdc(&self, host: &str, words: &[&str]) -> String {
        let mut birdc = command("birdc");
        birdc
            .arg("-s")
            .arg(self.path(&format!("{host}.ctl")))
            .args(words);
        String::from_utf8_lossy(&birdc.output().unwrap().stdout).into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> String {
        let folder = self.folder.path().display();
        format!(
            "
local:
  whoami: secondary
  dc_check: primary
  role: proxyserver
  checkDownFile: {folder}/down
  checkPromotionFile: {folder}/promotion
  checkRestartReplicaFile: {folder}/module
  proxy_switch: bgp
  proxy_enable_activate: true
  proxy_enable_deactivate: true
primary:
  proxy_ip: {SITE_A}
  proxyserver_vmname: proxy1.example.com
secondary:
  proxy_ip: {SITE_B}
  proxyserver_vmname: proxy2.example.com
  proxy_switch:
    bgp:
      activate: [[birdc, -s, {folder}/site-b.ctl, enable, vip]]
      verify: ['birdc -s {folder}/site-b.ctl show route export rtr | grep -q {VIP}']
      deactivate: [[birdc, -s, {folder}/site-b.ctl, disable, vip]]
witnesses: [{{provider: command, argv: [test, '!', -e, {folder}/dead]}}]
probe: {{attempts: 2, interval: 100ms, timeout: 500ms}}
timeouts: {{command: 1s, grace: 1s}}
history: {{file: {folder}/history.jsonl}}
"
        )
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        for bird in &mut self.birds {
            if let Err(error) = bird.kill().and_then(|()| bird.wait()) {
                eprintln!("could not end a BIRD: {error}");
            }
        }
    }
}

/// A site: the address is a static route of its own, switched on and off by name.
fn site(state: &str, ip: &str, autonomous_system: u32) -> String {
    format!(
        "router id {ip};
protocol device {{}}
protocol static vip {{ {state} ipv4; route {VIP} unreachable; }}
protocol bgp rtr {{
    local as {autonomous_system}; neighbor {ROUTER} as 65000; {TIMERS}
    ipv4 {{ import none; export where proto = \"vip\"; next hop self; }};
}}
"
    )
}

/// The router prefers site B whenever that announces the address: it does so only when switched on.
fn router() -> String {
    let peer = |name, ip, autonomous_system, preference| {
        format!(
            "protocol bgp {name} {{
    local as 65000; neighbor {ip} as {autonomous_system}; {TIMERS}
    ipv4 {{
        import filter {{ if net = {VIP} then {{ bgp_local_pref = {preference}; accept; }} reject; }};
        export none;
    }};
}}
"
        )
    };
    format!(
        "router id {ROUTER};
protocol device {{}}
protocol kernel {{ ipv4 {{ export all; }}; }}
{}{}",
        peer("site_a", SITE_A, 65001, 100),
        peer("site_b", SITE_B, 65002, 200)
    )
}

#[track_caller]
fn wait_until(what: &str, met: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !met() {
        assert!(
            Instant::now() < end,
            "{what} did not come within {PATIENCE:?}"
        );
        thread::sleep(TICK);
    }
}
