//! A page that says whether the peer is up: a status page, a badge, an answer of an API.
//!
//! Without an expression for it, a page never says down.

use regex_lite::Regex;
use ureq::http::HeaderMap;

use super::conversation::{about, excerpt, read, refusal};
use super::http::{Fault, agent, host_and_port, segment};
use super::{Deadline, Doubt, DoubtKind, Testimony, Voice};
use crate::config::HttpWitness;
use crate::resolve::resolve;

/// Asks about `host`; returns the name it is known by, and what was said of it.
pub(super) fn ask(
    config: &HttpWitness,
    host: &str,
    deadline: Deadline,
) -> Result<(String, Testimony), Doubt> {
    let url = config.url.replace("{host}", &segment(host));
    let signs = Signs::of(config)?;
    let testimony = fetch(config, &url, deadline)
        .and_then(|body| signs.look_for(&body))
        .map_err(|doubt| about(&public_part(&url), &doubt))?;
    Ok((host.to_owned(), testimony))
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
    fn look_for(&self, body: &[u8]) -> Result<Testimony, Doubt> {
        let text = String::from_utf8_lossy(body);
        let up = self.up.as_ref().map(|sign| sign.is_match(&text));
        let down = self.down.as_ref().map(|sign| sign.is_match(&text));
        let (kind, what) = match (up, down) {
            (None, None) | (Some(true), None | Some(false)) => return Ok(Testimony::Up),
            (None | Some(false), Some(true)) => return Ok(Testimony::Down(Voice::Proven)),
            (Some(true), Some(true)) => {
                (DoubtKind::Ambiguous, "both regexp and down_regexp match")
            }
            (Some(false), None) => (DoubtKind::Unclear, "regexp does not match"),
            (None, Some(false)) => (DoubtKind::Unclear, "down_regexp does not match"),
            (Some(false), Some(false)) => (
                DoubtKind::Unclear,
                "neither regexp nor down_regexp matches",
            ),
        };
        Err(Doubt::new(kind, format!("{what}: {}", excerpt(body))))
    }
}

fn compile(regexp: &str) -> Result<Regex, Doubt> {
    Regex::new(regexp).map_err(|err| {
        let detail = format!("the regexp {regexp:?} is not valid: {err}");
        Doubt::new(DoubtKind::Unusable, detail)
    })
}

/// Returns the whole body of an answer with the expected status.
fn fetch(config: &HttpWitness, url: &str, deadline: Deadline) -> Result<Vec<u8>, Doubt> {
    let doubt = |kind| move |why: String| Doubt::new(kind, why);
    if deadline.left().is_zero() {
        return Err(doubt(DoubtKind::Timeout)("no time was left to ask".to_owned()));
    }
    let (host, port) = host_and_port(url).map_err(doubt(DoubtKind::Unusable))?;
    let addresses = resolve(&host, port, deadline.left() / 2);
    let addresses = addresses.map_err(doubt(DoubtKind::Unreachable))?;
    let agent = agent(addresses, config.ca_file.as_deref(), deadline.left());
    let agent = agent.map_err(doubt(DoubtKind::Tls))?;
    let response = agent.get(url).call().map_err(Fault::from)?;
    let status = response.status();
    let headers = response.headers().clone();
    let body = read(response);
    if config
        .status
        .map_or(status.is_success(), |wanted| status.as_u16() == wanted)
    {
        return Ok(body?);
    }
    Err(unexpected(config, status.as_u16(), &headers, &body.unwrap_or_default()))
}

fn unexpected(config: &HttpWitness, status: u16, headers: &HeaderMap, body: &[u8]) -> Doubt {
    let doubt = refusal(status, headers, body);
    let wanted = config
        .status
        .map_or_else(|| "2xx".to_owned(), |wanted| wanted.to_string());
    Doubt::new(doubt.kind, format!("{}; expected {wanted}", doubt.detail))
}

/// Returns a URL without what may be secret in it: the user's name and password, and the query.
fn public_part(url: &str) -> String {
    let (plain, query) = url.split_once('?').map_or((url, ""), |(plain, _)| (plain, "?…"));
    let (scheme, rest) = plain.split_once("://").unwrap_or(("", plain));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}{path}{query}")
}

#[cfg(test)]
pub(super) mod tests;
