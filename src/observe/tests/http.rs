use std::io::Write;
use std::time::Duration;

use crate::clients::tests::server::drip;

use super::{AMPLE, Answer, HttpTarget, Server, Target, Url, closed_port, hush, look, response};

fn target(url: &str) -> HttpTarget {
    HttpTarget {
        url: Url::new(url.to_owned()),
        status: None,
        regexp: None,
        ca_file: None,
    }
}

fn ask(target: HttpTarget) -> Answer {
    look(&Target::Http(target), AMPLE)
}

fn silent(how: &str) -> Answer {
    Answer::NoAnswer(how.to_owned())
}

#[test]
fn the_status_decides() {
    for (status, wanted, expected) in [
        (200, None, Answer::Answered),
        (204, None, Answer::Answered),
        (301, None, Answer::Answered),
        (404, None, Answer::Answered),
        (503, None, Answer::Answered),
        (200, Some(200), Answer::Answered),
        (204, Some(200), silent("status 204")),
        (302, Some(302), Answer::Answered),
        (401, Some(401), Answer::Answered),
        (500, Some(401), silent("status 500")),
    ] {
        let server = Server::saying(status, "");
        let target = HttpTarget {
            status: wanted,
            ..target(&server.url)
        };
        assert_eq!(ask(target), expected, "{status}, wanted {wanted:?}");
    }
}

#[test]
fn the_body_must_match_if_asked_for() {
    let no_match = silent("the body does not match");
    for (status, body, regexp, expected) in [
        (200, "state: ready\n", "ready", Answer::Answered),
        (
            200,
            "state: ready\n",
            "(?m)^state: (ready|busy)$",
            Answer::Answered,
        ),
        (200, "state: unready\n", r"\bready\b", no_match.clone()),
        (200, "", "ready", no_match),
        (503, "ready", "ready", Answer::Answered),
    ] {
        let server = Server::saying(status, body);
        let target = HttpTarget {
            regexp: Some(regexp.to_owned()),
            ..target(&server.url)
        };
        assert_eq!(ask(target), expected, "{status} {body:?} {regexp}");
    }
}

#[test]
fn only_the_beginning_of_an_endless_body_is_read() {
    for (first, expected) in [
        ("ready", Answer::Answered),
        ("", silent("the body does not match")),
    ] {
        let server = Server::acting(move |stream, _| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            let _ = stream.write_all(first.as_bytes());
            while stream.write_all(&[b'.'; 65536]).is_ok() {}
        });
        let target = HttpTarget {
            regexp: Some("ready".to_owned()),
            ..target(&server.url)
        };
        assert_eq!(ask(target), expected, "{first:?}");
    }
}

#[test]
fn bytes_of_any_kind_are_an_answer() {
    for (name, bytes) in [
        ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n".as_slice()),
        ("no text at all", b"\0\xff\x15\x03\x01\0\x02"),
        ("a single byte", b"H"),
        ("a head that breaks off", b"HTTP/1.1 200 OK\r\ncont"),
        ("a status out of range", b"HTTP/1.1 99999 X\r\n\r\n"),
    ] {
        let server = Server::acting(move |stream, _| {
            let _ = stream.write_all(bytes);
        });
        for (status, regexp) in [(None, None), (Some(200), None), (None, Some("ready"))] {
            let plain = HttpTarget {
                status,
                regexp: regexp.map(str::to_owned),
                ..target(&server.url)
            };
            assert_eq!(
                ask(plain),
                Answer::Answered,
                "{name}, {status:?} {regexp:?}"
            );
        }
        let secret = target(&format!("https://{}", server.address));
        let greeting = Server::accepting(move |mut stream| {
            let _ = stream.write_all(bytes);
            hush();
        });
        let greeted = target(&format!("https://{}", greeting.address));
        let look = look(&Target::Http(greeted), Duration::from_secs(60));
        assert_eq!(look, Answer::Answered, "{name}, unasked");
        // Who waits for the end of a request in the clear says nothing to a TLS client.
        let short = Duration::from_millis(300);
        let mute = super::look(&Target::Http(secret), short);
        assert_eq!(mute, silent("timeout"), "{name}");
    }
    let dripping = Server::acting(|stream, _| drip(stream, b'H'));
    let dripping = Target::Http(target(&dripping.url));
    let short = Duration::from_secs(3);
    assert_eq!(look(&dripping, short), Answer::Answered);
}

#[test]
fn an_exchange_without_a_byte_is_silence() {
    let hung_up = Server::acting(|_, _| {});
    let Answer::NoAnswer(how) = ask(target(&hung_up.url)) else {
        panic!("whoever hangs up at once says nothing");
    };
    assert!(how.starts_with("closed before the end"), "{how}");
    assert_eq!(
        ask(target(&format!("http://{}", closed_port()))),
        silent("refused")
    );
    let mute = Server::acting(|_, _| hush());
    let mute = Target::Http(target(&mute.url));
    assert_eq!(look(&mute, Duration::from_millis(300)), silent("timeout"));
}

#[test]
fn what_is_wrong_on_our_side_is_no_silence() {
    let plain = Server::accepting(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        hush();
    });
    for (name, target) in [
        (
            "a name without address",
            target("http://no-such-host.invalid/"),
        ),
        ("not a URL", target("http://a b")),
        (
            "certificates that are not there",
            HttpTarget {
                ca_file: Some("/nonexistent/ca.pem".into()),
                ..target(&plain.url)
            },
        ),
        (
            "a regexp that is none",
            HttpTarget {
                regexp: Some("(".to_owned()),
                ..target(&Server::saying(200, "").url)
            },
        ),
    ] {
        let answer = ask(target);
        assert!(
            matches!(answer, Answer::CouldNotProbe(_)),
            "{name}: {answer:?}"
        );
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Server::saying(200, "");
    let location = format!("location: {}\r\n", other.url);
    let server = Server::routing(move |_| response(302, &location, ""));
    assert_eq!(ask(target(&server.url)), Answer::Answered);
    assert!(other.requests().is_empty());
}
