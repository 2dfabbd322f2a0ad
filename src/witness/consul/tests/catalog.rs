use super::*;

pub(super) const PEER: &str = "/v1/health/node/agent-mbx1-example-com?consistent";
const PEER_AS_SERVER: &str = "/v1/health/node/server-mbx1-example-com?consistent";
const PEER_BARE: &str = "/v1/health/node/mbx1-example-com?consistent";
pub(super) const OWN: &str = "/v1/health/node/agent-mbx2-example-com?consistent";
const OWN_AS_SERVER: &str = "/v1/health/node/server-mbx2-example-com?consistent";

/// The headers of an answer that a leader has confirmed.
const FRESH: &str =
    "X-Consul-Index: 17\r\nX-Consul-Knownleader: true\r\nX-Consul-Lastcontact: 0\r\n";

fn check(node: &str, id: &str, status: &str) -> String {
    format!(
        r#"{{"Node":"{node}","CheckID":"{id}","Name":"x","Status":"{status}","Notes":"",
            "Output":"Agent not live or unreachable","ServiceID":"","ServiceTags":[],
            "Definition":{{}},"CreateIndex":1,"ModifyIndex":2}}"#
    )
}

fn list(checks: &[String]) -> Vec<u8> {
    response(200, FRESH, &format!("[{}]", checks.join(",")))
}

fn serf(node: &str, status: &str) -> Vec<u8> {
    list(&[check(node, "serfHealth", status)])
}

pub(super) fn peer_is(status: &str) -> Vec<u8> {
    serf("agent-mbx1-example-com", status)
}

pub(super) fn own_is(status: &str) -> Vec<u8> {
    serf("agent-mbx2-example-com", status)
}

fn with_headers(headers: &str) -> Vec<u8> {
    let body = format!(
        "[{}]",
        check("agent-mbx1-example-com", "serfHealth", "critical")
    );
    response(200, headers, &body)
}

/// Asks with our own node alive.
fn ask_about(name: &str, routes: Routes, expected: &str) {
    let routes = [vec![leader(), (OWN, own_is("passing"))], routes].concat();
    let testimony = ask(routes, Gossip::Always);
    assert_eq!(word(&testimony), expected, "{name}: {testimony}");
}

#[test]
fn the_checks_of_the_peer_decide() {
    let maintenance = |serf: &str| {
        list(&[
            check("agent-mbx1-example-com", "_node_maintenance", "critical"),
            check("agent-mbx1-example-com", "serfHealth", serf),
        ])
    };
    let service = |serf: &str| {
        list(&[
            check("agent-mbx1-example-com", "serfHealth", serf),
            check("agent-mbx1-example-com", "carbonio-mailbox", "critical"),
        ])
    };
    let other = list(&[check(
        "agent-mbx1-example-com",
        "carbonio-mailbox",
        "critical",
    )]);
    let twice = list(&[
        check("agent-mbx1-example-com", "serfHealth", "critical"),
        check("agent-mbx1-example-com", "serfHealth", "critical"),
    ]);
    for (name, answer, expected) in [
        ("alive", peer_is("passing"), "up"),
        ("killed or frozen", peer_is("critical"), "down Proven"),
        ("a warning", peer_is("warning"), "unclear"),
        ("a new state", peer_is("maintenance"), "unclear"),
        ("no state", peer_is(""), "unclear"),
        ("another case of letters", peer_is("Critical"), "unclear"),
        ("alive, in maintenance", maintenance("passing"), "up"),
        ("down, in maintenance", maintenance("critical"), "taken-out"),
        ("alive, a service is down", service("passing"), "up"),
        ("down, a service too", service("critical"), "down Proven"),
        ("no serfHealth", other, "unclear"),
        ("two of them", twice, "unclear"),
        ("left or unknown", ok("[]"), "not-found"),
        ("null", ok("null"), "not-found"),
    ] {
        ask_about(name, vec![(PEER, answer)], expected);
    }
}

#[test]
fn the_node_is_found_under_exactly_one_of_its_names() {
    for (name, routes, expected) in [
        (
            "a server",
            vec![(PEER_AS_SERVER, serf("server-mbx1-example-com", "critical"))],
            "down Proven",
        ),
        (
            "bare",
            vec![(PEER_BARE, serf("mbx1-example-com", "critical"))],
            "down Proven",
        ),
        (
            "in capitals",
            vec![(PEER, serf("AGENT-mbx1-example-com", "critical"))],
            "down Proven",
        ),
        (
            "an agent and a server",
            vec![
                (PEER, peer_is("critical")),
                (PEER_AS_SERVER, serf("server-mbx1-example-com", "critical")),
            ],
            "ambiguous",
        ),
        (
            "somebody else's checks",
            vec![(PEER, own_is("critical"))],
            "bad-answer",
        ),
        (
            "a foreign check among its own",
            vec![(
                PEER,
                list(&[
                    check("agent-mbx1-example-com", "serfHealth", "critical"),
                    check("agent-mbx9-example-com", "x", "passing"),
                ]),
            )],
            "bad-answer",
        ),
    ] {
        ask_about(name, routes, expected);
    }
}

#[test]
fn an_answer_that_is_not_fresh_and_whole_says_nothing() {
    for (name, headers, expected) in [
        ("as always", FRESH, "down Proven"),
        ("none", "", "down Proven"),
        (
            "no leader any more",
            "X-Consul-KnownLeader: false\r\n",
            "stale",
        ),
        ("an odd word", "X-Consul-KnownLeader: maybe\r\n", "stale"),
        (
            "said twice",
            "X-Consul-KnownLeader: true\r\nX-Consul-KnownLeader: false\r\n",
            "stale",
        ),
        ("one minute old", "X-Consul-LastContact: 61141\r\n", "stale"),
        (
            "one millisecond old",
            "X-Consul-LastContact: 1\r\n",
            "stale",
        ),
        (
            "made stale by the server",
            "X-Consul-Effective-Consistency: stale\r\n",
            "stale",
        ),
        (
            "confirmed",
            "X-Consul-Effective-Consistency: consistent\r\n",
            "down Proven",
        ),
        (
            "filtered",
            "X-Consul-Results-Filtered-By-ACLs: true\r\n",
            "filtered",
        ),
        (
            "not filtered",
            "X-Consul-Results-Filtered-By-ACLs: false\r\n",
            "down Proven",
        ),
    ] {
        ask_about(name, vec![(PEER, with_headers(headers))], expected);
    }
}

#[test]
fn a_failed_question_spoils_the_answer() {
    for (name, answer, expected) in [
        (
            "no leader any more",
            response(500, "", "No cluster leader"),
            "http-status",
        ),
        ("denied", response(403, "", "Permission denied"), "denied"),
        (
            "rate limit",
            response(429, "", "rate limit exceeded"),
            "rate-limited",
        ),
        (
            "write limit",
            response(503, "", "only the leader"),
            "http-status",
        ),
        ("HTML", ok("<html></html>"), "bad-answer"),
        ("an object", ok("{}"), "bad-answer"),
        (
            "no status",
            ok(r#"[{"Node":"agent-mbx1-example-com","CheckID":"serfHealth"}]"#),
            "bad-answer",
        ),
        (
            "a null status",
            ok(r#"[{"Node":"agent-mbx1-example-com","CheckID":"serfHealth","Status":null}]"#),
            "bad-answer",
        ),
        (
            "redirect",
            response(301, "location: /ui/\r\n", ""),
            "redirected",
        ),
        (
            "cut off",
            b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n[{".to_vec(),
            "bad-answer",
        ),
    ] {
        ask_about(name, vec![(PEER, answer.clone())], expected);
        // It may hide a second node of that name.
        let both = vec![(PEER, peer_is("critical")), (PEER_BARE, answer)];
        ask_about(name, both, expected);
    }
}

#[test]
fn it_says_down_only_while_our_own_node_is_seen_alive() {
    for (name, own, expected) in [
        ("alive", vec![(OWN, own_is("passing"))], "down Proven"),
        (
            "alive as a server",
            vec![(OWN_AS_SERVER, serf("server-mbx2-example-com", "passing"))],
            "down Proven",
        ),
        ("down", vec![(OWN, own_is("critical"))], "blind"),
        ("unclear", vec![(OWN, own_is("warning"))], "blind"),
        (
            "unknown: we are not in this cluster, or may not see it",
            vec![],
            "blind",
        ),
        (
            "twice",
            vec![
                (OWN, own_is("passing")),
                (OWN_AS_SERVER, serf("server-mbx2-example-com", "passing")),
            ],
            "blind",
        ),
        (
            "denied",
            vec![(OWN, response(403, "", "Permission denied"))],
            "blind",
        ),
        (
            "failed",
            vec![(OWN, response(500, "", "No cluster leader"))],
            "blind",
        ),
        (
            "stale",
            vec![(OWN, response(200, "X-Consul-KnownLeader: false\r\n", "[]"))],
            "blind",
        ),
    ] {
        let routes = [vec![leader(), (PEER, peer_is("critical"))], own.clone()].concat();
        let testimony = ask(routes, Gossip::Always);
        assert_eq!(word(&testimony), expected, "{name}: {testimony}");

        // To say that the peer lives it need not see us.
        let routes = [vec![leader(), (PEER, peer_is("passing"))], own].concat();
        assert_eq!(word(&ask(routes, Gossip::Always)), "up", "{name}");
    }
}

#[test]
fn it_names_the_node_it_found() {
    let routes = vec![
        leader(),
        (PEER_AS_SERVER, serf("server-mbx1-example-com", "passing")),
    ];
    let server = serve(routes);
    let heard = testify(&agent(&server.url, Gossip::Never), &own(), &peer());
    assert_eq!(heard.host, "server-mbx1-example-com");
}

#[test]
fn the_gossip_may_contradict_whatever_it_may_say_else() {
    let members = |peer: &str| {
        let own = r#"{"Name":"agent-mbx2-example-com","Status":1}"#;
        ok(&format!("[{peer}{own}]"))
    };
    let peer = |status: i64| {
        members(&format!(
            r#"{{"Name":"agent-mbx1-example-com","Status":{status}}},"#
        ))
    };
    for (name, told, critical, passing) in [
        ("failed", peer(4), "down Proven", "contradiction"),
        ("alive", peer(1), "contradiction", "up"),
        ("left", peer(3), "taken-out", "up"),
        ("no state", peer(0), "unclear", "up"),
        ("never met", members(""), "down Proven", "up"),
        ("nobody at all", ok("[]"), "down Proven", "up"),
        ("no list", ok("{}"), "bad-answer", "up"),
        ("denied", response(403, "", "ACL not found"), "denied", "up"),
        ("an error", response(500, "", "x"), "http-status", "up"),
        (
            "in a cache",
            response(200, "age: 9\r\n", "[]"),
            "stale",
            "up",
        ),
    ] {
        for gossip in [Gossip::Never, Gossip::Anchored, Gossip::Always] {
            for (status, expected) in [("critical", critical), ("passing", passing)] {
                let routes = vec![
                    leader(),
                    (PEER, peer_is(status)),
                    (OWN, own_is("passing")),
                    (MEMBERS, told.clone()),
                ];
                let said = word(&ask(routes, gossip));
                assert_eq!(said, expected, "{name}, {status}, {gossip:?}");
            }
        }
    }
}

#[test]
fn a_missing_token_is_named_as_a_cause_of_an_empty_answer() {
    let testimony = ask(vec![leader()], Gossip::Never);
    assert!(testimony.to_string().contains("token"), "{testimony}");
}
