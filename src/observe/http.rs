//! HTTP(S): an answer with the expected status and, if asked for, the expected body.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use regex_lite::Regex;
use ureq::http::Response;

use super::Answer;
use super::look::{at_each_address, failed};
use crate::config::HttpTarget;
use crate::witness::http::{BODY_CAP, Fault, agent, host_and_port};

/// Asks once per address of the host.
pub(super) fn look(target: &HttpTarget, timeout: Duration) -> Answer {
    match host_and_port(target.url.reveal()) {
        Ok((host, port)) => at_each_address(&host, port, timeout, |address, within| {
            ask(target, address, within)
        }),
        Err(why) => Answer::CouldNotProbe(why),
    }
}

fn ask(target: &HttpTarget, address: SocketAddr, within: Duration) -> Answer {
    let agent = match agent(vec![address], target.ca_file.as_deref(), within) {
        Ok(agent) => agent,
        Err(why) => return Answer::CouldNotProbe(why),
    };
    match agent.get(target.url.reveal()).call() {
        Ok(response) => judge(target, response),
        Err(err) => unheard(err.into()),
    }
}

fn judge(target: &HttpTarget, response: Response<ureq::Body>) -> Answer {
    let status = response.status();
    // Whoever redirects, refuses or does not find is there: that is no silence.
    let expected = target.status.map_or(!status.is_server_error(), |wanted| {
        status.as_u16() == wanted
    });
    match &target.regexp {
        _ if !expected => Answer::NoAnswer(format!("status {}", status.as_u16())),
        None => Answer::Answered,
        Some(regexp) => judge_body(regexp, response),
    }
}

/// Looks for `regexp` in what comes within the bound; the rest is not read.
fn judge_body(regexp: &str, response: Response<ureq::Body>) -> Answer {
    let regexp = match Regex::new(regexp) {
        Ok(regexp) => regexp,
        Err(err) => return Answer::CouldNotProbe(format!("the regexp is not valid: {err}")),
    };
    let mut body = Vec::new();
    let read = response
        .into_body()
        .into_reader()
        .take(BODY_CAP)
        .read_to_end(&mut body);
    match read {
        Err(err) => unheard(ureq::Error::from(err).into()),
        Ok(_) if regexp.is_match(&String::from_utf8_lossy(&body)) => Answer::Answered,
        Ok(_) => Answer::NoAnswer("the body does not match".to_owned()),
    }
}

/// Returns what a broken exchange says about the target.
fn unheard(fault: Fault) -> Answer {
    match fault {
        Fault::Late => Answer::NoAnswer("timeout".to_owned()),
        Fault::CutOff | Fault::TooLarge | Fault::NotHttp(_) => Answer::NoAnswer(fault.to_string()),
        Fault::Tls(_) | Fault::Other(_) => Answer::CouldNotProbe(fault.to_string()),
        Fault::Connection(err) => failed(&err),
    }
}
