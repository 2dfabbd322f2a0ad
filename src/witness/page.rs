//! A page that says whether the peer is up: a status page, a badge, an answer of an API.
//!
//! Without an expression for it, a page never says down.

use std::time::Duration;

use regex_lite::Regex;
use ureq::http::Method;
use ureq::http::header::LAST_MODIFIED;

use super::{Doubt, DoubtKind, Provider, Question, Testimony, Voice};
use crate::base::clock::Now;
use crate::base::deadline::Deadline;
use crate::base::url::public_part;
use crate::clients::conversation::{Conversation, Door, Reply, excerpt};
use crate::clients::http::{host_and_port, segment, unix_seconds};
use crate::config::{HttpWitness, Secret};

impl Provider for HttpWitness {
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt> {
        ask(self, question.host, question.deadline)
    }
}

/// Asks about `host`; returns the name it is known by, and what was said of it.
fn ask(config: &HttpWitness, host: &str, deadline: Deadline) -> Result<(String, Testimony), Doubt> {
    let url = config.url.reveal().replace("{host}", &segment(host));
    let signs = Signs::of(config)?;
    let heard = fetch(config, &url, deadline).and_then(|page| signs.look_for(&page));
    match heard {
        Ok(testimony) => Ok((host.to_owned(), testimony)),
        Err(doubt) => {
            let detail = doubt.detail.replace(&url, &public_part(&url));
            Err(Doubt::new(doubt.kind, detail))
        }
    }
}

/// What is looked for on the page.
#[derive(Debug)]
struct Signs {
    up: Option<Regex>,
    down: Option<Regex>,
}

impl Signs {
    fn of(config: &HttpWitness) -> Result<Self, Doubt> {
        let up = config.regexp.as_deref().map(compile).transpose()?;
        let down = config.down_regexp.as_deref().map(compile).transpose()?;
        if down.as_ref().is_some_and(|down| down.is_match("")) {
            let detail = "down_regexp matches even an empty page: any answer would be a death";
            return Err(Doubt::new(DoubtKind::Unusable, detail));
        }
        Ok(Self { up, down })
    }

    /// A page that came with the expected status.
    fn look_for(&self, page: &Reply) -> Result<Testimony, Doubt> {
        let text = String::from_utf8_lossy(page.body());
        let up = self.up.as_ref().map(|sign| sign.is_match(&text));
        let down = self.down.as_ref().map(|sign| sign.is_match(&text));
        let (kind, what) = match (up, down) {
            (None, None) | (Some(true), None | Some(false)) => return Ok(Testimony::Up),
            (None | Some(false), Some(true)) => return Ok(Testimony::Down(Voice::Proven)),
            (Some(true), Some(true)) => (DoubtKind::Ambiguous, "both regexp and down_regexp match"),
            (Some(false), None) => (DoubtKind::Unclear, "regexp does not match"),
            (None, Some(false)) => (DoubtKind::Unclear, "down_regexp does not match"),
            (Some(false), Some(false)) => {
                (DoubtKind::Unclear, "neither regexp nor down_regexp matches")
            }
        };
        Err(page.doubt(kind, format!("{what}: {}", excerpt(page.body()))))
    }
}

fn compile(regexp: &str) -> Result<Regex, Doubt> {
    Regex::new(regexp).map_err(|err| {
        let detail = format!("the regexp {regexp:?} is not valid: {err}");
        Doubt::new(DoubtKind::Unusable, detail)
    })
}

/// Returns an answer with the expected status.
fn fetch(config: &HttpWitness, url: &str, deadline: Deadline) -> Result<Reply, Doubt> {
    host_and_port(url).map_err(|why| Doubt::new(DoubtKind::Unusable, why))?;
    let bearer = config.token.as_ref().map(bearer);
    let conversation = Conversation::open(&Door {
        base_url: url,
        ca_file: config.ca_file.as_deref(),
        token: bearer.as_ref().map(|bearer| ("authorization", bearer)),
        deadline,
        max_age: config.max_age.map_or(0, seconds),
    })?
    .shown_as(public_part(url));
    let reply = conversation.send(&Method::GET, "", None)?.whole()?;
    let expected = config
        .status
        .map_or((200..300).contains(&reply.status), |wanted| {
            reply.status == wanted
        });
    if expected {
        reply.must_be_fresh()?;
        must_be_written_lately(config, &reply)?;
        return Ok(reply);
    }
    let wanted = config
        .status
        .map_or_else(|| "2xx".to_owned(), |wanted| wanted.to_string());
    let doubt = reply.refusal();
    Err(Doubt::new(
        doubt.kind,
        format!("{}; expected {wanted}", doubt.detail),
    ))
}

fn bearer(token: &Secret) -> Secret {
    Secret::new(format!("Bearer {}", token.reveal()))
}

/// A page that is a file tells when it was last written. It may have been given up since.
fn must_be_written_lately(config: &HttpWitness, page: &Reply) -> Result<(), Doubt> {
    let (Some(limit), Some(written)) = (config.max_age, page.headers.get(LAST_MODIFIED)) else {
        return Ok(());
    };
    let text = excerpt(written.as_bytes());
    let stale =
        |why: &str| Err(page.doubt(DoubtKind::Stale, format!("last-modified: {text:?}{why}")));
    let Some(written) = unix_seconds(&text) else {
        return stale(" is no date of HTTP");
    };
    if Now::read().wall.saturating_sub(written) > seconds(limit) {
        return stale(&format!(" is more than {} s ago", limit.as_secs()));
    }
    Ok(())
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(super) mod tests;
