//! A site in a folder: a peer that may be silent, a witness, stub programs, and the built binary.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
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
/// What the config sends and the witness wants.
pub(crate) const TOKEN: &str = "5f0c2d1e-0000-4000-8000-000000000001";

/// Nothing here takes longer unless it hangs.
const DEADLINE: Duration = Duration::from_secs(20);
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
    pub(crate) provider: &'static str,
    pub(crate) peer_ip: &'static str,
    pub(crate) probe: String,
    pub(crate) anchors: String,
    pub(crate) consul_port: u16,
    pub(crate) token: String,
    pub(crate) confirm_runs: u32,
    pub(crate) max_attempts: u32,
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
        let config = Config {
            provider: "consul",
            peer_ip: "127.0.0.2",
            probe: format!("targets: [\"tcp://127.0.0.1:{}\"]", free_port()),
            anchors: format!("[\"tcp://{}\"]", address(&anchor)),
            consul_port: consul.port(),
            token: TOKEN.to_owned(),
            confirm_runs: 1,
            max_attempts: 3,
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap_or_else(|e| panic!("cannot write {name}: {e}"));
    }

    /// Writes a program.
    pub(crate) fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = fs::Permissions::from_mode(0o700);
        fs::set_permissions(self.path(name), mode)
            .unwrap_or_else(|e| panic!("cannot make {name} a program: {e}"));
    }

    /// Puts these accounts on the dead host.
    pub(crate) fn accounts(&self, names: &[&str]) {
        let lines = names.iter().map(|name| format!("{name} {PEER}\n"));
        self.write("accounts", &lines.collect::<String>());
    }

    /// Returns the lines of a file of the stubs; one that was never written has none.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Returns how many calls of a stub had this word.
    pub(crate) fn calls(&self, word: &str) -> usize {
        let calls = self.lines("calls");
        calls
            .iter()
            .filter(|call| call.split(' ').any(|said| said == word))
            .count()
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
    #[expect(
        clippy::disallowed_methods,
        reason = "a test starts the program under test"
    )]
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.write("habeat.yml", &self.yaml());
        Command::new(env!("CARGO_BIN_EXE_habeat"))
            .arg("--config")
            .arg(self.path("habeat.yml"))
            .arg("--log")
            .arg(self.path("habeat.log"))
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start habeat: {e}"))
    }

    /// Waits for a file to appear.
    pub(crate) fn wait_for(&self, name: &str) {
        let end = Instant::now() + DEADLINE;
        while !self.path(name).exists() {
            assert!(Instant::now() < end, "{name} did not appear");
            thread::sleep(TICK);
        }
    }

    fn yaml(&self) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        let config = &self.config;
        format!(
            include_str!("habeat.yml.in"),
            peer = PEER,
            provider = config.provider,
            peer_ip = config.peer_ip,
            probe = config.probe,
            anchors = config.anchors,
            token = config.token,
            confirm_runs = config.confirm_runs,
            max_attempts = config.max_attempts,
            witnesses = config.witnesses,
            own = OWN,
            down = path("down"),
            promotion = path("promotion"),
            module = path("module"),
            port = config.consul_port,
            carbonio = path("carbonio"),
            zmprov = path("zmprov"),
            history = path("history.jsonl"),
        )
    }
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

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("cannot open a port: {e}"))
}

/// Returns a port that was free a moment ago, so that nobody listens on it.
pub(crate) fn free_port() -> u16 {
    let address = listener().local_addr();
    address
        .unwrap_or_else(|e| panic!("a listener without an address: {e}"))
        .port()
}

fn address(listener: &TcpListener) -> String {
    let address = listener.local_addr();
    address
        .unwrap_or_else(|e| panic!("a listener without an address: {e}"))
        .to_string()
}

/// Whether a file is there, links not followed.
pub(crate) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
