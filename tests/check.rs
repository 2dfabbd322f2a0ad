//! `habeat check`: what would fail on the day is an error today, and what contradicts itself too.

mod common;

use common::{PEER, PEER_NODE, Ran, Site};
use habeat::drill::fake_consul::{Acl, Maintenance, Node};

/// A node that neither view knows.
const ABSENT: Node = Node {
    gossip: None,
    catalog: None,
    maintenance: Maintenance::Off,
};

/// A site whose peer answers, and whose witness says so.
fn calm() -> Site {
    let mut site = Site::new();
    site.peer_comes_back();
    site.consul.cluster().set(PEER_NODE, Node::ALIVE);
    site
}

/// Requires this exit code and, among the lines of that grade, one with each of these words.
#[track_caller]
fn tells(ran: &Ran, exit: i32, grade: &str, words: &[&str]) {
    assert_eq!(ran.exit, Some(exit), "{ran:#?}");
    let begin = format!("  {grade}: ");
    let said = ran.stdout.lines().filter(|line| line.starts_with(&begin));
    let mut said = said.filter(|line| words.iter().all(|word| line.contains(word)));
    assert!(said.next().is_some(), "{grade} {words:?}: {ran:#?}");
}

/// Makes `check --online`.
fn online(site: &Site) -> Ran {
    site.call(&["check", "--online"])
}

#[test]
fn a_peer_that_is_well_and_well_watched_is_no_error() {
    let ran = online(&calm());
    assert_eq!(ran.exit, Some(0), "{ran:#?}");
    assert!(!ran.stdout.contains("  error: "), "{ran:#?}");
    for said in [
        &format!("+ witness consul about {PEER_NODE}: up")[..],
        "+ probe tcp://",
        "+ anchor tcp://",
        &format!("+ accounts carbonio about {PEER}: 3 accounts"),
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
}

#[test]
fn a_witness_that_says_down_of_a_peer_that_answers_is_named() {
    let site = calm();
    site.consul.cluster().set(PEER_NODE, Node::FAILED);
    tells(
        &online(&site),
        78,
        "error",
        &["witness consul", "says down", "answers"],
    );
}

#[test]
fn a_witness_that_says_up_of_a_peer_that_does_not_answer_is_named() {
    let mut site = calm();
    site.peer_falls_silent();
    tells(&online(&site), 78, "error", &["witness consul", "says up"]);
}

#[test]
fn a_witness_that_cannot_say_is_an_error() {
    let site = calm();
    site.consul.cluster().set(PEER_NODE, ABSENT);
    tells(
        &online(&site),
        78,
        "error",
        &["witness consul", "not-member"],
    );

    let site = calm();
    site.consul.cluster().acl = Acl::Token("another".to_owned());
    let ran = online(&site);
    assert_eq!(ran.exit, Some(78), "{ran:#?}");
    assert!(ran.stdout.contains("? witness consul"), "{ran:#?}");

    // A program may be a gate, which has nothing to say while all is well.
    let mut site = calm();
    site.program("gate", "#!/bin/sh\nexit 3\n");
    let gate = site.path("gate").display().to_string();
    site.config.witnesses = format!("{{provider: consul}}, {{provider: command, argv: [{gate}]}}");
    tells(
        &online(&site),
        0,
        "warning",
        &["witness command", "neither up nor down"],
    );
}

#[test]
fn a_probe_that_is_refused_or_cannot_be_made_is_an_error() {
    for (target, words) in [
        ("tcp://127.0.0.2:1", "refused"),
        ("tcp://nowhere.invalid:25", "cannot be made"),
    ] {
        let mut site = calm();
        let living = site.config.anchors.trim_matches(['[', ']']).to_owned();
        site.config.probe = format!("targets: [\"{target}\", {living}]");
        tells(&online(&site), 78, "error", &[target, words]);
    }
}

#[test]
fn anchors_of_which_none_answers_are_an_error() {
    let mut site = calm();
    site.config.anchors = "[\"tcp://127.0.0.3:1\"]".to_owned();
    tells(&online(&site), 78, "error", &["anchor", "isolated"]);
}

#[test]
fn a_peer_that_is_one_of_consuls_own_servers_is_told_of() {
    let site = calm();
    let mut cluster = site.consul.cluster();
    cluster.set(PEER_NODE, ABSENT);
    cluster.set("server-mbox1-example-com", Node::ALIVE);
    drop(cluster);
    let ran = online(&site);
    tells(
        &ran,
        0,
        "warning",
        &["witness consul", "server-mbox1", "not-found"],
    );
    let alone = format!("if {PEER} dies alone: holds");
    assert!(ran.stdout.contains(&alone), "{ran:#?}");
}

#[test]
fn a_host_on_which_carbonio_knows_no_account_is_told_of() {
    let site = calm();
    site.write("accounts", "");
    tells(
        &online(&site),
        0,
        "warning",
        &["accounts", PEER, "zimbraMailHost"],
    );
    assert_eq!(site.calls("promoteAccounts"), 0);

    let mut site = calm();
    site.config.peer = "mbox1-example-com";
    tells(&online(&site), 78, "error", &["accounts", "only Consul's"]);

    let site = calm();
    site.program(
        "carbonio",
        "#!/bin/sh\necho 'Please run as zextras user'\nexit 1\n",
    );
    tells(&online(&site), 78, "error", &["accounts", "zextras"]);
}

#[test]
fn what_a_takeover_needs_and_is_not_there_is_an_error() {
    for name in ["carbonio", "zmprov"] {
        let site = calm();
        site.remove(name);
        tells(
            &site.call(&["check"]),
            78,
            "error",
            &[name, "is no program here"],
        );
    }
}

#[test]
fn a_witness_that_could_not_speak_on_the_day_is_an_error_today() {
    let site = calm();
    site.write("der.cer", [0x30, 0x82, 0x01, 0x00, 0xff]);
    let der = site.path("der.cer").display().to_string();
    for (witness, words) in [
        (
            format!("{{provider: hetrix, api_token: t, ca_file: {der}}}"),
            "ca_file",
        ),
        (
            "{provider: http, url: 'https://127.0.0.1/', regexp: a, ca_file: /nowhere/ca.pem}"
                .to_owned(),
            "ca_file",
        ),
        (
            "{provider: command, argv: [/nowhere/ask]}".to_owned(),
            "/nowhere/ask",
        ),
        (
            "{provider: command, argv: [no-such-program]}".to_owned(),
            "no-such-program",
        ),
    ] {
        let mut site = calm();
        site.config.witnesses = witness;
        tells(&site.call(&["check"]), 78, "error", &["witness", words]);
    }
}

#[test]
fn the_first_line_is_the_worst_outlook_and_strict_makes_it_an_error() {
    let mut site = calm();
    site.config.more = "quorum: all".to_owned();
    let first = |ran: &Ran| ran.stdout.lines().next().unwrap_or_default().to_owned();
    // An anchor lets the gossip speak when the whole site is lost.
    assert!(!first(&site.call(&["check", "--online"])).contains("HOLD"));
    assert_eq!(site.call(&["check", "--strict"]).exit, Some(0));

    site.config.anchors = "[]".to_owned();
    let ran = online(&site);
    assert_eq!(
        first(&ran),
        "WARNING    Usable, but if the whole site primary is lost, habeat will HOLD."
    );
    tells(&ran, 0, "warning", &["outlook", "HOLD"]);
    let strict = site.call(&["check", "--strict"]);
    tells(&strict, 78, "error", &["outlook", "HOLD"]);
    assert!(first(&strict).starts_with("ERROR "), "{strict:#?}");

    // Who never takes over by itself lacks nothing when it holds.
    site.config.whoami = "primary";
    site.config.dc_check = "secondary";
    assert_eq!(site.call(&["check", "--strict"]).exit, Some(0));
}

#[test]
fn the_other_sites_config_is_held_against_this_one() {
    let mut site = calm();
    site.call(&["check"]);
    let ours = site.text("habeat.yml");
    site.config.whoami = "primary";
    site.config.dc_check = "secondary";
    site.call(&["check"]);
    // The blocks go by their names: the hosts stay where they are.
    let theirs = site.text("habeat.yml");
    site.write(
        "theirs.yml",
        theirs.replace(PEER, "x").replace("mbox2.example.com", PEER),
    );
    site.write(
        "theirs.yml",
        site.text("theirs.yml")
            .replace("vmname: x", "vmname: mbox2.example.com"),
    );
    site.write("same.yml", &ours);
    site.config.whoami = "secondary";
    site.config.dc_check = "primary";
    let path = |name: &str| site.path(name).display().to_string();
    let fits = site.call(&["check", "--against", &path("theirs.yml")]);
    assert_eq!(fits.exit, Some(0), "{fits:#?}");
    let same = site.call(&["check", "--against", &path("same.yml")]);
    tells(&same, 78, "error", &["local.whoami", "same.yml"]);
}

#[test]
fn what_others_said_makes_no_line_of_its_own() {
    let mut site = calm();
    site.program(
        "ask",
        "#!/bin/sh\necho 'a\x1b[2K\u{2028}  error: forged'\nexit 3\n",
    );
    let ask = site.path("ask").display().to_string();
    site.config.witnesses = format!("{{provider: command, argv: [{ask}]}}");
    let ran = online(&site);
    assert!(ran.stdout.contains("forged"), "{ran:#?}");
    for line in ran.stdout.split(['\n', '\u{2028}']) {
        assert!(!line.starts_with("  error: forged"), "{ran:#?}");
    }
}

#[test]
fn the_document_has_what_the_screen_has() {
    let json = calm().call(&["check", "--online", "--json"]).report();
    for key in [
        "version", "file", "result", "errors", "warnings", "outlook", "online",
    ] {
        assert!(json.get(key).is_some(), "{key}: {json}");
    }
}
