//! How anybody is spoken to over HTTP: what may come back over the wire, and what it ends in.

pub(crate) mod certificate;
mod hostile;
pub(crate) mod server;
mod tls;

use std::time::Duration;

use super::conversation::{Conversation, Door};
use super::http::{host_and_port, segment};
use crate::base::deadline::Deadline;
use crate::base::doubt::{Doubt, DoubtKind};
use crate::base::secret::Secret;

/// Long enough for a busy machine, for answers that do come.
const AMPLE: Duration = Duration::from_secs(120);
/// For answers that never come.
const SHORT: Duration = Duration::from_millis(300);

fn door(base_url: &str, timeout: Duration) -> Door<'_> {
    Door {
        base_url,
        ca_file: None,
        token: None,
        deadline: Deadline::after(timeout),
        max_age: 0,
    }
}

/// Asks once, for JSON text.
fn ask(door: &Door<'_>) -> Result<String, Doubt> {
    Conversation::open(door)?.get("/x")?.json()
}

#[test]
fn urls_lead_to_a_host_and_a_port() {
    for (url, expected) in [
        ("http://consul/v1", Some(("consul", 80))),
        ("https://192.0.2.7", Some(("192.0.2.7", 443))),
        (
            "https://[2001:db8::7]:8501/x",
            Some(("[2001:db8::7]", 8501)),
        ),
        ("ftp://consul", None),
        ("consul:8500", None),
        ("/v1/status", None),
        ("http://", None),
        ("http://a b", None),
    ] {
        let expected = expected.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(host_and_port(url).ok(), expected, "{url}");
    }
}

#[test]
fn a_name_is_one_segment_of_a_path() {
    for (name, expected) in [
        ("agent-mbx1_a.b~c", "agent-mbx1_a.b~c"),
        ("../kv/x?raw", "..%2Fkv%2Fx%3Fraw"),
        ("a b%", "a%20b%25"),
        ("é", "%C3%A9"),
    ] {
        assert_eq!(segment(name), expected, "{name}");
    }
}

#[test]
fn the_token_is_on_the_wire_and_nowhere_else() {
    let server = server::Server::saying(200, "\"ok\"");
    let secret = Secret::new("5f2e-secret".to_owned());
    let door = Door {
        token: Some(("X-Consul-Token", &secret)),
        ..door(&server.url, AMPLE)
    };
    let conversation = Conversation::open(&door).expect("a conversation");
    let reply = conversation.get("/x").expect("an answer");

    let head = server.requests().concat().to_lowercase();
    assert!(head.contains("x-consul-token: 5f2e-secret\r\n"), "{head}");
    let shown = format!("{door:?} {conversation:?} {reply:?}");
    assert!(!shown.contains("5f2e-secret"), "{shown}");
}

#[test]
fn a_token_that_cannot_be_sent_is_not_sent() {
    let server = server::Server::saying(200, "\"ok\"");
    let secret = Secret::new("two\nlines".to_owned());
    let door = Door {
        token: Some(("X-Consul-Token", &secret)),
        ..door(&server.url, AMPLE)
    };
    let doubt = ask(&door).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Denied);
    assert!(!doubt.detail.contains("lines"), "{doubt}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_spent_deadline_asks_nothing() {
    let server = server::Server::saying(200, "\"ok\"");
    let doubt = ask(&door(&server.url, Duration::ZERO)).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Timeout, "{doubt}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_name_that_does_not_resolve_is_unreachable() {
    let doubt = ask(&door("http://no-such-host.invalid:8500", AMPLE)).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Unreachable, "{doubt}");
    assert!(doubt.detail.contains("no-such-host.invalid"), "{doubt}");
}

#[test]
fn a_proxy_in_the_environment_is_not_used() {
    // The environment belongs to the whole process: the asking is done by a second one, with a
    // proxy that would answer differently.
    const MARK: &str = "HABEAT_TEST_URL";
    if let Ok(url) = std::env::var(MARK) {
        assert_eq!(ask(&door(&url, AMPLE)), Ok("direct".to_owned()));
        return;
    }
    let direct = server::Server::saying(200, "\"direct\"");
    let proxy = server::Server::saying(200, "\"proxy\"");
    #[expect(clippy::disallowed_methods, reason = "this very test, once more")]
    let mut again = std::process::Command::new(std::env::current_exe().expect("our own path"));
    again.args([
        "--exact",
        "clients::tests::a_proxy_in_the_environment_is_not_used",
    ]);
    again.env(MARK, &direct.url);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        again.env(name, &proxy.url);
    }
    let output = again.output().expect("the second process");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(direct.requests().len(), 1);
    assert!(proxy.requests().is_empty());
}
