//! How the peer is probed.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Url;

/// How the peer is probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// One answer among all targets = the peer answers.
    pub targets: Vec<Target>,
    /// Looks per run; all must fail.
    pub attempts: u32,
    /// Time between two looks.
    pub interval: Duration,
    /// Deadline of one look, at each address of a name.
    pub timeout: Duration,
    /// The hosts and addresses of our own site, as its block gives them: whoever answers there is
    /// not the peer. Loopback's own addresses are everybody's, and not among them.
    pub ours: Vec<String>,
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
    pub url: Url,
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
            Self::Http(http) => write!(f, "{}", http.url),
        }
    }
}
