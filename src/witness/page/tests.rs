//! What a page shows, and what it comes to.

use std::path::Path;
use std::time::Duration;

use super::{Doubt, DoubtKind, Testimony, Voice, ask};
use crate::base::deadline::Deadline;
use crate::clients::tests::server::{Server, response};
use crate::config::{HttpWitness, Provider, Secret, Url};
use crate::witness::tests::golden::{Page, Row};
use crate::witness::tests::parties::{Party, Reads};

const HOST: &str = "mbx1.example.com";
const AMPLE: Duration = Duration::from_secs(120);

/// A status page, before hostile servers.
pub(crate) const PARTY: Party = Party {
    name: "http",
    provider: |url, ca_file| {
        Provider::Http(HttpWitness {
            ca_file: ca_file.map(Path::to_owned),
            ..config(url, None, Some("state: up"), Some("state: down"))
        })
    },
    answer: |_| response(200, "", "state: down"),
    questions: &["/status/mbx1.example.com"],
    reads: Reads::Text,
};

const PAGE: Page = Page {
    path: "docs/witnesses/http-table.md",
    opening: "# A page: what each answer comes to\n\n\
        `regexp` is `state: up` and `down_regexp` is `state: down`, where they are set. How to set \
        it up: [http.md](http.md).",
    situation: "set | status, and the page shows",
};

fn config(
    url: &str,
    status: Option<u16>,
    regexp: Option<&str>,
    down_regexp: Option<&str>,
) -> HttpWitness {
    HttpWitness {
        url: Url::new(format!("{url}/status/{{host}}")),
        status,
        regexp: regexp.map(str::to_owned),
        down_regexp: down_regexp.map(str::to_owned),
        max_age: None,
        token: None,
        ca_file: None,
    }
}

fn ask_page(config: &HttpWitness, server: &Server) -> Result<(String, Testimony), Doubt> {
    ask(config, HOST, Deadline::after(AMPLE)).map_err(|doubt| {
        let detail = doubt
            .detail
            .replace(&server.url, "https://status.example.com");
        Doubt::new(doubt.kind, detail)
    })
}

type Set = (
    &'static str,
    Option<u16>,
    Option<&'static str>,
    Option<&'static str>,
);

const UP: Option<&str> = Some("state: up");
const DOWN: Option<&str> = Some("state: down");

const NEITHER: Set = ("neither", None, None, None);
const REGEXP: Set = ("`regexp`", None, UP, None);
const DOWN_REGEXP: Set = ("`down_regexp`", None, None, DOWN);
const BOTH: Set = ("both", None, UP, DOWN);
const STATUS: Set = ("`status: 503`, both", Some(503), UP, DOWN);

const ROWS: [(Set, u16, &str); 38] = [
    (NEITHER, 200, ""),
    (NEITHER, 204, ""),
    (NEITHER, 200, "state: down"),
    (NEITHER, 404, "state: down"),
    (NEITHER, 503, ""),
    (REGEXP, 200, "state: up"),
    (REGEXP, 200, "state: down"),
    (REGEXP, 200, "<html>log in</html>"),
    (REGEXP, 200, ""),
    (REGEXP, 503, "state: up"),
    (DOWN_REGEXP, 200, "state: up"),
    (DOWN_REGEXP, 200, "state: down"),
    (DOWN_REGEXP, 200, "<html>log in</html>"),
    (DOWN_REGEXP, 200, ""),
    (DOWN_REGEXP, 503, "state: down"),
    (BOTH, 200, "state: up"),
    (BOTH, 201, "state: up"),
    (BOTH, 200, "state: down"),
    (BOTH, 200, "state: up, state: down"),
    (BOTH, 200, "state: unknown"),
    (BOTH, 200, "State: Down"),
    (BOTH, 200, "<html>log in</html>"),
    (BOTH, 200, ""),
    (BOTH, 206, "state: down"),
    (BOTH, 301, "state: down"),
    (BOTH, 304, "state: down"),
    (BOTH, 401, "state: down"),
    (BOTH, 403, "state: down"),
    (BOTH, 404, "state: down"),
    (BOTH, 429, "state: down"),
    (BOTH, 500, "state: down"),
    (BOTH, 500, "state: up"),
    (BOTH, 503, "state: down"),
    (STATUS, 503, "state: up"),
    (STATUS, 503, "state: down"),
    (STATUS, 503, "overloaded"),
    (STATUS, 200, "state: down"),
    (STATUS, 500, "state: down"),
];

fn row((set, status, body): (Set, u16, &'static str)) -> Row {
    let server = Server::saying(status, body);
    let (name, wanted, up, down) = set;
    let heard = ask_page(&config(&server.url, wanted, up, down), &server);
    let shown = if body.is_empty() { "nothing" } else { body };
    let shown = shown.replace('<', "&lt;");
    (format!("{name} | {status}, {shown}"), heard)
}

#[test]
fn the_page_shows_what_each_answer_comes_to() {
    PAGE.must_show(&ROWS.map(row));
}

#[test]
fn the_name_goes_into_the_url_as_one_piece() {
    let server = Server::saying(200, "");
    let config = HttpWitness {
        url: Url::new(format!("{}/a/{{host}}?q={{host}}#x", server.url)),
        ..config(&server.url, None, None, None)
    };
    let heard = ask(&config, "a/../b?c&d#e", Deadline::after(AMPLE));
    assert_eq!(heard, Ok(("a/../b?c&d#e".to_owned(), Testimony::Up)));
    let asked = server.requests().concat();
    let piece = "a%2F..%2Fb%3Fc%26d%23e";
    assert!(
        asked.starts_with(&format!("GET /a/{piece}?q={piece} ")),
        "{asked}"
    );
}

#[test]
fn what_may_be_secret_in_a_url_is_not_shown() {
    let server = Server::saying(500, "no");
    // The longer one does not fit into a doubt as a whole.
    for length in [1, 300] {
        let config = HttpWitness {
            url: Url::new(format!("{}/x?key=s3cret{}", server.url, "z".repeat(length))),
            ..config(&server.url, None, None, None)
        };
        let doubt = ask(&config, HOST, Deadline::after(AMPLE)).expect_err("a doubt");
        assert!(!doubt.detail.contains("s3cret"), "{doubt}");
    }
}

#[test]
fn a_witness_that_is_set_up_wrongly_is_unusable_and_asks_nothing() {
    let server = Server::saying(200, "state: down");
    let broken = HttpWitness {
        url: Url::new("status.example.com/x".to_owned()),
        ..config(&server.url, None, None, None)
    };
    for config in [
        broken,
        config(&server.url, None, Some("("), None),
        config(&server.url, None, None, Some("(")),
        config(&server.url, None, None, Some("")),
        config(&server.url, None, None, Some(".*")),
        config(&server.url, None, None, Some("(?m)^$")),
    ] {
        let doubt = ask(&config, HOST, Deadline::after(AMPLE)).expect_err("a doubt");
        assert_eq!(doubt.kind, DoubtKind::Unusable, "{doubt}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn the_token_goes_along_and_is_not_shown() {
    let server = Server::saying(200, "state: down");
    let config = HttpWitness {
        token: Some(Secret::new("5f2e-secret".to_owned())),
        ..config(&server.url, None, UP, DOWN)
    };
    ask(&config, HOST, Deadline::after(AMPLE)).expect("a testimony");
    let asked = server.requests().concat().to_lowercase();
    assert!(
        asked.contains("authorization: bearer 5f2e-secret\r\n"),
        "{asked}"
    );
    let shown = format!("{config:?}");
    assert!(!shown.contains("5f2e-secret"), "{shown}");
}

#[test]
fn a_page_that_is_older_than_it_may_be_is_stale() {
    let minute = Some(Duration::from_secs(60));
    let old = "last-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    for (headers, max_age, expected) in [
        ("", None, None),
        ("", minute, None),
        (old, None, None),
        (old, minute, Some(DoubtKind::Stale)),
        ("last-modified: once\r\n", minute, Some(DoubtKind::Stale)),
        ("age: 60\r\nx-cache: HIT\r\n", minute, None),
        ("age: 60\r\n", None, Some(DoubtKind::Stale)),
        ("age: 61\r\n", minute, Some(DoubtKind::Stale)),
        ("x-cache: HIT\r\n", minute, Some(DoubtKind::Stale)),
        (
            "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
            minute,
            Some(DoubtKind::Stale),
        ),
    ] {
        for status in [200, 503] {
            let page = response(status, headers, "state: down");
            let server = Server::routing(move |_| page.clone());
            let config = HttpWitness {
                max_age,
                ..config(&server.url, Some(status), UP, DOWN)
            };
            let heard = ask(&config, HOST, Deadline::after(AMPLE));
            let kind = heard.err().map(|doubt| doubt.kind);
            assert_eq!(kind, expected, "{status} {headers:?} {max_age:?}");
        }
    }
}

#[test]
fn no_time_left_asks_nothing() {
    let server = Server::saying(200, "state: down");
    let config = config(&server.url, None, None, DOWN);
    let doubt = ask(&config, HOST, Deadline::after(Duration::ZERO)).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Timeout, "{doubt}");
    assert!(server.requests().is_empty());
}

#[test]
fn down_needs_more_than_the_absence_of_up() {
    for (status, wanted, up, down) in [(200, None, UP, None), (503, Some(503), UP, None)] {
        let server = Server::saying(status, "state: down");
        let heard = ask_page(&config(&server.url, wanted, up, down), &server);
        assert_ne!(
            heard.map(|(_, said)| said),
            Ok(Testimony::Down(Voice::Proven))
        );
    }
}
