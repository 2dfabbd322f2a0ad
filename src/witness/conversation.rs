//! A conversation with a witness over HTTP. Every failure in it is a [`Doubt`] of its own kind;
//! nothing in this file can say up or down.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use ureq::http::header::{CONTENT_TYPE, HeaderValue};
use ureq::http::{HeaderMap, Response};

use super::http::{BODY_CAP, Fault, agent, host_and_port};
use super::{Doubt, DoubtKind};
use crate::config::Secret;
use crate::resolve::resolve;

/// How much of an unexpected body is shown.
const EXCERPT: usize = 120;

/// Where a witness is found, and what is shown at its door.
#[derive(Debug)]
pub(super) struct Door<'a> {
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    pub(super) base_url: &'a str,
    /// Certificates to trust instead of the public ones.
    pub(super) ca_file: Option<&'a Path>,
    /// The header that carries the token.
    pub(super) token: Option<(&'static str, &'a Secret)>,
    /// When the whole conversation is over.
    pub(super) deadline: Deadline,
}

/// When a conversation is over, however many requests it takes.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline this long from now.
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(time).unwrap_or(now))
    }

    /// Returns the time that is left.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// A conversation with one witness; all its requests share one deadline.
pub(super) struct Conversation<'a> {
    agent: ureq::Agent,
    base_url: &'a str,
    token: Option<(&'static str, HeaderValue)>,
    deadline: Deadline,
}

impl<'a> Conversation<'a> {
    /// Makes ready to ask; the network is used for names only.
    pub(super) fn open(door: &Door<'a>) -> Result<Self, Doubt> {
        let token = door.token.map(header).transpose()?;
        let unreachable = |why| Doubt::new(DoubtKind::Unreachable, why);
        let (host, port) = host_and_port(door.base_url).map_err(unreachable)?;
        let addresses = resolve(&host, port, door.deadline.left() / 2).map_err(unreachable)?;
        let agent = agent(addresses, door.ca_file, door.deadline.left())
            .map_err(|why| Doubt::new(DoubtKind::Tls, why))?;
        Ok(Self {
            agent,
            base_url: door.base_url,
            token,
            deadline: door.deadline,
        })
    }

    /// Asks for `path`; only a complete answer with status 200 is one.
    pub(super) fn get(&self, path: &str) -> Result<Reply, Doubt> {
        let url = format!("{}{path}", self.base_url);
        self.fetch(&url).map_err(|doubt| about(&url, &doubt))
    }

    fn fetch(&self, url: &str) -> Result<Reply, Doubt> {
        let left = self.deadline.left();
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
            return Err(refusal(status, &headers, &body.unwrap_or_default()));
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
        let unexpected = |why: String| {
            let detail = format!("not the JSON we expect ({why}): {}", excerpt(&self.body));
            about(&self.url, &Doubt::new(DoubtKind::BadAnswer, detail))
        };
        if let Some(other) = other_than_json(&self.headers) {
            return Err(unexpected(format!("it is called {other}")));
        }
        serde_json::from_slice(&self.body).map_err(|err| unexpected(err.to_string()))
    }
}

/// Returns the content type, if there is one and it is another. Many relays send none.
fn other_than_json(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(CONTENT_TYPE)?;
    let said = excerpt(said.as_bytes()).to_ascii_lowercase();
    (!said.contains("json")).then_some(said)
}

/// Says which question a doubt is about.
pub(super) fn about(url: &str, doubt: &Doubt) -> Doubt {
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

/// Reads a whole body, up to the bound.
pub(super) fn read(response: Response<ureq::Body>) -> Result<Vec<u8>, Fault> {
    let body = response.into_body().into_with_config().limit(BODY_CAP);
    Ok(body.read_to_vec()?)
}

/// Every status but the expected one is a refusal of some kind.
pub(super) fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> Doubt {
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
        format!("status {status}: {said}{}", until_when(headers))
    };
    Doubt::new(kind, detail)
}

/// Says what a refusal tells of the time to come back: RFC 9110, section 10.2.3, and the headers
/// of HetrixTools (Unix seconds; API v3, "Rate Limiting").
fn until_when(headers: &HeaderMap) -> String {
    [
        "retry-after",
        "ratelimit-reset-user",
        "ratelimit-reset-endpoint",
    ]
    .iter()
    .filter_map(|name| Some((name, headers.get(*name)?)))
    .map(|(name, value)| format!(" ({name}: {})", excerpt(value.as_bytes())))
    .collect()
}

/// Returns the beginning of a body in printable characters, for the log.
pub(super) fn excerpt(body: &[u8]) -> String {
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
