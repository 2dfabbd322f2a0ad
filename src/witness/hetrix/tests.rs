//! What HetrixTools answers, and what it comes to. The answers have the form of the public
//! specification (`tests/fixtures/hetrix/README.md`).

mod table;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Doubt, Testimony, hear};
use crate::base::clock::Now;
use crate::base::deadline::Deadline;
use crate::clients::tests::certificate::{good, issuer, serve};
use crate::clients::tests::server::{Server, response};
use crate::config::{Hetrix, Provider, Secret, Witness};
use crate::witness::tests::parties::{Party, Reads};
use crate::witness::{DoubtKind, Voice, testify};

/// The moment of the fixtures.
const NOW: i64 = 1_790_000_000;

const HOST: &str = "mbx1.example.com";
const ID: &str = "e34334d05c755b034606a54ccabe62e8";

const AMPLE: Duration = Duration::from_secs(60);

/// HetrixTools, before hostile servers: two pages, and on the second one the monitor, down.
pub(crate) const PARTY: Party = Party {
    name: "hetrix",
    provider: |url, ca_file| Provider::Hetrix(config(url, ca_file)),
    answer: |path| ok(&as_of(Now::read().wall, two_pages(path))),
    questions: &["&page=1 ", "&page=2 "],
    reads: Reads::Json,
};

fn config(url: &str, ca_file: Option<&Path>) -> Hetrix {
    Hetrix {
        base_url: url.to_owned(),
        token: Secret::new("a-key".to_owned()),
        ca_file: ca_file.map(Path::to_owned),
    }
}

fn text(name: &str) -> &'static str {
    match name {
        "down" => include_str!("../../../tests/fixtures/hetrix/down.json"),
        "up" => include_str!("../../../tests/fixtures/hetrix/up.json"),
        "heartbeat" => include_str!("../../../tests/fixtures/hetrix/heartbeat.json"),
        "none" => include_str!("../../../tests/fixtures/hetrix/none.json"),
        "page 1" => include_str!("../../../tests/fixtures/hetrix/page-1-of-2.json"),
        "page 2" => include_str!("../../../tests/fixtures/hetrix/page-2-of-2.json"),
        "400" => include_str!("../../../tests/fixtures/hetrix/error-400.json"),
        "401" => include_str!("../../../tests/fixtures/hetrix/error-401.json"),
        "403" => include_str!("../../../tests/fixtures/hetrix/error-403.json"),
        "429" => include_str!("../../../tests/fixtures/hetrix/error-429.json"),
        other => panic!("no fixture {other}"),
    }
}

fn fixture(name: &str) -> Value {
    serde_json::from_str(text(name)).expect("a fixture")
}

fn two_pages(path: &str) -> Value {
    fixture(if path.ends_with("&page=2") {
        "page 2"
    } else {
        "page 1"
    })
}

/// Moves all times of the last days from [`NOW`] to `now`.
fn as_of(now: i64, mut value: Value) -> Value {
    match &mut value {
        Value::Number(number) => {
            if let Some(time) = number.as_i64().filter(|time| (NOW - time).abs() < 100_000) {
                value = (time - NOW + now).into();
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = as_of(now, item.take());
            }
        }
        Value::Object(fields) => {
            for (_, field) in fields {
                *field = as_of(now, field.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    value
}

fn ok(body: &Value) -> Vec<u8> {
    let text = body.to_string();
    response(200, "", &text)
}

/// Asks a server at the moment [`NOW`], and shows it under its real name.
fn ask_about(host: &str, server: &Server) -> Result<(String, Testimony), Doubt> {
    let heard = hear(
        &config(&server.url, None),
        host,
        Deadline::after(AMPLE),
        NOW,
    );
    heard.map_err(|doubt| {
        let detail = doubt
            .detail
            .replace(&server.url, "https://api.hetrixtools.com");
        Doubt::new(doubt.kind, detail)
    })
}

fn kind(heard: &Result<(String, Testimony), Doubt>) -> Option<DoubtKind> {
    heard.as_ref().err().map(|doubt| doubt.kind)
}

#[test]
fn the_key_is_sent_as_a_bearer_token_and_shown_nowhere() {
    let server = Server::routing(|_| ok(&fixture("down")));
    let heard = ask_about(HOST, &server).expect("a testimony");
    assert_eq!(heard, (HOST.to_owned(), Testimony::Down(Voice::Proven)));
    let heads = server.requests();
    assert_eq!(heads.len(), 1, "{heads:?}");
    let head = heads[0].to_lowercase();
    assert!(
        head.contains("\r\nauthorization: bearer a-key\r\n"),
        "{head}"
    );
    assert!(!head.lines().next().expect("a line").contains("a-key"));
    let shown = format!("{:?}", config(&server.url, None));
    assert!(!shown.contains("a-key"), "{shown}");
}

#[test]
fn a_name_is_a_filter_and_an_id_is_another() {
    for (host, expected) in [
        (
            HOST,
            "GET /v3/uptime-monitors?name=mbx1.example.com&per_page=200&page=1 ",
        ),
        (
            "Mail & more, 50 %",
            "GET /v3/uptime-monitors?name=Mail%20%26%20more%2C%2050%20%25&per_page=200&page=1 ",
        ),
        (
            ID,
            "GET /v3/uptime-monitors?id=e34334d05c755b034606a54ccabe62e8&per_page=200&page=1 ",
        ),
        (
            "E34334D05C755B034606A54CCABE62E8",
            "GET /v3/uptime-monitors?id=e34334d05c755b034606a54ccabe62e8&per_page=200&page=1 ",
        ),
        (
            "e34334d05c755b034606a54ccabe62eg",
            "GET /v3/uptime-monitors?name=e34334d05c755b034606a54ccabe62eg&per_page=200&page=1 ",
        ),
    ] {
        let server = Server::routing(|_| ok(&fixture("none")));
        let heard = ask_about(host, &server);
        assert_eq!(kind(&heard), Some(DoubtKind::NotFound), "{heard:?}");
        let asked = server.requests().concat();
        assert!(asked.starts_with(expected), "{asked}");
    }
}

#[test]
fn a_monitor_asked_for_by_id_is_called_by_its_name() {
    let server = Server::routing(|_| ok(&fixture("up")));
    let heard = ask_about(&ID.to_uppercase(), &server);
    assert_eq!(heard, Ok((HOST.to_owned(), Testimony::Up)));
}

#[test]
fn fifty_pages_are_read_to_the_last() {
    let last = fixture_monitor();
    let server = Server::routing(move |path| {
        let number = page_number(path);
        let mut monitors: Vec<Value> = (0..199).map(|index| other(number, index)).collect();
        if number == 50 {
            monitors.push(last.clone());
        }
        ok(&page_of(&monitors, number, 50))
    });
    let heard = ask_about(HOST, &server);
    assert_eq!(heard, Ok((HOST.to_owned(), Testimony::Down(Voice::Proven))));
    assert_eq!(server.requests().len(), 50);
}

#[test]
fn a_list_without_end_is_left() {
    let server = Server::routing(|path| {
        let number = page_number(path);
        ok(&page_of(&[other(number, 0)], number, u32::MAX))
    });
    let heard = ask_about(HOST, &server);
    assert_eq!(kind(&heard), Some(DoubtKind::Unusable), "{heard:?}");
    assert_eq!(server.requests().len(), 100);
}

fn page_number(path: &str) -> u32 {
    let (_, number) = path.rsplit_once("&page=").expect("a page");
    number.parse().expect("a number")
}

/// A monitor that passes the filter and is not the wanted one, with no more than is read of it.
fn other(number: u32, index: u32) -> Value {
    json!({
        "id": format!("{number:016x}{index:016x}"),
        "name": format!("{HOST} {number}/{index}"),
    })
}

fn page_of(monitors: &[Value], number: u32, last: u32) -> Value {
    let next = (number < last).then_some(u64::from(number) + 1);
    let pagination = json!({"current": number, "last": last, "next": next});
    json!({"monitors": monitors, "meta": {"pagination": pagination}})
}

/// The wanted monitor.
fn fixture_monitor() -> Value {
    fixture("down")["monitors"][0].clone()
}

/// This many other monitors, with all that can be said of them.
fn verbose(count: u32) -> Vec<Value> {
    let all = (0..count).map(|index| {
        let mut monitor = fixture_monitor();
        for key in ["id", "name"] {
            monitor[key] = other(1, index)[key].take();
        }
        monitor
    });
    all.collect()
}

#[test]
fn a_whole_page_as_verbose_as_can_be_fits_into_what_is_read() {
    let page = page_of(&verbose(200), 1, 1);
    let pretty = serde_json::to_string_pretty(&page).expect("text");
    assert!(pretty.len() < 1 << 20, "{} bytes", pretty.len());
    let server = Server::routing(move |_| response(200, "", &pretty));
    assert_eq!(kind(&ask_about(HOST, &server)), Some(DoubtKind::NotFound));
}

#[test]
fn the_real_clock_and_real_certificates_come_to_the_same() {
    let root = issuer();
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, root.pem()).expect("a file");
    let server = serve(&good(), Some(&root), PARTY.answer);
    let url = format!("https://{}", server.address);
    let site = |host: &str| crate::config::Site {
        name: "primary".to_owned(),
        hosts: vec![host.to_owned()],
    };
    let witness = Witness::plain(Provider::Hetrix(config(&url, Some(&ca_file))), AMPLE);
    for (host, expected) in [
        (HOST, Testimony::Down(Voice::Proven)),
        ("old-mbx1.example.com", Testimony::Up),
    ] {
        let heard = testify(&witness, &site("mbx2.example.com"), &site(host));
        assert_eq!(heard.testimony, expected, "{host}");
    }
}
