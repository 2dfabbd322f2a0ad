//! The lab: two sites on loopback, a witness, stub programs, and a config that names them.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::fake_consul::{Acl, Agent, FakeConsul, Leader, Node};
use super::scenario::{Event, Fence, Role, Setup, Whoami};
use super::service::Service;

/// Accounts on the peer when a scenario begins.
pub(super) const ACCOUNTS: usize = 12;
/// How long slow programs take, in seconds: long enough to be killed in the middle, even on a
/// machine that is busy otherwise.
const SLOW_PROMOTION: &str = "1";
const SLOW_FLUSH: &str = "0.6";
/// The token of the lab's config.
const TOKEN: &str = "the-token-of-the-drill";

const CARBONIO: &str = include_str!("carbonio.sh");
const ZMPROV: &str = include_str!("zmprov.sh");
const FENCE: &str = include_str!("fence.sh");
const SWITCH: &str = include_str!("switch.sh");
/// The file that says that the HA module is stopped.
const MODULE: &str = "module-stopped";
/// The half of the traffic that makes trouble.
const SECOND_HALF: &str = "here-2";
/// How long a slow switch takes, in seconds.
const SLOW_SWITCH: &str = "0.6";
/// The calls that fail while one account cannot be flushed.
const UNFLUSHED: &str = "^user7@";

/// A lab; dropping it ends its servers and leaves its folder.
#[derive(Debug)]
pub(super) struct Lab {
    folder: PathBuf,
    own: &'static str,
    other: &'static str,
    peer: Service,
    anchor: Service,
    consul: FakeConsul,
}

/// What the stubs and the state folder show.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Every call of a stub, in order.
    pub(super) calls: Vec<String>,
    /// Promotions that moved something.
    pub(super) moves: usize,
    /// Every account moved, in order; a name twice was moved twice.
    pub(super) moved: Vec<String>,
    /// Accounts still on the peer.
    pub(super) on_peer: usize,
    /// Every name that was flushed, in order.
    pub(super) flushes: Vec<String>,
    /// Every call that moved traffic or looked where it goes, in order.
    pub(super) switched: Vec<String>,
    /// State files that exist.
    pub(super) remembered: Vec<&'static str>,
}

impl Seen {
    /// Returns the accounts whose cache was flushed.
    pub(super) fn flushed(&self) -> BTreeSet<&str> {
        self.flushes.iter().map(String::as_str).collect()
    }

    /// Counts the calls of stubs with this word.
    pub(super) fn count(&self, word: &str) -> usize {
        let with = |call: &&String| call.split(' ').any(|own| own == word);
        self.calls.iter().filter(with).count()
    }
}

/// Returns a loopback address that another drill does not have: the port of a service that is dead
/// for a while must not be given to anybody else.
fn own_address(last: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 0x80, low, last)
}

impl Lab {
    /// Builds a lab in a new folder; everything in it is well.
    pub(super) fn build(folder: &Path, setup: &Setup) -> Result<Self> {
        fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (own, other) = match setup.whoami {
            Whoami::Secondary => ("mbox2.example.com", "mbox1.example.com"),
            Whoami::Primary => ("mbox1.example.com", "mbox2.example.com"),
        };
        let lab = Self {
            folder: folder.to_owned(),
            own,
            other,
            peer: Service::start(own_address(2))?,
            anchor: Service::start(own_address(3))?,
            consul: FakeConsul::start()?,
        };
        lab.everybody_joins();
        lab.consul.cluster().acl = Acl::Token(TOKEN.to_owned());
        lab.write("carbonio", CARBONIO, 0o700)?;
        lab.write("zmprov", ZMPROV, 0o700)?;
        lab.write("fence", FENCE, 0o700)?;
        lab.write("switch", SWITCH, 0o700)?;
        lab.write("own", own, 0o600)?;
        lab.write("accounts", &accounts(other), 0o600)?;
        lab.write("habeat.yml", &lab.config(setup), 0o600)?;
        Ok(lab)
    }

    /// Returns a path in the lab's folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes something happen.
    pub(super) fn happen(&mut self, event: Event) -> Result<()> {
        let other = consul_name(self.other);
        match event {
            Event::PeerDies => {
                self.peer.die();
                self.consul.cluster().set(&other, Node::FAILED);
            }
            Event::PeerReturns | Event::Reconnected => {
                self.peer.revive()?;
                self.anchor.revive()?;
                self.everybody_joins();
            }
            Event::LineCut => {
                self.peer.die();
                self.consul.cluster().set(&other, Node::ALIVE);
            }
            Event::PeerLeft => self.consul.cluster().set(&other, Node::LEFT),
            Event::QuorumLost => {
                // The catalog stays at what the servers knew last.
                let mut cluster = self.consul.cluster();
                let catalog = Node::ALIVE.catalog;
                cluster.set(
                    &other,
                    Node {
                        catalog,
                        ..Node::FAILED
                    },
                );
                cluster.leader = Leader::Lost;
            }
            Event::Isolated => {
                self.peer.die();
                self.anchor.die();
                self.consul.cluster().isolate(&consul_name(self.own));
            }
            Event::TokenRevoked => self.consul.cluster().acl = Acl::Token("another".to_owned()),
            Event::TokenRestored => self.consul.cluster().acl = Acl::Token(TOKEN.to_owned()),
            Event::WitnessFreezes => self.consul.cluster().agent = Agent::Frozen,
            Event::WitnessThaws => self.consul.cluster().agent = Agent::Serving,
            Event::PromotionBreaks => self.write("fail_promote", "", 0o600)?,
            Event::PromotionMended => fs::remove_file(self.path("fail_promote"))?,
            Event::PromotionPartial(n) => self.write("partial", &n.to_string(), 0o600)?,
            Event::PromotionSlow => self.write("slow_promote", SLOW_PROMOTION, 0o600)?,
            Event::CarbonioIsOld => self.write("only_ha", "", 0o600)?,
            Event::FlushBreaks => self.write("fail_flush", UNFLUSHED, 0o600)?,
            Event::FlushMended => fs::remove_file(self.path("fail_flush"))?,
            Event::FlushSlow => self.write("slow_flush", SLOW_FLUSH, 0o600)?,
            Event::FenceBreaks => self.write("fail_fence", "", 0o600)?,
            Event::FenceMended => fs::remove_file(self.path("fail_fence"))?,
            Event::SwitchBreaks => self.write("fail_switch", SECOND_HALF, 0o600)?,
            Event::SwitchMended => fs::remove_file(self.path("fail_switch"))?,
            Event::BackBreaks => self.write("fail_switch", "back", 0o600)?,
            Event::SwitchSlow => self.write("slow_switch", SLOW_SWITCH, 0o600)?,
        }
        Ok(())
    }

    /// Looks at everything the scenarios speak of.
    pub(super) fn look(&self) -> Result<Seen> {
        let first_word = |line: String| line.split(' ').next().unwrap_or_default().to_owned();
        let on_peer = |line: &String| line.ends_with(&format!(" {}", self.other));
        let files = [
            "down-appserver",
            "promotion-appserver",
            "down-proxyserver",
            "promotion-proxyserver",
            MODULE,
        ];
        Ok(Seen {
            calls: self.lines("calls")?,
            moves: self.lines("operations")?.len(),
            moved: self.lines("moved")?.into_iter().map(first_word).collect(),
            on_peer: self
                .lines("accounts")?
                .iter()
                .filter(|line| on_peer(line))
                .count(),
            flushes: self.lines("flushed")?,
            switched: self.lines("switched")?,
            remembered: files
                .into_iter()
                .filter(|name| self.path(name).exists())
                .collect(),
        })
    }

    fn everybody_joins(&self) {
        let mut cluster = self.consul.cluster();
        cluster.leader = Leader::Known;
        for host in [self.own, self.other] {
            cluster.set(&consul_name(host), Node::ALIVE);
        }
        for server in ["svc1", "svc2", "svc3"] {
            cluster.set(&format!("server-{server}-example-com"), Node::ALIVE);
        }
    }

    /// Returns the lines of a file of the stubs; one that was never written has none.
    fn lines(&self, name: &str) -> Result<Vec<String>> {
        match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(err) => Err(err).with_context(|| format!("cannot read the lab's {name}")),
        }
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(mode);
        let written = options
            .open(self.path(name))
            .and_then(|mut f| f.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write the lab's {name}"))
    }

    fn config(&self, setup: &Setup) -> String {
        let (whoami, dc_check) = match setup.whoami {
            Whoami::Secondary => ("secondary", "primary"),
            Whoami::Primary => ("primary", "secondary"),
        };
        // A JSON string is a YAML string, whatever the path.
        let path = |name: &str| serde_json::json!(self.path(name).to_string_lossy()).to_string();
        format!(
            include_str!("habeat.yml.in"),
            whoami = whoami,
            dc_check = dc_check,
            role = match setup.role {
                Role::Mailboxes => "appserver",
                Role::Proxy | Role::ProxyNotEnabled => "proxyserver",
            },
            activate = setup.role != Role::ProxyNotEnabled,
            switch = path("switch"),
            down = path("down"),
            promotion = path("promotion"),
            module = path(MODULE),
            peer = self.peer.address(),
            anchor = self.anchor.address(),
            max_attempts = setup.max_attempts,
            on_return = setup.on_return,
            block_period = setup.block_period,
            fence = match setup.fence {
                Fence::Without => "[]".to_owned(),
                Fence::With => format!("[[{}]]", path("fence")),
            },
            carbonio = path("carbonio"),
            zmprov = path("zmprov"),
            consul_port = self.consul.port(),
            token = TOKEN,
            history = path("history.jsonl"),
        )
    }
}

/// The accounts of a host, with one whose name a shell would stumble over.
fn accounts(host: &str) -> String {
    let users = (1..ACCOUNTS).map(|n| format!("user{n}@example.com {host}\n"));
    users
        .chain([format!("o'neill@example.com {host}\n")])
        .collect()
}

/// The name Carbonio's mesh gives to the agent of a host.
fn consul_name(host: &str) -> String {
    format!("agent-{}", host.replace('.', "-"))
}

#[cfg(test)]
mod tests;
