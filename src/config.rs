//! The configuration as a run uses it: checked, complete, with every default filled in.
//!
//! The YAML as written is read by [`mod@load`]; nothing after it sees a raw value.

use std::path::PathBuf;
use std::time::Duration;

mod action;
mod assemble;
mod duty;
mod keys;
mod limits;
pub mod load;
mod local;
mod mesh;
mod notes;
mod provider;
mod reader;
mod rules;
mod scalar;
pub mod secret;
mod site;
mod source;
mod suggest;
mod target;
mod tree;
mod witness;

#[cfg(test)]
mod tests;

pub use load::{Invalid, Loaded, Problem, load};
pub use rules::UNIT_START_LIMIT;
pub use secret::Secret;

/// The name of the site that never promotes by itself.
pub const MANUAL_SITE: &str = "primary";

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What this node does when the peer is dead, by its role.
    pub duty: Duty,
    /// The site this node stands in (`local.whoami`).
    pub own: Site,
    /// The site this node watches (`local.dc_check`).
    pub peer: Site,
    /// Where state is kept, the role's suffix already applied.
    pub files: Files,
    /// How the peer is probed.
    pub probe: Probe,
    /// Targets that show whether we are connected at all.
    pub anchors: Vec<Target>,
    /// When to act.
    pub policy: Policy,
    /// Who is asked whether the peer is down.
    pub witnesses: Vec<Witness>,
    /// The programs that promote and flush.
    pub carbonio: Carbonio,
    /// Deadlines of commands.
    pub timeouts: Timeouts,
    /// What makes sure that the old active cannot serve.
    pub fence: Fence,
    /// Where past runs are kept.
    pub history: History,
}

impl Config {
    /// Returns the names by which `vcenter` knows the VMs that are judged: what its witness asks
    /// for, since a VM may have another name than its host, or else the names of the hosts.
    pub fn judged_vms(&self, vcenter: &Vcenter) -> Vec<String> {
        let named = self
            .witnesses
            .iter()
            .find_map(|witness| match &witness.provider {
                Provider::Vcenter(asked) if asked.base_url == vcenter.base_url => {
                    witness.host.clone()
                }
                Provider::Vcenter(_)
                | Provider::Consul(_)
                | Provider::Hetrix(_)
                | Provider::Command { .. }
                | Provider::Http(_) => None,
            });
        named.map_or_else(|| self.peer.hosts.clone(), |name| vec![name])
    }
}

/// What this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A mailbox server.
    Appserver,
    /// A proxy: it takes the traffic.
    Proxyserver,
    /// A server of the mesh: it keeps the Consul quorum.
    Consulserver,
}

impl Role {
    /// Returns the name used in the config file and in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Appserver => "appserver",
            Self::Proxyserver => "proxyserver",
            Self::Consulserver => "consulserver",
        }
    }
}

/// What a role does, with its own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duty {
    /// Mailboxes are promoted.
    Appserver(Appserver),
    /// Traffic is switched.
    Proxyserver(Proxyserver),
    /// The mesh gets its leader back.
    Consulserver(Box<Mesh>),
}

impl Config {
    /// Returns what this node is.
    pub fn role(&self) -> Role {
        match &self.duty {
            Duty::Appserver(_) => Role::Appserver,
            Duty::Proxyserver(_) => Role::Proxyserver,
            Duty::Consulserver(_) => Role::Consulserver,
        }
    }
}

/// One site, as far as the role needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name of the site's block in the file.
    pub name: String,
    /// The names by which Carbonio and the witnesses know the role's hosts: one
    /// (`appserver_vmname`, `proxyserver_vmname`), or those of `consul_vmnames`.
    pub hosts: Vec<String>,
}

impl Site {
    /// Returns the host, or all of them in one word.
    pub fn host(&self) -> String {
        self.hosts.join(",")
    }
}

/// The state files. The lock, the journal and the account list lie beside `promotion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `local.checkDownFile` with the role's suffix: present = the peer is suspect.
    pub down: PathBuf,
    /// `local.checkPromotionFile` with the role's suffix: present = promoted, or on the way.
    pub promotion: PathBuf,
    /// `local.checkRestartReplicaFile`: present = we stopped the HA module. Only a mailbox server
    /// ever does; for any other role the name has its suffix, so that the file is never shared.
    pub module: PathBuf,
}

/// What the `appserver` role does besides promoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appserver {
    /// Width of our pool, and the `threads` handed to `promoteAccounts`.
    pub threads: usize,
    /// Whether the manual site stops its HA module while the peer is dead.
    pub disable_ha_module: bool,
    /// Whether caches are flushed after a promotion.
    pub flush_cache: bool,
    /// Whether the flush asks all servers (`-a`).
    pub flush_all_servers: bool,
    /// Whether replicas are paused and restarted after a promotion.
    pub restart_replica: bool,
}

/// What the `proxyserver` role runs: commands of our own site, each run as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxyserver {
    /// Move the traffic here: in order, up to the first failure.
    pub activate: Vec<Vec<String>>,
    /// Run in order afterwards; all must succeed, or the traffic does not count as moved.
    pub verify: Vec<Vec<String>>,
    /// Move it back: in order, up to the first failure.
    pub deactivate: Vec<Vec<String>>,
    /// Whether they are run when the peer returns (`local.proxy_enable_deactivate`).
    pub enable_deactivate: bool,
}

/// The Consul servers of our own site, and how the survivor among them gets a leader again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// Consul's data folder: `node-id` and `raft` lie in it.
    pub data_dir: PathBuf,
    /// Whose `peers.json` must be, to be read and removed by the service; `None` = habeat's own.
    pub owner: Option<String>,
    /// A `peers.json` that the admin prepared; used instead of one of our own, if it is there.
    pub peers_file: PathBuf,
    /// The port that the servers speak Raft on.
    pub port: u16,
    /// Stops the service, and returns when it is stopped.
    pub stop: Vec<String>,
    /// Starts it, and returns.
    pub start: Vec<String>,
    /// How long the service may take to have a leader.
    pub leader_timeout: Duration,
    /// The addresses of our own site's servers (`consul_ips`).
    pub addresses: Vec<String>,
    /// The directory server of our own site, without which the service does not start
    /// (`directorysrv_ip`).
    pub directory: Option<String>,
    /// The agent of this node.
    pub agent: Consul,
    /// Deadline of a question to an agent.
    pub timeout: Duration,
    /// The agents of the peer's servers, should they be reachable.
    pub peer_agents: Vec<Consul>,
}

/// How the peer is probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// One answer among all targets = the peer answers.
    pub targets: Vec<Target>,
    /// Looks per run; all must fail.
    pub attempts: u32,
    /// Time between two looks.
    pub interval: Duration,
    /// Deadline of one look.
    pub timeout: Duration,
}

/// Something that can be probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// ICMP echo.
    Icmp {
        /// Name or address.
        host: String,
    },
    /// A TCP connection that is accepted.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// An HTTP answer with the expected status and body.
    Http(HttpTarget),
}

/// An HTTP(S) target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTarget {
    /// Where to ask.
    pub url: String,
    /// The status that counts as an answer; any below 500 when not given.
    pub status: Option<u16>,
    /// What the body must match, if given (checked to be a valid expression).
    pub regexp: Option<String>,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Icmp { host } => write!(f, "icmp://{host}"),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Http(http) => f.write_str(&http.url),
        }
    }
}

/// When to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether this site takes over by itself.
    pub takeover: Takeover,
    /// Whether the manual site stops its HA module (`local.disable_ha_module`).
    pub stop_module: bool,
    /// How many witnesses must say down.
    pub quorum: Quorum,
    /// Consecutive runs that must see the peer dead.
    pub confirm_runs: u32,
    /// Consecutive runs that must see the peer alive before the return steps.
    pub recover_runs: u32,
    /// After a promotion, no other one for this long.
    pub block_period: Duration,
    /// Tries of an unfinished promotion before it latches.
    pub max_attempts: u32,
    /// Who runs the return steps.
    pub on_return: OnReturn,
}

/// Whether a site takes over by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takeover {
    /// On a confirmed death.
    Automatic,
    /// Never: the site called `primary`.
    Manual,
    /// Not yet: `local.proxy_enable_activate` is off.
    NotEnabled,
}

/// Who runs the return steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnReturn {
    /// habeat, as the role defines them.
    Role,
    /// The operator.
    Manual,
}

/// A witness to ask.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its name in logs and reports: `name`, or its provider.
    pub name: String,
    /// Where it stands, seen from the site that is judged.
    pub stands: Stands,
    /// The name it knows the peer by, where that is not the peer's host name.
    pub host: Option<String>,
    /// A name it knows to be up: it must say so in the same run before its `down` counts.
    pub canary: Option<String>,
    /// Deadline of the whole conversation.
    pub timeout: Duration,
    /// How it is asked.
    pub provider: Provider,
}

impl Witness {
    /// A witness of which nothing but its provider is said.
    pub fn plain(provider: Provider, timeout: Duration) -> Self {
        Self {
            name: provider.name().to_owned(),
            stands: Stands::Unsaid,
            host: None,
            canary: None,
            timeout,
            provider,
        }
    }
}

/// Where a witness stands, seen from the site that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Nobody said.
    Unsaid,
    /// In the judged site: it dies with it, so that it can only veto.
    InJudged,
    /// In our own site.
    InOwn,
    /// In neither.
    Apart,
}

/// How a witness is asked.
#[derive(Debug, Clone)]
pub enum Provider {
    /// A Consul agent.
    Consul(Consul),
    /// A vCenter server.
    Vcenter(Vcenter),
    /// HetrixTools, or a relay that speaks for it.
    Hetrix(Hetrix),
    /// A program of the admin's own.
    Command {
        /// The program and its arguments. The name that is asked for is in `HABEAT_HOST`.
        argv: Vec<String>,
    },
    /// A page that says whether the peer is up.
    Http(HttpWitness),
}

impl Provider {
    /// Returns the name used in the config file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Consul(_) => "consul",
            Self::Vcenter(_) => "vcenter",
            Self::Hetrix(_) => "hetrix",
            Self::Command { .. } => "command",
            Self::Http(_) => "http",
        }
    }
}

/// How many witnesses must say down. A single `up` always vetoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// Every one that counts.
    All,
    /// More than half of those that count.
    Majority,
    /// This many.
    AtLeast(usize),
}

impl Quorum {
    /// Returns how many of `voters` must say down; never none.
    pub fn needed(self, voters: usize) -> usize {
        match self {
            Self::All => voters,
            Self::Majority => voters / 2 + 1,
            Self::AtLeast(number) => number,
        }
        .max(1)
    }
}

/// How to ask Consul.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consul {
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    pub base_url: String,
    /// Sent as `X-Consul-Token` when there is one.
    pub token: Option<Secret>,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// What the local agent's gossip is worth when no leader is known.
    pub gossip: Gossip,
}

/// How to ask vCenter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vcenter {
    /// `https://HOST[:PORT]`, without a path.
    pub base_url: String,
    /// Who asks.
    pub username: String,
    /// Their password.
    pub password: Secret,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How to ask HetrixTools.
#[derive(Debug, Clone)]
pub struct Hetrix {
    /// `https://HOST[:PORT]`, without a path.
    pub base_url: String,
    /// Sent as a bearer token.
    pub token: Secret,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How to ask a page. `{host}` in the URL stands for the name that is asked for.
#[derive(Debug, Clone)]
pub struct HttpWitness {
    /// Where to ask.
    pub url: String,
    /// The status that counts as an answer; any 2xx when not given.
    pub status: Option<u16>,
    /// Up when the body matches this.
    pub regexp: Option<String>,
    /// Down when the body matches this; without it the page never says down.
    pub down_regexp: Option<String>,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// What the gossip of the local Consul agent is worth when no leader is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gossip {
    /// It may say down while an anchor answers.
    Anchored,
    /// It may never say down.
    Never,
    /// It may say down. An isolated node then promotes.
    Always,
}

/// The programs that promote and flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carbonio {
    /// The user the programs run as; `None` = habeat's own.
    pub user: Option<String>,
    /// The `carbonio` program.
    pub carbonio: PathBuf,
    /// The `zmprov` program.
    pub zmprov: PathBuf,
    /// The name of the replica module on the command line.
    pub namespace: Namespace,
    /// Names per flush call, at the most.
    pub flush_batch: usize,
}

/// The name of the replica module on the command line of `carbonio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// Found out once per run.
    Auto,
    /// The name before 25.9.
    Ha,
    /// The name since 25.9.
    MailReplica,
}

/// Deadlines of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// A question.
    pub query: Duration,
    /// The promotion.
    pub promote: Duration,
    /// One flush call.
    pub flush: Duration,
    /// Any other command.
    pub command: Duration,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

/// What makes sure that the old active cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fence {
    /// The vCenter that powers the judged VM off, first of all.
    pub vcenter: Option<(Vcenter, Duration)>,
    /// Run in order; all must succeed.
    pub commands: Vec<Vec<String>>,
    /// Run in order afterwards; all must succeed.
    pub verify: Vec<Vec<String>>,
}

/// Where past runs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// One JSON document per line.
    pub file: PathBuf,
    /// Lines kept, at the least.
    pub keep: usize,
}
