//! Who is asked whether the peer is down.

use std::path::PathBuf;
use std::time::Duration;

use crate::clients::vcenter::Vcenter;
use crate::config::{Secret, Url};

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
    pub url: Url,
    /// The status that counts as an answer; any 2xx when not given.
    pub status: Option<u16>,
    /// Up when the body matches this.
    pub regexp: Option<String>,
    /// Down when the body matches this; without it the page never says down.
    pub down_regexp: Option<String>,
    /// How old the page may be, by what its headers say; without it, not older than this request.
    pub max_age: Option<Duration>,
    /// Sent as a bearer token when there is one.
    pub token: Option<Secret>,
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
