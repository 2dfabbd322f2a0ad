//! What Consul answers, and what it comes to. The answers are those of real agents (1.8.7; the
//! header about filtered results is from the documentation of 1.11).

mod catalog;
mod gossip;

use std::path::Path;
use std::time::Duration;

use super::Names;
use crate::clients::tests::server::{Server, closed_port, hush, response};
use crate::config::{Consul, Gossip, Provider, Secret, Site, Witness};
use crate::witness::tests::parties::{Party, Reads};
use crate::witness::{DoubtKind, Testimony, testify};

/// Consul, before hostile servers: the peer's check is critical, our own node's is not.
pub(crate) const PARTY: Party = Party {
    name: "consul",
    provider: |url, ca_file| {
        Provider::Consul(Consul {
            base_url: url.to_owned(),
            token: Some(Secret::new("a-token".to_owned())),
            ca_file: ca_file.map(Path::to_owned),
            gossip: Gossip::Never,
        })
    },
    answer: |request| match request.trim_start_matches("GET ") {
        LEADER => leader().1,
        catalog::PEER => catalog::peer_is("critical"),
        catalog::OWN => catalog::own_is("passing"),
        _ => ok("[]"),
    },
    questions: &[LEADER, catalog::PEER],
    reads: Reads::Json,
};

/// Consul without a leader, before hostile servers: its gossip may speak.
pub(crate) const GOSSIP: Party = Party {
    name: "consul's gossip",
    provider: |url, ca_file| {
        Provider::Consul(Consul {
            base_url: url.to_owned(),
            token: None,
            ca_file: ca_file.map(Path::to_owned),
            gossip: Gossip::Always,
        })
    },
    answer: |request| match request.trim_start_matches("GET ") {
        LEADER => no_leader().1,
        MEMBERS => ok(r#"[{"Name": "agent-mbx1-example-com", "Status": 4},
            {"Name": "agent-mbx2-example-com", "Status": 1}]"#),
        _ => response(404, "", ""),
    },
    questions: &[LEADER, MEMBERS],
    reads: Reads::Json,
};

/// Whole answers by path; what is not listed is answered like an unknown node.
type Routes = Vec<(&'static str, Vec<u8>)>;

const LEADER: &str = "/v1/status/leader";
const MEMBERS: &str = "/v1/agent/members";

fn ok(body: &str) -> Vec<u8> {
    response(200, "", body)
}

fn leader() -> (&'static str, Vec<u8>) {
    (LEADER, ok("\"10.99.0.1:8300\""))
}

fn no_leader() -> (&'static str, Vec<u8>) {
    (LEADER, ok("\"\""))
}

fn site(name: &str, host: &str) -> Site {
    Site {
        name: name.to_owned(),
        hosts: vec![host.to_owned()],
    }
}

fn own() -> Site {
    site("secondary", "mbx2.example.com")
}

fn peer() -> Site {
    site("primary", "mbx1.example.com")
}

fn agent(base_url: &str, gossip: Gossip) -> Witness {
    let provider = Provider::Consul(Consul {
        base_url: base_url.to_owned(),
        token: Some(Secret::new("a-token".to_owned())),
        ca_file: None,
        gossip,
    });
    Witness::plain(provider, Duration::from_secs(120))
}

fn serve(routes: Routes) -> Server {
    Server::routing(move |path| {
        let route = routes.iter().find(|(known, _)| *known == path);
        route.map_or_else(|| ok("[]"), |(_, answer)| answer.clone())
    })
}

fn ask(routes: Routes, gossip: Gossip) -> Testimony {
    let server = serve(routes);
    let heard = testify(&agent(&server.url, gossip), &own(), &peer());
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|head| head.to_lowercase().contains("x-consul-token: a-token\r\n")),
        "the token goes with every request: {requests:?}"
    );
    heard.testimony
}

/// What a testimony comes to, without the particulars.
fn word(testimony: &Testimony) -> String {
    match testimony {
        Testimony::Up => "up".to_owned(),
        Testimony::Down(voice) => format!("down {voice:?}"),
        Testimony::Unknown(doubt) => doubt.kind.code().to_owned(),
    }
}

#[test]
fn a_host_may_have_three_names() {
    let names = Names::of("mbx1.example.com");
    for (node, expected) in [
        ("agent-mbx1-example-com", true),
        ("server-mbx1-example-com", true),
        ("mbx1-example-com", true),
        ("Agent-MBX1-example-com", true),
        ("mbx1.example.com", false),
        ("agent-mbx1", false),
        ("mbx1", false),
        ("agent-agent-mbx1-example-com", false),
        ("agent-mbx10-example-com", false),
        ("my-agent-mbx1-example-com", false),
        ("", false),
    ] {
        assert_eq!(names.contain(node), expected, "{node}");
    }
}

#[test]
fn what_status_leader_says_chooses_the_voice() {
    for (name, answer, expected) in [
        ("no leader, gossip may not speak", ok("\"\""), "no-leader"),
        ("no leader, pretty-printed", ok("\"\"\n"), "no-leader"),
        (
            "a leader, but nobody known",
            ok("\"10.99.0.1:8300\""),
            "not-found",
        ),
        ("null", ok("null"), "bad-answer"),
        ("a list", ok("[]"), "bad-answer"),
        ("HTML", ok("<html></html>"), "bad-answer"),
        (
            "cut off from every server",
            response(500, "", "No known Consul servers"),
            "http-status",
        ),
        (
            "an RPC error",
            response(500, "", "rpc error getting client: x"),
            "http-status",
        ),
        ("wrong token", response(403, "", "ACL not found"), "denied"),
        (
            "rate limit",
            response(429, "", "rate limit exceeded"),
            "rate-limited",
        ),
        (
            "http to a TLS port",
            response(400, "", "Client sent an HTTP request"),
            "http-status",
        ),
        (
            "a login page",
            response(302, "location: /ui/\r\n", ""),
            "redirected",
        ),
    ] {
        let testimony = ask(vec![(LEADER, answer)], Gossip::Never);
        assert_eq!(word(&testimony), expected, "{name}: {testimony}");
    }
}

#[test]
fn an_agent_that_is_not_there_is_a_doubt() {
    let silent = Server::acting(|_, _| hush());
    for (url, timeout, expected) in [
        (
            format!("http://{}", closed_port()),
            20_000,
            DoubtKind::Unreachable,
        ),
        (
            "http://no-such-host.invalid:8500".to_owned(),
            20_000,
            DoubtKind::Unreachable,
        ),
        (silent.url.clone(), 300, DoubtKind::Timeout),
    ] {
        let witness = Witness {
            timeout: Duration::from_millis(timeout),
            ..agent(&url, Gossip::Always)
        };
        let heard = testify(&witness, &own(), &peer());
        assert_eq!(word(&heard.testimony), expected.code(), "{url}");
        assert_eq!(
            (heard.witness.as_str(), heard.host.as_str()),
            ("consul", "mbx1.example.com")
        );
    }
}

#[test]
fn hosts_that_share_a_node_name_are_not_told_apart() {
    let server = serve(vec![leader()]);
    let twin = site("secondary", "agent-mbx1.example.com");
    let heard = testify(&agent(&server.url, Gossip::Always), &twin, &peer());
    assert_eq!(word(&heard.testimony), "ambiguous");
    assert!(server.requests().is_empty());
}

#[test]
fn a_token_is_not_shown() {
    let shown = format!("{:?}", agent("http://127.0.0.1:8500", Gossip::Never));
    assert!(!shown.contains("a-token"), "{shown}");
}
