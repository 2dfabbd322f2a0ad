//! The ways in which a server can be no good, whoever asks it.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::{AMPLE, DoubtKind, SHORT};
use crate::clients::tests::server::{drip, hush, response};

/// One way, and what it ends in.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The deadline of the whole conversation.
    pub(super) timeout: Duration,
    /// Gets the answer that a good server would give.
    pub(super) act: fn(&mut TcpStream, &[u8]),
    /// What a provider that reads JSON makes of it.
    pub(super) json: DoubtKind,
    /// What a provider that reads any text makes of it; none where the answer is good to it.
    pub(super) text: Option<DoubtKind>,
}

impl Case {
    const fn new(
        name: &'static str,
        timeout: Duration,
        act: fn(&mut TcpStream, &[u8]),
        json: DoubtKind,
    ) -> Self {
        Self {
            name,
            timeout,
            act,
            json,
            text: Some(json),
        }
    }

    const fn or_as_text(self, text: Option<DoubtKind>) -> Self {
        Self { text, ..self }
    }
}

fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// The same answer with one more header.
fn with_header(good: &[u8], header: &str) -> Vec<u8> {
    let end = good.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    [&good[..end], header.as_bytes(), b"\r\n", &good[end..]].concat()
}

pub(super) const CASES: [Case; 27] = [
    Case::new("silence", SHORT, |_, _| hush(), DoubtKind::Timeout),
    Case::new(
        "a dripping status line",
        SHORT,
        |stream, _| {
            send(stream, b"HTTP/1.1 200 ");
            drip(stream, b'O');
        },
        DoubtKind::Timeout,
    ),
    Case::new(
        "dripping headers",
        SHORT,
        |stream, _| {
            send(stream, b"HTTP/1.1 200 OK\r\nx-a: ");
            drip(stream, b'a');
        },
        DoubtKind::Timeout,
    ),
    Case::new(
        "a dripping body",
        SHORT,
        |stream, _| {
            send(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n");
            drip(stream, b' ');
        },
        DoubtKind::Timeout,
    ),
    Case::new(
        "the good answer, but for its last byte",
        SHORT,
        |stream, good| {
            send(stream, &good[..good.len() - 1]);
            hush();
        },
        DoubtKind::Timeout,
    ),
    Case::new(
        "a head without end",
        AMPLE,
        |stream, _| {
            send(stream, b"HTTP/1.1 200 OK\r\n");
            while stream
                .write_all(&[b"x-a: ", [b'a'; 1019].as_slice(), b"\r\n"].concat())
                .is_ok()
            {}
        },
        DoubtKind::BadAnswer,
    ),
    Case::new(
        "a cut head",
        AMPLE,
        |stream, _| send(stream, b"HTTP/1.1 200 OK\r\ncontent-"),
        DoubtKind::BadAnswer,
    ),
    Case::new(
        "a cut body",
        AMPLE,
        |stream, good| send(stream, &good[..good.len() - 1]),
        DoubtKind::BadAnswer,
    ),
    Case::new(
        "a body without a stated end",
        AMPLE,
        |stream, _| {
            send(stream, b"HTTP/1.1 200 OK\r\n\r\n\"");
            while stream.write_all(&[b'a'; 65536]).is_ok() {}
        },
        DoubtKind::BadAnswer,
    ),
    Case::new(
        "an HTML page to log in at",
        AMPLE,
        |stream, _| {
            let page = "<html><form action=/login>Password: <input></form></html>";
            send(stream, &response(200, "content-type: text/html\r\n", page));
        },
        DoubtKind::BadAnswer,
    )
    .or_as_text(Some(DoubtKind::Unclear)),
    Case::new(
        "a body of another type",
        AMPLE,
        |stream, _| {
            let head = "content-type: application/gzip\r\n";
            send(stream, &response(200, head, "\u{1f}\u{8b}\u{8}\0"));
        },
        DoubtKind::BadAnswer,
    )
    .or_as_text(Some(DoubtKind::Unclear)),
    Case::new(
        "the good answer under another type",
        AMPLE,
        |stream, good| send(stream, &with_header(good, "content-type: text/html")),
        DoubtKind::BadAnswer,
    )
    .or_as_text(None),
    Case::new(
        "200 with an error in it",
        AMPLE,
        |stream, _| {
            let error = r#"{"status": "ERROR", "error_message": "try again later"}"#;
            send(stream, &response(200, "", error));
        },
        DoubtKind::BadAnswer,
    )
    .or_as_text(Some(DoubtKind::Unclear)),
    Case::new(
        "the good answer with something behind it",
        AMPLE,
        |stream, good| {
            let text = String::from_utf8_lossy(good);
            let body = text.split_once("\r\n\r\n").expect("a body").1;
            send(stream, &response(200, "", &format!("{body} {body}")));
        },
        DoubtKind::BadAnswer,
    )
    .or_as_text(None),
    Case::new(
        "an empty body",
        AMPLE,
        |stream, _| send(stream, &response(200, "", "")),
        DoubtKind::BadAnswer,
    )
    .or_as_text(Some(DoubtKind::Unclear)),
    Case::new(
        "a body that is not text",
        AMPLE,
        |stream, _| {
            send(
                stream,
                b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\"\xff\"",
            );
        },
        DoubtKind::BadAnswer,
    )
    .or_as_text(Some(DoubtKind::Unclear)),
    Case::new(
        "a deep nest",
        AMPLE,
        |stream, _| send(stream, &response(200, "", &"[".repeat(900_000))),
        DoubtKind::BadAnswer,
    )
    .or_as_text(Some(DoubtKind::Unclear)),
    Case::new(
        "another protocol",
        AMPLE,
        |stream, _| send(stream, b"SSH-2.0-OpenSSH_9.2\r\n"),
        DoubtKind::BadAnswer,
    ),
    Case::new(
        "a connection that is dropped without a word",
        AMPLE,
        |_, _| {},
        DoubtKind::BadAnswer,
    ),
    Case::new(
        "a reset",
        AMPLE,
        |stream, _| {
            // Closing with a zero linger sends RST instead of FIN (socket(7)).
            set_socket_linger(&*stream, Some(Duration::ZERO)).expect("linger");
        },
        DoubtKind::Unreachable,
    ),
    Case::new(
        "the good answer, from a cache",
        AMPLE,
        |stream, good| send(stream, &with_header(good, "age: 86400")),
        DoubtKind::Stale,
    ),
    Case::new(
        "the good answer, stale by its own word",
        AMPLE,
        |stream, good| {
            let warned = with_header(good, "warning: 110 - \"Response is Stale\"");
            send(stream, &warned);
        },
        DoubtKind::Stale,
    ),
    Case::new(
        "the good answer, out of a cache that does not say of when",
        AMPLE,
        |stream, good| send(stream, &with_header(good, "x-cache: HIT")),
        DoubtKind::Stale,
    ),
    Case::new(
        "the good answer, of another day",
        AMPLE,
        |stream, good| {
            let dated = with_header(good, "date: Sun, 06 Nov 1994 08:49:37 GMT");
            send(stream, &dated);
        },
        DoubtKind::Stale,
    ),
    Case::new(
        "401",
        AMPLE,
        |stream, _| send(stream, &response(401, "", "log in")),
        DoubtKind::Denied,
    ),
    Case::new(
        "429",
        AMPLE,
        |stream, _| send(stream, &response(429, "retry-after: 30\r\n", "slowly")),
        DoubtKind::RateLimited,
    ),
    Case::new(
        "the good answer, with 500",
        AMPLE,
        |stream, good| {
            let text = String::from_utf8_lossy(good);
            let rest = text.split_once("\r\n").expect("a line").1;
            send(stream, format!("HTTP/1.1 500 X\r\n{rest}").as_bytes());
        },
        DoubtKind::HttpStatus,
    ),
];
