//! Observers outside both sites' failure domain. A witness has one verb: it testifies.
//!
//! To add a provider: one file beside `consul.rs`, one arm in [`testify`], one page in
//! `docs/witnesses/`. A provider cannot turn a failure into a death: what errs is a [`Doubt`].

use std::fmt;
use std::time::Duration;

use crate::config::{Site, WitnessConfig};

mod consul;
mod conversation;
pub(crate) mod http;

/// Asks one witness about `peer`. It may need to see `own` to show that it sees anything.
///
/// The conversation ends within [`patience`]; whatever goes wrong in it is a [`Doubt`].
pub fn testify(witness: &WitnessConfig, own: &Site, peer: &Site) -> Heard {
    let (host, testimony) = match witness {
        WitnessConfig::Consul(config) => consul::testify(config, own, peer),
    };
    Heard {
        witness: name(witness).to_owned(),
        host,
        testimony,
    }
}

/// Returns the name of a witness, for logs and reports.
pub fn name(witness: &WitnessConfig) -> &'static str {
    match witness {
        WitnessConfig::Consul(_) => "consul",
    }
}

/// Returns how long a conversation with it may take.
pub fn patience(witness: &WitnessConfig) -> Duration {
    match witness {
        WitnessConfig::Consul(config) => config.timeout,
    }
}

/// What one witness said about the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The witness, as named in the config.
    pub witness: String,
    /// The name it knows the peer by, or the one it was asked for.
    pub host: String,
    /// What it said.
    pub testimony: Testimony,
}

/// What a witness says. Not knowing is a valid answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Testimony {
    /// The peer runs.
    Up,
    /// The peer does not run, as seen by this voice.
    Down(Voice),
    /// It cannot say.
    Unknown(Doubt),
}

/// Whose eyes a `Down` rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// It proved in the same run that it can see.
    Proven,
    /// Our own side's gossip: worth something only while an anchor answers.
    Anchored,
}

/// Why a witness cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The stable code.
    pub kind: DoubtKind,
    /// The particulars, for the log.
    pub detail: String,
}

/// The ways of not knowing. Each has a paragraph in the runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtKind {
    /// No connection: refused, reset, no route, name not resolved.
    Unreachable,
    /// No complete answer within the deadline.
    Timeout,
    /// The certificate or the handshake was not acceptable.
    Tls,
    /// 401 or 403, or a token nobody knows.
    Denied,
    /// 429.
    RateLimited,
    /// 3xx: never followed.
    Redirected,
    /// 5xx or another status that is not 200.
    HttpStatus,
    /// Not the JSON we expect, cut off, or too large.
    BadAnswer,
    /// It does not know the host.
    NotFound,
    /// More than one entry fits the host.
    Ambiguous,
    /// An administrator took the host out: left, leaving, in maintenance.
    TakenOut,
    /// A state that says neither up nor down.
    Unclear,
    /// The answer is not fresh.
    Stale,
    /// Parts of the answer were withheld from us.
    Filtered,
    /// No leader, and the gossip may not speak.
    NoLeader,
    /// It says down but cannot show that it sees anything.
    Blind,
}

impl DoubtKind {
    /// Every way of not knowing.
    pub const ALL: [Self; 16] = [
        Self::Unreachable,
        Self::Timeout,
        Self::Tls,
        Self::Denied,
        Self::RateLimited,
        Self::Redirected,
        Self::HttpStatus,
        Self::BadAnswer,
        Self::NotFound,
        Self::Ambiguous,
        Self::TakenOut,
        Self::Unclear,
        Self::Stale,
        Self::Filtered,
        Self::NoLeader,
        Self::Blind,
    ];

    /// Returns the stable code, also the anchor in `docs/runbook.md` after `witness-`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Denied => "denied",
            Self::RateLimited => "rate-limited",
            Self::Redirected => "redirected",
            Self::HttpStatus => "http-status",
            Self::BadAnswer => "bad-answer",
            Self::NotFound => "not-found",
            Self::Ambiguous => "ambiguous",
            Self::TakenOut => "taken-out",
            Self::Unclear => "unclear",
            Self::Stale => "stale",
            Self::Filtered => "filtered",
            Self::NoLeader => "no-leader",
            Self::Blind => "blind",
        }
    }
}

impl Doubt {
    /// Builds a doubt.
    pub fn new(kind: DoubtKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Down(Voice::Proven) => f.write_str("down"),
            Self::Down(Voice::Anchored) => f.write_str("down (gossip)"),
            Self::Unknown(doubt) => write!(f, "unknown ({doubt})"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
