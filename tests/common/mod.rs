//! A site in a folder: a peer that may be silent, a witness, stub programs, and the built binary.

#![allow(
    dead_code,
    reason = "every test program compiles this, and uses its own part of it"
)]

pub(crate) mod accounts;
pub(crate) mod files;
pub(crate) mod manual;
pub(crate) mod mesh;
pub(crate) mod proxy;

use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use habeat::drill::fake_consul::{Acl, FakeConsul, Node};
use serde_json::Value;
use tempfile::TempDir;

/// The host of the dead site, and ours.
pub(crate) const PEER: &str = "mbox1.example.com";
pub(crate) const OWN: &str = "mbox2.example.com";
/// The names Carbonio's mesh gives to their agents.
pub(crate) const PEER_NODE: &str = "agent-mbox1-example-com";
pub(crate) const OWN_NODE: &str = "agent-mbox2-example-com";
/// The program under test.
pub(crate) const HABEAT: &str = env!("CARGO_BIN_EXE_habeat");
/// What the config sends and the witness wants.
pub(crate) const TOKEN: &str = "5f0c2d1e-0000-4000-8000-000000000001";

/// Nobody listens there (tcpmux, RFC 1078), and no test is ever given it.
pub(crate) const DEAD_PORT: u16 = 1;
/// Nothing here takes longer unless it hangs.
const DEADLINE: Duration = Duration::from_secs(120);
/// How often a waiting test looks.
const TICK: Duration = Duration::from_millis(5);

/// What the run of a program left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            exit: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns the report of a run.
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no report: {e}\n{self:#?}"))
    }

    /// Returns the reason code of a run.
    pub(crate) fn reason(&self) -> String {
        let report = self.report();
        let reason = report["reason"].as_str();
        reason
            .unwrap_or_else(|| panic!("no reason: {report}"))
            .to_owned()
    }

    /// Requires this reason and exit code.
    #[track_caller]
    pub(crate) fn is(&self, reason: &str, exit: i32) {
        assert_eq!(
            (self.reason().as_str(), self.exit),
            (reason, Some(exit)),
            "{self:#?}"
        );
    }
}

/// The surviving site. Its peer is silent from the start, and its witness says so.
#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) consul: FakeConsul,
    pub(crate) config: Config,
    anchor: Option<TcpListener>,
}

/// The parts of `habeat.yml` that tests change, as they are written.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) role: &'static str,
    pub(crate) whoami: &'static str,
    pub(crate) dc_check: &'static str,
    pub(crate) disable_ha_module: bool,
    /// Another line of the block `local`.
    pub(crate) local: String,
    /// Another line of the block of our own site, and of the peer's.
    pub(crate) own_site: String,
    pub(crate) peer_site: String,
    pub(crate) provider: &'static str,
    pub(crate) peer: &'static str,
    pub(crate) peer_ip: &'static str,
    pub(crate) probe: String,
    pub(crate) anchors: String,
    pub(crate) consul_port: u16,
    pub(crate) token: String,
    pub(crate) confirm_runs: u32,
    pub(crate) max_attempts: u32,
    pub(crate) on_return: &'static str,
    pub(crate) threads: usize,
    pub(crate) restart_replica: bool,
    pub(crate) user: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) flush_batch: usize,
    /// Another line of the block `timeouts`.
    pub(crate) timeouts: &'static str,
    /// More blocks.
    pub(crate) more: String,
    /// The list of witnesses, in one line; empty: the provider alone.
    pub(crate) witnesses: String,
}

impl Site {
    /// Builds the site. Death is confirmed by one run, so that each case is short.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap_or_else(|e| panic!("cannot make a folder: {e}"));
        let consul = FakeConsul::start().unwrap_or_else(|e| panic!("cannot start Consul: {e}"));
        {
            let mut cluster = consul.cluster();
            cluster.acl = Acl::Token(TOKEN.to_owned());
            cluster.set(OWN_NODE, Node::ALIVE);
            cluster.set(PEER_NODE, Node::FAILED);
            cluster.set("server-svc3-example-com", Node::ALIVE);
        }
        let anchor = listener();
        anchor
            .set_nonblocking(true)
            .unwrap_or_else(|e| panic!("cannot set up the anchor: {e}"));
        let config = Config {
            role: "appserver",
            whoami: "secondary",
            dc_check: "primary",
            disable_ha_module: false,
            local: String::new(),
            own_site: String::new(),
            peer_site: String::new(),
            provider: "consul",
            peer: PEER,
            peer_ip: "127.0.0.2",
            probe: silence(),
            anchors: format!("[\"tcp://{}\"]", address(&anchor)),
            consul_port: consul.port(),
            token: TOKEN.to_owned(),
            confirm_runs: 1,
            max_attempts: 3,
            on_return: "role",
            threads: 2,
            restart_replica: false,
            user: "\"\"",
            namespace: "auto",
            flush_batch: 200,
            timeouts: "",
            more: String::new(),
            witnesses: String::new(),
        };
        let site = Self {
            folder,
            consul,
            config,
            anchor: Some(anchor),
        };
        site.program("carbonio", include_str!("../../src/drill/carbonio.sh"));
        site.program("zmprov", include_str!("../../src/drill/zmprov.sh"));
        site.write("own", OWN);
        site.accounts(&["alice@example.com", "bob@example.com", "carol@example.com"]);
        site
    }

    /// Puts these accounts on the dead host.
    pub(crate) fn accounts(&self, names: &[&str]) {
        let lines = names.iter().map(|name| format!("{name} {PEER}\n"));
        self.write("accounts", lines.collect::<String>());
    }

    /// Returns how many calls of a stub had this word.
    pub(crate) fn calls(&self, word: &str) -> usize {
        self.calls_of(word).len()
    }

    /// The peer answers.
    pub(crate) fn peer_comes_back(&mut self) {
        self.config.probe = format!("targets: {}", self.config.anchors);
    }

    /// The peer answers no more.
    pub(crate) fn peer_falls_silent(&mut self) {
        self.config.probe = silence();
    }

    /// Nothing answers on the anchor any more.
    pub(crate) fn anchor_falls_silent(&mut self) {
        self.anchor = None;
    }

    /// One run, as the timer would start it.
    pub(crate) fn run(&self) -> Ran {
        self.call(&["--json"])
    }

    /// Calls the binary with this site's config.
    pub(crate) fn call(&self, arguments: &[&str]) -> Ran {
        let child = self.start(arguments);
        Ran::of(&wait(child))
    }

    /// Starts the binary with this site's config.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.start_under(&[], arguments)
    }

    /// Starts the binary with this site's config, by another program that takes it as its last
    /// arguments.
    pub(crate) fn start_under(&self, wrapper: &[&str], arguments: &[&str]) -> Child {
        self.start_under_with(wrapper, arguments, Stdio::piped(), Stdio::piped())
    }

    /// Starts the binary with this site's config and these outputs.
    pub(crate) fn start_with(&self, arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Child {
        self.start_under_with(&[], arguments, stdout, stderr)
    }

    /// Starts the binary with this site's config, by another program, and with these outputs.
    pub(crate) fn start_under_with(
        &self,
        wrapper: &[&str],
        arguments: &[&str],
        stdout: Stdio,
        stderr: Stdio,
    ) -> Child {
        self.write("habeat.yml", self.yaml());
        self.answer_earlier_runs();
        let config = format!("--config={}", self.path("habeat.yml").display());
        let log = format!("--log={}", self.path("habeat.log").display());
        let argv = [wrapper, &[HABEAT, &config, &log], arguments].concat();
        start_with(&argv, stdout, stderr)
    }

    /// Empties the anchor's queue: a full one (128, listen(2)) lets new connections wait.
    fn answer_earlier_runs(&self) {
        if let Some(anchor) = &self.anchor {
            while anchor.accept().is_ok() {}
        }
    }

    /// Waits for a file to appear.
    pub(crate) fn wait_for(&self, name: &str) {
        let end = Instant::now() + DEADLINE;
        while !self.path(name).exists() {
            assert!(Instant::now() < end, "{name} did not appear");
            thread::sleep(TICK);
        }
    }

    /// Waits until a file holds a text.
    pub(crate) fn wait_for_text(&self, name: &str, text: &str) {
        let end = Instant::now() + DEADLINE;
        while !self.path(name).exists() || !self.text(name).contains(text) {
            assert!(Instant::now() < end, "{name} never held {text}");
            thread::sleep(TICK);
        }
    }

    /// Waits for a file to go.
    pub(crate) fn wait_until_gone(&self, name: &str) {
        let end = Instant::now() + DEADLINE;
        while self.path(name).exists() {
            assert!(Instant::now() < end, "{name} stays");
            thread::sleep(TICK);
        }
    }

    fn yaml(&self) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        let config = &self.config;
        format!(
            include_str!("habeat.yml.in"),
            role = config.role,
            whoami = config.whoami,
            dc_check = config.dc_check,
            disable_ha_module = config.disable_ha_module,
            local = config.local,
            own_site = config.own_site,
            peer_site = config.peer_site,
            peer = config.peer,
            provider = config.provider,
            peer_ip = config.peer_ip,
            probe = config.probe,
            anchors = config.anchors,
            token = config.token,
            confirm_runs = config.confirm_runs,
            max_attempts = config.max_attempts,
            on_return = config.on_return,
            threads = config.threads,
            restart_replica = config.restart_replica,
            user = config.user,
            namespace = config.namespace,
            flush_batch = config.flush_batch,
            timeouts = config.timeouts,
            more = config.more,
            witnesses = config.witnesses,
            own = OWN,
            down = path("down"),
            promotion = path("promotion"),
            module = path("module"),
            port = config.consul_port,
            carbonio = path("carbonio"),
            zmprov = path("zmprov"),
            history = path("history.jsonl"),
            state = path("state"),
        )
    }
}

/// Starts a program.
pub(crate) fn start(argv: &[&str]) -> Child {
    start_with(argv, Stdio::piped(), Stdio::piped())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test starts the program under test"
)]
fn start_with(argv: &[&str], stdout: Stdio, stderr: Stdio) -> Child {
    Command::new(argv[0])
        .args(&argv[1..])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .unwrap_or_else(|e| panic!("cannot start {argv:?}: {e}"))
}

/// Waits for the end of a run.
pub(crate) fn wait(mut child: Child) -> Output {
    let end = Instant::now() + DEADLINE;
    loop {
        let status = child
            .try_wait()
            .unwrap_or_else(|e| panic!("cannot wait: {e}"));
        if status.is_some() {
            break;
        }
        if Instant::now() >= end {
            let killed = child.kill();
            panic!("the run did not end ({killed:?})");
        }
        thread::sleep(TICK);
    }
    child
        .wait_with_output()
        .unwrap_or_else(|e| panic!("cannot read what the run said: {e}"))
}

/// Reads what a finished child left.
pub(crate) fn ran(child: Child) -> Ran {
    Ran::of(&wait(child))
}

fn silence() -> String {
    format!("targets: [\"tcp://127.0.0.2:{DEAD_PORT}\"]")
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("cannot open a port: {e}"))
}

fn address(listener: &TcpListener) -> String {
    let address = listener.local_addr();
    address
        .unwrap_or_else(|e| panic!("a listener without an address: {e}"))
        .to_string()
}
