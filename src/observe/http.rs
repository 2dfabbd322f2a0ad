//! HTTP(S): bytes of any kind are an answer. Where the config says what the peer's own answer looks
//! like, because something in front of it may answer in its place, an HTTP answer must look so.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use regex_lite::Regex;
use ureq::http::Response;

use super::Answer;
use super::failure::failed;
use crate::clients::http::{BODY_CAP, Ear, Fault, agent};
use crate::config::HttpTarget;

/// Asks once, at this address.
pub(super) fn look(target: &HttpTarget, address: SocketAddr, within: Duration) -> Answer {
    let ear = Ear::default();
    let agent = match agent(vec![address], target.ca_file.as_deref(), within, &ear) {
        Ok(agent) => agent,
        Err(why) => return Answer::CouldNotProbe(why),
    };
    let judged = match agent.get(target.url.reveal()).call() {
        Ok(response) => judge(target, response),
        Err(err) => Err(err.into()),
    };
    match judged {
        Ok(answer) => answer,
        Err(_) if ear.has_heard() => Answer::Answered,
        Err(fault) => unheard(&fault, address),
    }
}

fn judge(target: &HttpTarget, response: Response<ureq::Body>) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    match (target.status, &target.regexp) {
        (Some(wanted), _) if status != wanted => Ok(Answer::NoAnswer(format!("status {status}"))),
        (_, None) => Ok(Answer::Answered),
        (_, Some(regexp)) => judge_body(regexp, response),
    }
}

/// Looks for `regexp` in what comes within the bound; the rest is not read.
fn judge_body(regexp: &str, response: Response<ureq::Body>) -> Result<Answer, Fault> {
    let regexp = match Regex::new(regexp) {
        Ok(regexp) => regexp,
        Err(err) => {
            let why = format!("the regexp is not valid: {err}");
            return Ok(Answer::CouldNotProbe(why));
        }
    };
    let mut body = Vec::new();
    let body_reader = response.into_body().into_reader();
    match body_reader.take(BODY_CAP).read_to_end(&mut body) {
        Err(err) => Err(ureq::Error::from(err).into()),
        Ok(_) if regexp.is_match(&String::from_utf8_lossy(&body)) => Ok(Answer::Answered),
        Ok(_) => Ok(Answer::NoAnswer("the body does not match".to_owned())),
    }
}

/// Returns what an exchange says in which nothing came back.
fn unheard(fault: &Fault, address: SocketAddr) -> Answer {
    match fault {
        Fault::Late => Answer::NoAnswer("timeout".to_owned()),
        Fault::CutOff | Fault::TooLarge | Fault::NotHttp(_) => Answer::NoAnswer(fault.to_string()),
        Fault::Tls(_) | Fault::Other(_) => Answer::CouldNotProbe(fault.to_string()),
        Fault::Connection(err) => failed(err, address.ip()),
    }
}
