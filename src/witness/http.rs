//! The one place that builds an HTTP client, and the conversation with a witness over it.
//!
//! The defaults of `ureq` do not suit us: no deadlines, redirects followed, a proxy taken from
//! the environment. Here every failure is a [`Doubt`]; nothing in this file can say up or down.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use ureq::http::header::HeaderValue;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::{Doubt, DoubtKind};
use crate::config::Secret;
use crate::resolve::resolve;

/// The most that is read of one body, and of a file of certificates.
pub(crate) const BODY_CAP: u64 = 1 << 20;

/// How much of an unexpected body is shown.
const EXCERPT: usize = 120;

/// Builds a client that talks to `addresses` only and ends each exchange after `within`.
///
/// With `ca_file` only those certificates are trusted, otherwise the public ones.
///
/// # Errors
/// When the file of certificates cannot be used.
pub(crate) fn agent(
    addresses: Vec<SocketAddr>,
    ca_file: Option<&Path>,
    within: Duration,
) -> Result<ureq::Agent, String> {
    let roots = match ca_file {
        Some(path) => RootCerts::from(certificates(path)?),
        None => RootCerts::WebPki,
    };
    let settings = ureq::Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .max_idle_connections(0)
        .user_agent(concat!("habeat/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        // Covers every phase, the TLS handshake and the body included.
        .timeout_global(Some(within))
        .build();
    let connector = DefaultConnector::default();
    Ok(ureq::Agent::with_parts(
        settings,
        connector,
        Known(addresses),
    ))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let shown = path.display();
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BODY_CAP).read_to_end(&mut pem))
        .map_err(|err| format!("cannot read ca_file {shown}: {err}"))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(err) => return Err(format!("cannot read ca_file {shown}: {err}")),
        }
    }
    if found.is_empty() {
        return Err(format!("ca_file {shown} has no PEM certificate in it"));
    }
    Ok(found)
}

/// Addresses found beforehand. The resolver of `ureq` would do it again, and panics when no
/// thread can be started.
#[derive(Debug)]
struct Known(Vec<SocketAddr>);

impl Resolver for Known {
    fn resolve(
        &self,
        _: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        // The list of `ureq` holds 16 and panics on the next one.
        for address in self.0.iter().take(16) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}

/// Returns the host and the port that `url` leads to.
///
/// # Errors
/// When it is not an `http` or `https` URL with a host.
pub(crate) fn host_and_port(url: &str) -> Result<(String, u16), String> {
    let uri: Uri = url
        .parse()
        .map_err(|err| format!("{url} is not a URL: {err}"))?;
    let default = match uri.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        Some(_) | None => return Err(format!("{url} does not begin with http:// or https://")),
    };
    match uri.host() {
        Some(host) if !host.is_empty() => Ok((host.to_owned(), uri.port_u16().unwrap_or(default))),
        Some(_) | None => Err(format!("{url} has no host")),
    }
}

/// How an exchange broke.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The certificate or the handshake was not acceptable.
    Tls(String),
    /// It was not over at the deadline.
    Late,
    /// The other side closed before the end of its answer.
    CutOff,
    /// The answer is larger than we read.
    TooLarge,
    /// What came is no HTTP.
    NotHttp(String),
    /// The connection failed.
    Connection(io::Error),
    /// Nothing was asked at all.
    Other(String),
}

impl From<ureq::Error> for Fault {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the errors of ureq are open-ended; what we do not know proves nothing"
    )]
    fn from(err: ureq::Error) -> Self {
        use ureq::Error as E;
        match err {
            E::Timeout(_) => Self::Late,
            E::Io(err) if err.kind() == ErrorKind::UnexpectedEof => Self::CutOff,
            // rustls reports a failed handshake as invalid data; nothing else on the way does.
            E::Io(err) if err.kind() == ErrorKind::InvalidData => Self::Tls(err.to_string()),
            E::Io(err) => Self::Connection(err),
            E::Tls(_) | E::Pem(_) | E::Rustls(_) | E::TlsRequired => Self::Tls(err.to_string()),
            E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => Self::TooLarge,
            E::Protocol(err) => Self::NotHttp(err.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls(why) => write!(f, "TLS: {why}"),
            Self::Late => f.write_str("no complete answer within the deadline"),
            Self::CutOff => f.write_str("closed before the end of its answer"),
            Self::TooLarge => f.write_str("the answer is too large"),
            Self::NotHttp(why) => write!(f, "no proper HTTP answer: {why}"),
            Self::Connection(err) => write!(f, "{err}"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl From<Fault> for Doubt {
    fn from(fault: Fault) -> Self {
        let kind = match &fault {
            Fault::Tls(_) => DoubtKind::Tls,
            Fault::Late => DoubtKind::Timeout,
            Fault::CutOff | Fault::TooLarge | Fault::NotHttp(_) => DoubtKind::BadAnswer,
            Fault::Connection(_) | Fault::Other(_) => DoubtKind::Unreachable,
        };
        Self::new(kind, fault.to_string())
    }
}

/// Where a witness is found, and what is shown at its door.
#[derive(Debug)]
pub(super) struct Door<'a> {
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    pub(super) base_url: &'a str,
    /// Certificates to trust instead of the public ones.
    pub(super) ca_file: Option<&'a Path>,
    /// The header that carries the token.
    pub(super) token: Option<(&'static str, &'a Secret)>,
    /// Deadline of the whole conversation.
    pub(super) timeout: Duration,
}

/// A conversation with one witness; all its requests share one deadline.
pub(super) struct Conversation<'a> {
    agent: ureq::Agent,
    base_url: &'a str,
    token: Option<(&'static str, HeaderValue)>,
    deadline: Instant,
}

impl<'a> Conversation<'a> {
    /// Makes ready to ask; the network is used for names only.
    pub(super) fn open(door: &Door<'a>) -> Result<Self, Doubt> {
        let deadline = Instant::now() + door.timeout;
        let token = door.token.map(header).transpose()?;
        let unreachable = |why| Doubt::new(DoubtKind::Unreachable, why);
        let (host, port) = host_and_port(door.base_url).map_err(unreachable)?;
        let addresses = resolve(&host, port, door.timeout / 2).map_err(unreachable)?;
        let agent = agent(addresses, door.ca_file, door.timeout)
            .map_err(|why| Doubt::new(DoubtKind::Tls, why))?;
        Ok(Self {
            agent,
            base_url: door.base_url,
            token,
            deadline,
        })
    }

    /// Asks for `path`; only a complete answer with status 200 is one.
    pub(super) fn get(&self, path: &str) -> Result<Reply, Doubt> {
        let url = format!("{}{path}", self.base_url);
        self.fetch(&url).map_err(|doubt| about(&url, doubt))
    }

    fn fetch(&self, url: &str) -> Result<Reply, Doubt> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Doubt::new(DoubtKind::Timeout, "no time was left to ask"));
        }
        let mut request = self.agent.get(url);
        if let Some((name, value)) = &self.token {
            request = request.header(*name, value);
        }
        let request = request.config().timeout_global(Some(left)).build();
        let response = request.call().map_err(Fault::from)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = read(response);
        if status != 200 {
            return Err(refusal(status, &body.unwrap_or_default()));
        }
        Ok(Reply {
            url: url.to_owned(),
            headers,
            body: body?,
        })
    }
}

/// A complete answer with status 200.
#[derive(Debug)]
pub(super) struct Reply {
    url: String,
    /// Its headers.
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    /// Reads the body as JSON of exactly that shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Doubt> {
        serde_json::from_slice(&self.body).map_err(|err| {
            let detail = format!("not the JSON we expect ({err}): {}", excerpt(&self.body));
            about(&self.url, Doubt::new(DoubtKind::BadAnswer, detail))
        })
    }
}

/// Says which question a doubt is about.
fn about(url: &str, doubt: Doubt) -> Doubt {
    Doubt::new(doubt.kind, format!("GET {url}: {}", doubt.detail))
}

fn header((name, token): (&'static str, &Secret)) -> Result<(&'static str, HeaderValue), Doubt> {
    let mut value = HeaderValue::from_str(token.reveal()).map_err(|_| {
        let detail = "the token has characters that cannot be sent; write it again";
        Doubt::new(DoubtKind::Denied, detail)
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn read(response: Response<ureq::Body>) -> Result<Vec<u8>, Fault> {
    let body = response.into_body().into_with_config().limit(BODY_CAP);
    Ok(body.read_to_vec()?)
}

/// Every status but 200 is a refusal of some kind.
fn refusal(status: u16, body: &[u8]) -> Doubt {
    let said = excerpt(body);
    let kind = match status {
        300..=399 => DoubtKind::Redirected,
        401 | 403 => DoubtKind::Denied,
        429 => DoubtKind::RateLimited,
        _ if said.contains("ACL not found") => DoubtKind::Denied,
        _ => DoubtKind::HttpStatus,
    };
    let detail = if kind == DoubtKind::Redirected {
        format!("status {status}, not followed")
    } else {
        format!("status {status}: {said}")
    };
    Doubt::new(kind, detail)
}

/// Returns the beginning of a body in printable characters, for the log.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(EXCERPT)
        .collect::<String>()
        .trim()
        .to_owned()
}

impl fmt::Debug for Conversation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
