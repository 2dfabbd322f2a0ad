use super::*;

fn member(name: &str, status: i64) -> String {
    let unique: u32 = name.bytes().map(u32::from).sum();
    at(name, status, &format!("10.99.{}.4", unique % 256), name)
}

fn at(name: &str, status: i64, address: &str, id: &str) -> String {
    format!(
        r#"{{"Name":"{name}","Addr":"{address}","Port":8301,
            "Tags":{{"dc":"wit","id":"{id}","role":"node"}},"Status":{status},"ProtocolMin":1}}"#
    )
}

fn members(list: &[(&str, i64)]) -> Vec<u8> {
    let list: Vec<_> = list
        .iter()
        .map(|(name, status)| member(name, *status))
        .collect();
    ok(&format!("[{}]", list.join(",\n")))
}

const PEER: &str = "agent-mbx1-example-com";
const OWN: &str = "agent-mbx2-example-com";

fn ask_members(answer: Vec<u8>, gossip: Gossip) -> Testimony {
    ask(vec![no_leader(), (MEMBERS, answer)], gossip)
}

#[test]
fn the_setting_decides_what_a_failed_member_is_worth() {
    for (gossip, failed, alive) in [
        (Gossip::Never, "no-leader", "no-leader"),
        (Gossip::Anchored, "down Anchored", "up"),
        (Gossip::Always, "down Proven", "up"),
    ] {
        for (status, expected) in [(4, failed), (1, alive)] {
            let testimony = ask_members(members(&[(PEER, status), (OWN, 1)]), gossip);
            assert_eq!(word(&testimony), expected, "{gossip:?} {status}");
        }
    }
}

#[test]
fn only_a_failed_member_is_down() {
    let own = (OWN, 1);
    for (name, list, expected) in [
        ("alive", vec![(PEER, 1), own], "up"),
        ("failed", vec![(PEER, 4), own], "down Anchored"),
        ("leaving", vec![(PEER, 2), own], "taken-out"),
        ("left", vec![(PEER, 3), own], "taken-out"),
        ("no state", vec![(PEER, 0), own], "unclear"),
        ("a new state", vec![(PEER, 5), own], "unclear"),
        ("an impossible state", vec![(PEER, -1), own], "unclear"),
        (
            "as a server",
            vec![("server-mbx1-example-com", 4), own],
            "down Anchored",
        ),
        ("bare", vec![("mbx1-example-com", 4), own], "down Anchored"),
        (
            "in capitals",
            vec![("AGENT-MBX1-EXAMPLE-COM", 4), own],
            "down Anchored",
        ),
        (
            "reaped, or misspelt",
            vec![("agent-mbx9-example-com", 4), own],
            "not-member",
        ),
        (
            "a longer name",
            vec![("agent-mbx1-example-com-old", 4), own],
            "not-member",
        ),
        (
            "two names failed",
            vec![(PEER, 4), ("server-mbx1-example-com", 4), own],
            "ambiguous",
        ),
        (
            "one of two left",
            vec![(PEER, 4), ("server-mbx1-example-com", 3), own],
            "ambiguous",
        ),
        (
            "one of two alive",
            vec![(PEER, 4), ("mbx1-example-com", 1), own],
            "ambiguous",
        ),
        ("listed twice", vec![(PEER, 4), (PEER, 4), own], "ambiguous"),
        ("ourselves missing", vec![(PEER, 4)], "blind"),
        ("ourselves failed", vec![(PEER, 4), (OWN, 4)], "blind"),
        ("ourselves left", vec![(PEER, 4), (OWN, 3)], "blind"),
        (
            "ourselves twice",
            vec![(PEER, 4), own, ("mbx2-example-com", 1)],
            "blind",
        ),
    ] {
        let testimony = ask_members(members(&list), Gossip::Anchored);
        assert_eq!(word(&testimony), expected, "{name}: {testimony}");
    }
}

#[test]
fn an_answer_that_is_no_list_of_members_says_nothing() {
    for (name, answer, expected) in [
        ("no token: an empty list", ok("[]"), "not-found"),
        ("null", ok("null"), "not-found"),
        ("wrong token", response(403, "", "ACL not found"), "denied"),
        ("an object", ok("{}"), "bad-answer"),
        (
            "a status as text",
            ok(&format!(r#"[{{"Name":"{PEER}","Status":"4"}}]"#)),
            "bad-answer",
        ),
        (
            "a broken status",
            ok(&format!(r#"[{{"Name":"{PEER}","Status":4.5}}]"#)),
            "bad-answer",
        ),
        (
            "no status",
            ok(&format!(r#"[{{"Name":"{PEER}"}}]"#)),
            "bad-answer",
        ),
        (
            "two statuses",
            ok(&format!(r#"[{{"Name":"{PEER}","Status":1,"Status":4}}]"#)),
            "bad-answer",
        ),
        (
            "cut off",
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[".to_vec(),
            "bad-answer",
        ),
        ("an error", response(500, "", "x"), "http-status"),
    ] {
        let testimony = ask_members(answer, Gossip::Always);
        assert_eq!(word(&testimony), expected, "{name}: {testimony}");
    }
}

#[test]
fn a_list_that_was_filtered_says_nothing() {
    let list = [member(PEER, 4), member(OWN, 1)].join(",");
    for (header, expected) in [
        ("X-Consul-Results-Filtered-By-ACLs: true\r\n", "filtered"),
        (
            "X-Consul-Results-Filtered-By-ACLs: false\r\n",
            "down Anchored",
        ),
    ] {
        let answer = response(200, header, &format!("[{list}]"));
        let testimony = ask_members(answer, Gossip::Anchored);
        assert_eq!(word(&testimony), expected, "{header}");
    }
}

#[test]
fn a_missing_token_is_named_as_a_cause_of_an_empty_list() {
    let testimony = ask_members(ok("[]"), Gossip::Anchored);
    assert!(testimony.to_string().contains("token"), "{testimony}");
}

#[test]
fn the_catalog_is_not_asked_without_a_leader() {
    let server = serve(vec![no_leader()]);
    testify(&agent(&server.url, Gossip::Always), &own(), &peer());
    assert!(
        server
            .requests()
            .iter()
            .all(|head| !head.contains("/v1/health/"))
    );
}

#[test]
fn a_failed_member_that_the_catalog_has_lost_is_down() {
    let own_is_known = (super::catalog::OWN, super::catalog::own_is("passing"));
    let own_is_lost = (super::catalog::OWN, ok("[]"));
    for (name, gossip, own, status, expected) in [
        (
            "failed",
            Gossip::Anchored,
            &own_is_known,
            4,
            "down Anchored",
        ),
        (
            "at any risk",
            Gossip::Always,
            &own_is_known,
            4,
            "down Proven",
        ),
        ("no say", Gossip::Never, &own_is_known, 4, "not-found"),
        (
            "our own lost too",
            Gossip::Always,
            &own_is_lost,
            4,
            "not-found",
        ),
        ("alive", Gossip::Always, &own_is_known, 1, "not-found"),
        ("leaving", Gossip::Always, &own_is_known, 2, "not-found"),
        ("left", Gossip::Always, &own_is_known, 3, "not-found"),
    ] {
        let told = (MEMBERS, members(&[(PEER, status), (OWN, 1)]));
        let testimony = ask(vec![leader(), own.clone(), told], gossip);
        assert_eq!(word(&testimony), expected, "{name}: {testimony}");
    }
}

/// A node that came back under another name.
const NEW: &str = "agent-mail1-example-com";

#[test]
fn a_failed_member_of_which_another_one_lives_on_is_no_death() {
    let peer = at(PEER, 4, "10.99.0.1", "1111");
    let own = at(OWN, 1, "10.99.0.2", "2222");
    let renamed = |status, address, id| at(NEW, status, address, id);
    for (name, other, expected) in [
        ("nobody else", None, "down"),
        (
            "somebody else",
            Some(renamed(1, "10.99.0.3", "3333")),
            "down",
        ),
        (
            "at its address",
            Some(renamed(1, "10.99.0.1", "3333")),
            "ambiguous",
        ),
        (
            "at its address, in another form",
            Some(renamed(1, "::ffff:10.99.0.1", "3333")),
            "ambiguous",
        ),
        (
            "with its id",
            Some(renamed(1, "10.99.0.3", "1111")),
            "ambiguous",
        ),
        (
            "failed as well",
            Some(renamed(4, "10.99.0.1", "1111")),
            "down",
        ),
        ("left since", Some(renamed(3, "10.99.0.1", "1111")), "down"),
        ("without both", Some(renamed(1, "", "")), "down"),
    ] {
        let all = [Some(peer.clone()), Some(own.clone()), other];
        let list = all.into_iter().flatten().collect::<Vec<_>>().join(",");
        let told = || (MEMBERS, ok(&format!("[{list}]")));
        let catalog = (super::catalog::PEER, super::catalog::peer_is("critical"));
        let sight = || (super::catalog::OWN, super::catalog::own_is("passing"));
        for (world, routes) in [
            ("no leader", vec![no_leader(), told()]),
            ("off the catalog", vec![leader(), told(), sight()]),
            ("critical", vec![leader(), told(), sight(), catalog]),
        ] {
            let said = word(&ask(routes, Gossip::Anchored));
            assert!(said.starts_with(expected), "{name}, {world}: {said}");
        }
    }
}
