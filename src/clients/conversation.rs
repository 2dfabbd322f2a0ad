//! A conversation over HTTP. Every failure in it is a [`Doubt`] of its own kind; nothing in this
//! file can say up or down.

use std::fmt;
use std::path::Path;

use ureq::http::header::{CACHE_CONTROL, HeaderValue};
use ureq::http::{Method, Request, Response};

use super::http::{Ear, Fault, agent, host_and_port};
use crate::base::deadline::Deadline;
use crate::base::doubt::{Doubt, DoubtKind};
use crate::base::resolve::resolve;
use crate::base::secret::Secret;

mod answer;

pub(crate) use answer::{Answer, Reply, excerpt};

/// How much of a request is shown.
const QUESTION: usize = 240;

/// Where somebody is found, and what is shown at its door.
#[derive(Debug)]
pub(crate) struct Door<'a> {
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    pub(crate) base_url: &'a str,
    /// Certificates to trust instead of the public ones.
    pub(crate) ca_file: Option<&'a Path>,
    /// The header that carries the token.
    pub(crate) token: Option<(&'static str, &'a Secret)>,
    /// When the whole conversation is over.
    pub(crate) deadline: Deadline,
    /// How old an answer may be, in seconds.
    pub(crate) max_age: i64,
}

/// A conversation with one of them; all its requests share one deadline.
#[derive(Clone)]
pub(crate) struct Conversation<'a> {
    agent: ureq::Agent,
    base_url: &'a str,
    /// What the log is shown instead, where there may be a secret in it.
    shown: Option<String>,
    token: Option<(&'static str, HeaderValue)>,
    deadline: Deadline,
    max_age: i64,
}

impl<'a> Conversation<'a> {
    /// Makes ready to ask; the network is used for names only.
    pub(crate) fn open(door: &Door<'a>) -> Result<Self, Doubt> {
        let token = door.token.map(header).transpose()?;
        let unreachable = |why| Doubt::new(DoubtKind::Unreachable, why);
        let (host, port) = host_and_port(door.base_url).map_err(unreachable)?;
        let addresses = resolve(&host, port, door.deadline.left() / 2).map_err(unreachable)?;
        let agent = agent(
            addresses,
            door.ca_file,
            door.deadline.left(),
            &Ear::default(),
        )
        .map_err(|why| Doubt::new(DoubtKind::Tls, why))?;
        Ok(Self {
            agent,
            base_url: door.base_url,
            shown: None,
            token,
            deadline: door.deadline,
            max_age: door.max_age,
        })
    }

    /// The same conversation, shown in doubts as one with `shown`.
    pub(crate) fn shown_as(self, shown: String) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The same conversation with another deadline.
    pub(crate) fn until(&self, deadline: Deadline) -> Self {
        Self {
            deadline,
            ..self.clone()
        }
    }

    /// Asks for `path`; only a complete answer with status 200 is one.
    pub(crate) fn get(&self, path: &str) -> Result<Reply, Doubt> {
        self.fetch(path)?.whole()
    }

    /// Asks for `path`, and leaves the body to be read; only an answer with status 200 is one.
    pub(crate) fn fetch(&self, path: &str) -> Result<Answer, Doubt> {
        let answer = self.send(&Method::GET, path, None)?;
        if answer.status() == 200 {
            Ok(answer)
        } else {
            Err(answer.whole()?.refusal())
        }
    }

    /// Sends a request without a body, with one more header; an answer of any status is one.
    pub(crate) fn send(
        &self,
        method: &Method,
        path: &str,
        header: Option<(&'static str, &Secret)>,
    ) -> Result<Answer, Doubt> {
        let question = shown(method, self.shown.as_deref().unwrap_or(self.base_url), path);
        self.exchange(method, path, header)
            .map(|response| Answer::new(question.clone(), response, self.max_age))
            .map_err(|doubt| answer::about(&question, &doubt))
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
        request = request.header(CACHE_CONTROL, "no-cache");
        for (name, value) in self.token.iter().chain(&extra) {
            request = request.header(*name, value);
        }
        let request = request
            .body(())
            .map_err(|err| Doubt::new(DoubtKind::Unusable, err.to_string()))?;
        let request = self.agent.configure_request(request);
        // The kernel ends a wait on a socket late by up to an eighth (the granularity of the wheel,
        // kernel/time/timer.c).
        let request = request.timeout_global(Some(left - left / 8)).build();
        let response = if method == Method::POST {
            // Says that its length is 0, as a POST must (RFC 9110, section 8.6).
            self.agent.run(request.map(|()| [].as_slice()))
        } else {
            self.agent.run(request)
        };
        Ok(response.map_err(Fault::from)?)
    }
}

/// Returns a request for the log; a path may be thousands of bytes long.
fn shown(method: &Method, base_url: &str, path: &str) -> String {
    let whole = format!("{method} {base_url}{path}");
    match whole.char_indices().nth(QUESTION) {
        Some((end, _)) => format!("{}...", &whole[..end]),
        None => whole,
    }
}

fn header((name, token): (&'static str, &Secret)) -> Result<(&'static str, HeaderValue), Doubt> {
    let mut value = HeaderValue::from_str(token.reveal()).map_err(|_| {
        let detail = "the token has characters that cannot be sent; write it again";
        Doubt::new(DoubtKind::Denied, detail)
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

impl fmt::Debug for Conversation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
