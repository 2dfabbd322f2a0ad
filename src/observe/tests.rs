//! One probe kind per file; here, how looks become an observation.

mod addresses;
mod http;
mod namespace;
mod tcp;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Answer, Connectivity, Glass, Look, Reach, observe, survey};
use crate::clients::tests::server::{Server, closed_port, hush, response};
use crate::config::{
    Carbonio, Config, Consul, Fence, Files, Gossip, History, HttpTarget, Namespace, OnReturn,
    Policy, Probe, Provider, Quorum, Role, Share, Site, Takeover, Target, Timeouts, Url, Witness,
};
use crate::witness::{Doubt, DoubtKind, Heard, Testimony};

/// Long enough for a busy machine, for answers that do come.
const AMPLE: Duration = Duration::from_secs(120);

/// Looks once, at a site that has no addresses of its own.
fn look(target: &Target, timeout: Duration) -> Answer {
    let ours = Vec::new();
    Glass { timeout, ours }.look(target).answer
}

fn tcp(address: SocketAddr) -> Target {
    Target::Tcp {
        host: address.ip().to_string(),
        port: address.port(),
    }
}

fn http(server: &Server) -> Target {
    Target::Http(HttpTarget {
        url: Url::new(server.url.clone()),
        // So that a test can make it silent.
        status: Some(200),
        regexp: None,
        ca_file: None,
    })
}

fn unknown_name() -> Target {
    Target::Tcp {
        host: "no-such-host.invalid".to_owned(),
        port: 1,
    }
}

/// A TCP port that takes connections.
fn open() -> Target {
    tcp(Server::accepting(drop).address)
}

fn closed() -> Target {
    tcp(closed_port())
}

fn consul(server: &Server) -> Witness {
    let provider = Provider::Consul(Consul {
        base_url: server.url.clone(),
        token: None,
        ca_file: None,
        gossip: Gossip::Never,
    });
    Witness::plain(provider, AMPLE)
}

/// A witness that only has to be heard; what it says is another test's subject.
fn leaderless() -> Server {
    Server::saying(200, "\"\"")
}

fn site(name: &str, host: &str) -> Site {
    Site {
        name: name.to_owned(),
        hosts: vec![host.to_owned()],
    }
}

fn config(targets: Vec<Target>, anchors: Vec<Target>, witnesses: Vec<Witness>) -> Config {
    let path = PathBuf::from("/nonexistent");
    Config {
        own: site("secondary", "mbx2.example.com"),
        peer: site("primary", "mbx1.example.com"),
        files: Files {
            down: path.clone(),
            promotion: path.clone(),
            module: path.clone(),
            state_dir: path.clone(),
        },
        role: Role {
            name: "proxyserver",
            block: None,
            user: None,
            patience: AMPLE,
            width: 1,
            leader: None,
        },
        probe: Probe {
            targets,
            attempts: 3,
            interval: Duration::from_millis(1),
            timeout: AMPLE,
            ours: Vec::new(),
        },
        anchors,
        policy: Policy {
            takeover: Takeover::Automatic,
            stop_module: false,
            quorum: Quorum::All,
            confirm_runs: 2,
            recover_runs: 2,
            run_spacing: Duration::ZERO,
            evidence_max_age: AMPLE,
            block_period: AMPLE,
            max_attempts: 3,
            on_return: OnReturn::Role,
        },
        witnesses,
        carbonio: Carbonio {
            user: None,
            carbonio: path.clone(),
            zmprov: path.clone(),
            namespace: Namespace::Auto,
            flush_batch: 1,
            require_replica: Share::ALL,
        },
        timeouts: Timeouts {
            query: AMPLE,
            promote: AMPLE,
            flush: AMPLE,
            command: AMPLE,
            grace: AMPLE,
        },
        fence: Fence::default(),
        history: History {
            file: path,
            keep: 1,
        },
    }
}

fn refused(target: &Target) -> Look {
    Look {
        target: target.to_string(),
        answer: Answer::NoAnswer("refused".to_owned()),
        left_out: Vec::new(),
    }
}

#[test]
fn a_peer_that_answers_leaves_everybody_else_alone() {
    let (witness, anchor) = (leaderless(), Server::saying(200, ""));
    let target = open();
    let looks = vec![Look {
        target: target.to_string(),
        answer: Answer::Answered,
        left_out: Vec::new(),
    }];
    let seen = observe(&config(
        vec![target],
        vec![http(&anchor)],
        vec![consul(&witness)],
    ));

    assert_eq!(seen.reach, Reach::Answers);
    assert_eq!(seen.looks, looks);
    assert_eq!(
        (seen.connectivity, seen.anchors),
        (Connectivity::NotAsked, vec![])
    );
    assert_eq!(seen.heard, []);
    assert!(witness.requests().is_empty());
    assert!(anchor.requests().is_empty());
}

#[test]
fn a_silent_peer_makes_us_ask_the_witness_and_the_anchors() {
    let witness = leaderless();
    let (one, other) = (closed(), closed());
    let looks = vec![refused(&one), refused(&other)];
    let (lost, found) = (closed(), open());
    let anchors = vec![lost, found];
    let seen = observe(&config(vec![one, other], anchors, vec![consul(&witness)]));

    assert_eq!(seen.reach, Reach::Silent);
    assert_eq!(seen.looks, looks);
    assert_eq!(seen.connectivity, Connectivity::Connected);
    let [
        Heard {
            witness,
            host,
            testimony,
            weight: _,
        },
    ] = seen.heard.as_slice()
    else {
        panic!("{seen:?}");
    };
    assert_eq!(
        (witness.as_str(), host.as_str()),
        ("consul", "mbx1.example.com")
    );
    let Testimony::Unknown(Doubt { kind, .. }) = testimony else {
        panic!("{seen:?}");
    };
    assert_eq!(*kind, DoubtKind::NoLeader);
}

#[test]
fn only_an_anchor_that_answers_shows_that_we_are_connected() {
    for (name, anchors, expected) in [
        ("none given", vec![], Connectivity::NotAsked),
        (
            "one of two answers",
            vec![closed(), open()],
            Connectivity::Connected,
        ),
        (
            "none answers",
            vec![closed(), closed()],
            Connectivity::Isolated,
        ),
        (
            "none can be probed",
            vec![unknown_name()],
            Connectivity::Isolated,
        ),
    ] {
        let seen = observe(&config(vec![closed()], anchors, vec![]));
        assert_eq!(seen.connectivity, expected, "{name}");
    }
}

#[test]
fn one_answer_in_any_look_is_an_answer() {
    for (name, statuses) in [
        ("at once", [200, 503, 503]),
        ("in the second look", [503, 200, 503]),
        ("in the last look", [503, 503, 200]),
    ] {
        let asked = AtomicUsize::new(0);
        let server = Server::routing(move |_| {
            let status = statuses.get(asked.fetch_add(1, Ordering::Relaxed));
            response(status.copied().unwrap_or(503), "", "")
        });
        let targets = vec![http(&server), closed()];
        let seen = observe(&config(targets, vec![], vec![]));
        assert_eq!(seen.reach, Reach::Answers, "{name}");
    }
}

#[test]
fn silence_takes_all_the_looks() {
    let server = Server::saying(503, "");
    let seen = observe(&config(vec![http(&server)], vec![], vec![]));
    assert_eq!(seen.reach, Reach::Silent);
    assert_eq!(
        seen.looks[0].answer,
        Answer::NoAnswer("status 503".to_owned())
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn what_could_not_be_probed_is_not_silent() {
    for (name, targets) in [
        ("no target at all", vec![]),
        ("the only one", vec![unknown_name()]),
        ("one of two", vec![closed(), unknown_name()]),
    ] {
        let seen = observe(&config(targets, vec![], vec![]));
        assert!(matches!(seen.reach, Reach::Unknown(_)), "{name}: {seen:?}");
    }
    let seen = observe(&config(vec![unknown_name(), open()], vec![], vec![]));
    assert_eq!(seen.reach, Reach::Answers);
}

#[test]
fn a_silent_target_does_not_hold_up_one_that_answers() {
    let silent = Server::acting(|_, _| hush());
    let answering = open();
    let name = answering.to_string();
    let seen = observe(&config(vec![http(&silent), answering], vec![], vec![]));
    assert_eq!(seen.reach, Reach::Answers);
    assert_eq!(seen.looks.len(), 1, "the silent one is not waited for");
    assert_eq!(seen.looks[0].target, name);
}

#[test]
fn a_silent_witness_does_not_hold_up_a_peer_that_answers_late() {
    let witness = Server::acting(|_, _| hush());
    let asked = AtomicUsize::new(0);
    let peer = Server::routing(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => response(503, "", ""),
        _ => response(200, "", ""),
    });
    let seen = observe(&config(vec![http(&peer)], vec![], vec![consul(&witness)]));
    assert_eq!(seen.reach, Reach::Answers);
    assert_eq!(seen.heard, []);
}

#[test]
fn every_witness_is_heard_in_the_order_of_the_config() {
    let (one, other) = (leaderless(), Server::saying(403, "ACL not found"));
    let seen = observe(&config(
        vec![closed()],
        vec![],
        vec![consul(&one), consul(&other)],
    ));
    let codes: Vec<_> = seen
        .heard
        .iter()
        .map(|heard| heard.testimony.to_string())
        .collect();
    assert!(codes[0].starts_with("unknown (no-leader"), "{codes:?}");
    assert!(codes[1].starts_with("unknown (denied"), "{codes:?}");
}

#[test]
fn a_survey_asks_everybody_once_whatever_the_peer_says() {
    let (peer, anchor, witness) = (
        Server::saying(200, ""),
        Server::saying(503, ""),
        leaderless(),
    );
    let targets = vec![http(&peer), closed()];
    let seen = survey(&config(
        targets,
        vec![http(&anchor)],
        vec![consul(&witness)],
    ));
    assert_eq!(seen.reach, Reach::Answers);
    assert_eq!(
        (seen.looks.len(), seen.anchors.len(), seen.heard.len()),
        (2, 1, 1)
    );
    assert_eq!(seen.connectivity, Connectivity::Isolated);
    assert_eq!(peer.requests().len(), 1);
    assert_eq!(anchor.requests().len(), 1);
    assert_eq!(witness.requests().len(), 1);
}
