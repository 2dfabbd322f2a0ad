//! What comes back in a conversation.

use std::io::{self, BufReader, Read};

use serde::de::{DeserializeOwned, DeserializeSeed};
use ureq::http::header::CONTENT_TYPE;
use ureq::http::{HeaderMap, Response};

use crate::base::clock::Now;
use crate::base::doubt::{Doubt, DoubtKind};
use crate::clients::http::{BODY_CAP, Fault, must_be_fresh};

/// How much of an unexpected body is shown.
const EXCERPT: usize = 120;

/// The head of an answer; its body is still to be read.
pub(crate) struct Answer {
    question: String,
    response: Response<ureq::Body>,
    max_age: i64,
}

impl Answer {
    /// `max_age`: how many seconds it may be old.
    pub(super) fn new(question: String, response: Response<ureq::Body>, max_age: i64) -> Self {
        Self {
            question,
            response,
            max_age,
        }
    }

    /// Its status.
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Its headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Reads the body to its end. That of a refusal may be missing or too large: it is one anyway.
    pub(crate) fn whole(self) -> Result<Reply, Doubt> {
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
            max_age: self.max_age,
        })
    }

    /// Reads a body of just now of up to `cap` bytes as JSON of exactly that shape while it comes in, so that
    /// no more of it is kept than `seed` does.
    pub(crate) fn streamed<T>(
        self,
        cap: u64,
        seed: impl for<'de> DeserializeSeed<'de, Value = T>,
    ) -> Result<T, Doubt> {
        fresh(self.response.headers(), self.max_age)
            .and_then(|()| must_be_json(self.response.headers()))
            .map_err(|doubt| about(&self.question, &doubt))?;
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
pub(crate) struct Reply {
    question: String,
    /// Its status.
    pub(crate) status: u16,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
    max_age: i64,
}

impl Reply {
    /// Refuses an answer that a cache gave, or that was made some time ago.
    pub(crate) fn must_be_fresh(&self) -> Result<(), Doubt> {
        fresh(&self.headers, self.max_age).map_err(|doubt| about(&self.question, &doubt))
    }

    /// Reads the body, of just now, as JSON of exactly that shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Doubt> {
        fresh(&self.headers, self.max_age)
            .and_then(|()| must_be_json(&self.headers))
            .and_then(|()| {
                serde_json::from_slice(&self.body).map_err(|err| unreadable(err, &self.body))
            })
            .map_err(|doubt| about(&self.question, &doubt))
    }

    /// Returns the whole body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// A doubt about this answer.
    pub(crate) fn doubt(&self, kind: DoubtKind, detail: impl Into<String>) -> Doubt {
        about(&self.question, &Doubt::new(kind, detail))
    }

    /// What a status that is not the expected one comes to.
    pub(crate) fn refusal(&self) -> Doubt {
        let doubt = refusal(self.status, &self.headers, &self.body);
        about(&self.question, &doubt)
    }
}

fn fresh(headers: &HeaderMap, max_age: i64) -> Result<(), Doubt> {
    must_be_fresh(headers, Now::read().wall, max_age)
        .map_err(|why| Doubt::new(DoubtKind::Stale, format!("not of just now: {why}")))
}

/// An answer that is called something else is none. Many relays do not call theirs anything.
fn must_be_json(headers: &HeaderMap) -> Result<(), Doubt> {
    let Some(called) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let called = excerpt(called.as_bytes()).to_ascii_lowercase();
    if called.contains("json") {
        return Ok(());
    }
    let detail = format!("not JSON, by its own word: content-type {called}");
    Err(Doubt::new(DoubtKind::BadAnswer, detail))
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
pub(super) fn about(question: &str, doubt: &Doubt) -> Doubt {
    Doubt::new(doubt.kind, format!("{question}: {}", doubt.detail))
}

fn read(response: Response<ureq::Body>) -> Result<Vec<u8>, Fault> {
    let body = response.into_body().into_with_config().limit(BODY_CAP);
    Ok(body.read_to_vec()?)
}

/// Every status but the expected one is a refusal of some kind.
fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> Doubt {
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
pub(crate) fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(EXCERPT)
        .collect::<String>()
        .trim()
        .to_owned()
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
