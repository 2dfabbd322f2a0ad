//! A conversation with a witness over HTTP. Every failure in it is a [`Doubt`] of its own kind;
//! nothing in this file can say up or down.

use std::fmt::{self, Write};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::de::{DeserializeOwned, DeserializeSeed};
use ureq::http::header::HeaderValue;
use ureq::http::{HeaderMap, Method, Request, Response};

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

    /// The same, but at most this long from now.
    pub(super) fn at_most(self, time: Duration) -> Self {
        Self(self.0.min(Self::after(time).0))
    }
}

/// A conversation with one witness; all its requests share one deadline.
#[derive(Clone)]
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

    /// The same conversation with another deadline.
    pub(super) fn until(&self, deadline: Deadline) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }

    /// Asks for `path`; only a complete answer with status 200 is one.
    pub(super) fn get(&self, path: &str) -> Result<Reply, Doubt> {
        let reply = self.send(&Method::GET, path, None)?.whole()?;
        if reply.status == 200 {
            Ok(reply)
        } else {
            Err(reply.refusal())
        }
    }

    /// Sends a request without a body, with one more header; an answer of any status is one.
    pub(super) fn send(
        &self,
        method: &Method,
        path: &str,
        header: Option<(&'static str, &Secret)>,
    ) -> Result<Answer, Doubt> {
        let question = format!("{method} {}{path}", self.base_url);
        match self.exchange(method, path, header) {
            Ok(response) => Ok(Answer { question, response }),
            Err(doubt) => Err(about(&question, &doubt)),
        }
    }

    fn exchange(
        &self,
        method: &Method,
        path: &str,
        extra: Option<(&'static str, &Secret)>,
    ) -> Result<Response<ureq::Body>, Doubt> {
        let left = self.deadline.left();
        if left.is_zero() {
            return Err(Doubt::new(DoubtKind::Timeout, "no time was left to ask"));
        }
        let extra = extra.map(header).transpose()?;
        let url = format!("{}{path}", self.base_url);
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in self.token.iter().chain(&extra) {
            request = request.header(*name, value);
        }
        let request = request
            .body(())
            .map_err(|err| Doubt::new(DoubtKind::Unusable, err.to_string()))?;
        let request = self.agent.configure_request(request);
        let request = request.timeout_global(Some(left)).build();
        let response = if method == Method::POST {
            // Says that its length is 0, as a POST must (RFC 9110, section 8.6).
            self.agent.run(request.map(|()| [].as_slice()))
        } else {
            self.agent.run(request)
        };
        Ok(response.map_err(Fault::from)?)
    }
}

/// The head of an answer; its body is still to be read.
pub(super) struct Answer {
    question: String,
    response: Response<ureq::Body>,
}

impl Answer {
    /// Its status.
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Reads the body to its end. That of a refusal may be missing or too large: it is one anyway.
    pub(super) fn whole(self) -> Result<Reply, Doubt> {
        let (question, status) = (self.question, self.response.status().as_u16());
        let headers = self.response.headers().clone();
        let body = match read(self.response) {
            Ok(body) => body,
            Err(_) if !(200..300).contains(&status) => Vec::new(),
            Err(fault) => return Err(about(&question, &fault.into())),
        };
        Ok(Reply {
            question,
            status,
            headers,
            body,
        })
    }

    /// Reads a body of up to `cap` bytes as JSON of exactly that shape while it comes in, so that
    /// no more of it is kept than `seed` does.
    pub(super) fn streamed<T>(
        self,
        cap: u64,
        seed: impl for<'de> DeserializeSeed<'de, Value = T>,
    ) -> Result<T, Doubt> {
        let body = self.response.into_body().into_with_config().limit(cap);
        let mut glimpse = Glimpse {
            body: body.reader(),
            seen: Vec::new(),
        };
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(&mut glimpse));
        let read = seed
            .deserialize(&mut json)
            .and_then(|value| json.end().map(|()| value));
        read.map_err(|err| about(&self.question, &unreadable(err, &glimpse.seen)))
    }
}

/// Keeps the beginning of what is read, for the log.
struct Glimpse<R> {
    body: R,
    seen: Vec<u8>,
}

impl<R: Read> Read for Glimpse<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        let room = (4 * EXCERPT).saturating_sub(self.seen.len());
        self.seen.extend(buffer.iter().take(count.min(room)));
        Ok(count)
    }
}

/// A complete answer. That of [`Conversation::get`] has status 200.
#[derive(Debug)]
pub(super) struct Reply {
    question: String,
    /// Its status.
    pub(super) status: u16,
    /// Its headers.
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    /// Reads the body as JSON of exactly that shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Doubt> {
        serde_json::from_slice(&self.body)
            .map_err(|err| about(&self.question, &unreadable(err, &self.body)))
    }

    /// What a status that is not the expected one comes to.
    pub(super) fn refusal(&self) -> Doubt {
        about(&self.question, &refusal(self.status, &self.body))
    }
}

/// Either the body broke off, or it is not what it should be.
fn unreadable(err: serde_json::Error, body: &[u8]) -> Doubt {
    if err.is_io() {
        return Fault::from(ureq::Error::from(io::Error::from(err))).into();
    }
    let detail = format!("not the JSON we expect ({err}): {}", excerpt(body));
    Doubt::new(DoubtKind::BadAnswer, detail)
}

/// Says which question a doubt is about.
fn about(question: &str, doubt: &Doubt) -> Doubt {
    Doubt::new(doubt.kind, format!("{question}: {}", doubt.detail))
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

/// Returns `text` as one segment of a path, or one value of a query (RFC 3986, section 2.3).
pub(super) fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
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
