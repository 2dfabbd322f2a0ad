//! The one place that builds an HTTP client, for witnesses and for probes.
//!
//! The defaults of `ureq` do not suit us: no deadlines, redirects followed, a proxy taken from
//! the environment.

use std::fmt::{self, Write};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector, NextTimeout, RustlsConnector, TcpConnector};

mod ear;
mod fresh;

pub(crate) use ear::Ear;
pub(crate) use fresh::{must_be_fresh, unix_seconds};

use crate::base::unmarked::unmarked;
use crate::base::url::public_part;

/// The most that is read of one body, and of a file of certificates.
pub(crate) const BODY_CAP: u64 = 1 << 20;

/// Builds a client that talks to `addresses` only and ends each exchange after `within`.
///
/// With `ca_file` only those certificates are trusted, otherwise the public ones. `ear` notes
/// whether anything comes back.
///
/// # Errors
/// When the file of certificates cannot be used.
pub(crate) fn agent(
    addresses: Vec<SocketAddr>,
    ca_file: Option<&Path>,
    within: Duration,
    ear: &Ear,
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
    let connector =
        ().chain(TcpConnector::default())
            .chain(ear.clone())
            .chain(RustlsConnector::default());
    Ok(ureq::Agent::with_parts(
        settings,
        connector,
        Known(addresses),
    ))
}

/// Reads a file of certificates.
///
/// # Errors
/// When it cannot be read, or has none in it.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let shown = path.display();
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BODY_CAP).read_to_end(&mut pem))
        .map_err(|err| format!("cannot read ca_file {shown}: {err}"))?;
    let mut found = Vec::new();
    for item in parse_pem(unmarked(&pem)) {
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
        .map_err(|err| format!("{} is not a URL: {err}", public_part(url)))?;
    let default = match uri.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        Some(_) | None => {
            return Err(format!(
                "{} does not begin with http:// or https://",
                public_part(url)
            ));
        }
    };
    match uri.host() {
        Some(host) if !host.is_empty() => Ok((host.to_owned(), uri.port_u16().unwrap_or(default))),
        Some(_) | None => Err(format!("{} has no host", public_part(url))),
    }
}

/// Returns `name` as one segment of a path or one value of a query (RFC 3986, section 2.3).
pub(crate) fn segment(name: &str) -> String {
    name.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(char::from(byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _ = write!(path, "%{other:02X}");
            }
        }
        path
    })
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
