//! As much of an HTTP client as the lab needs.

use std::io::{self, Read, Write};

use serde_json::Value;

/// A question to a Consul agent.
pub(crate) struct Question<'a> {
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) body: &'a str,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Null when the body is not JSON.
    pub(crate) body: Value,
}

impl<'a> Question<'a> {
    /// A plain question.
    pub(crate) fn get(path: &'a str, token: Option<&'a str>) -> Self {
        Self {
            method: "GET",
            path,
            token,
            body: "",
        }
    }

    /// Asks over an open connection, in HTTP/1.0: the answer ends with the connection.
    pub(crate) fn ask(&self, mut line: impl Read + Write) -> io::Result<Answer> {
        let Self {
            method,
            path,
            token,
            body,
        } = self;
        let token = token.map(|token| format!("X-Consul-Token: {token}\r\n"));
        let (token, length) = (token.unwrap_or_default(), body.len());
        let head = format!("{method} {path} HTTP/1.0\r\n{token}Content-Length: {length}\r\n\r\n");
        line.write_all(head.as_bytes())?;
        line.write_all(body.as_bytes())?;
        let mut answer = String::new();
        line.read_to_string(&mut answer)?;
        Answer::parse(&answer).ok_or_else(|| io::Error::other("not HTTP"))
    }
}

impl Answer {
    fn parse(answer: &str) -> Option<Self> {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some(Self {
            status: head.split(' ').nth(1)?.parse().ok()?,
            body: serde_json::from_str(body).unwrap_or_default(),
        })
    }
}
