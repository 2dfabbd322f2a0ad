//! Each case in which the Python script took a life sign, a question or a failure for a death, or
//! did a thing twice, as a test of the built binary. The list is `docs/differences.md`.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use common::files::is_there;
use common::{DEAD_PORT, OWN_NODE, PEER_NODE, Ran, Site, TOKEN, ran};
use habeat::drill::fake_consul::{Acl, Leader, Node};

/// A program that refuses to promote, with the exit code that says so.
const REFUSING: &str = r#"#!/bin/sh
case " $* " in
*" promoteAccounts "*)
	printf '%s\n' "carbonio $*" >>"${0%/*}/calls"
	echo '{"ok":false,"error":{"message":"replica storage is not reachable"}}'
	exit 1
	;;
esac
exec "${0%/*}/carbonio-drill" "$@"
"#;

/// Runs some times; each must hold for want of evidence, and nothing may have been started.
#[track_caller]
fn holds(site: &Site, reason: &str, doubt: &str) {
    for _ in 0..3 {
        let run = site.run();
        run.is(reason, 3);
        let heard = run.report()["heard"].to_string();
        assert!(heard.contains(doubt), "{doubt}: {heard}");
    }
    nothing_was_done(site);
}

#[track_caller]
fn nothing_was_done(site: &Site) {
    assert_eq!(site.lines("calls"), Vec::<String>::new());
    assert!(!is_there(&site.path("promotion-appserver")));
}

/// A site whose peer's accounts are promoted.
fn promoted() -> Site {
    let site = Site::new();
    site.run().is("confirmed", 0);
    assert_eq!(site.lines("moved").len(), 3);
    site
}

#[test]
fn the_site_of_these_tests_does_promote() {
    let site = promoted();
    assert_eq!(site.calls("promoteAccounts"), 1);
    assert_eq!(site.lines("flushed").len(), 3);
}

#[test]
fn a_host_the_witness_does_not_know_is_not_dead() {
    let site = Site::new();
    site.consul.cluster().nodes.remove(PEER_NODE);
    holds(&site, "unknown", "not-member");
}

#[test]
fn a_misspelt_provider_stops_the_run_before_it_begins() {
    for provider in ["consull", "hetrixtools", "node-exporter"] {
        let mut site = Site::new();
        site.config.provider = provider;
        let run = site.run();
        assert_eq!(run.exit, Some(78), "{provider}: {run:#?}");
        assert!(run.stderr.contains("provider"), "{provider}: {run:#?}");
        nothing_was_done(&site);
    }
}

#[test]
fn a_member_that_left_in_order_is_not_dead() {
    for (leader, doubt) in [(Leader::Known, "not-found"), (Leader::Lost, "taken-out")] {
        let site = Site::new();
        site.consul.cluster().leader = leader;
        site.consul.cluster().set(PEER_NODE, Node::LEFT);
        holds(&site, "unknown", doubt);
    }
}

#[test]
fn two_entries_for_one_host_do_not_make_it_dead() {
    let other = PEER_NODE.replace("agent-", "server-");
    // The catalog drops who left, so that one entry of the two is all it knows.
    for (leader, first, second) in [
        (Leader::Known, Node::LEFT, Node::ALIVE),
        (Leader::Known, Node::FAILED, Node::ALIVE),
        (Leader::Known, Node::ALIVE, Node::FAILED),
        (Leader::Lost, Node::LEFT, Node::ALIVE),
        (Leader::Lost, Node::FAILED, Node::ALIVE),
        (Leader::Lost, Node::ALIVE, Node::FAILED),
        (Leader::Lost, Node::FAILED, Node::LEFT),
        (Leader::Lost, Node::LEFT, Node::FAILED),
    ] {
        let site = Site::new();
        site.consul.cluster().leader = leader;
        site.consul.cluster().set(PEER_NODE, first);
        site.consul.cluster().set(&other, second);
        let run = site.run();
        assert_eq!(
            run.exit,
            Some(3),
            "{leader:?} {first:?} {second:?} {run:#?}"
        );
        nothing_was_done(&site);
    }
}

#[test]
fn an_empty_peer_address_stops_the_run_before_it_begins() {
    for address in ["", "delete"] {
        let mut site = Site::new();
        site.config.peer_ip = address;
        site.config.probe = String::new();
        site.consul.cluster().nodes.remove(PEER_NODE);
        let run = site.run();
        assert_eq!(run.exit, Some(78), "{address:?}: {run:#?}");
        assert!(run.stderr.contains("appserver_ip"), "{address:?}: {run:#?}");
        nothing_was_done(&site);
    }
}

#[test]
fn a_failed_promotion_is_tried_a_few_times_and_then_waits_for_a_person() {
    let site = Site::new();
    fs::rename(site.path("carbonio"), site.path("carbonio-drill")).expect("rename the stub");
    site.program("carbonio", REFUSING);
    site.run().is("confirmed", 1);
    site.run().is("unfinished", 1);
    site.run().is("unfinished", 1);
    let tries = site.calls("promoteAccounts");
    for _ in 0..4 {
        site.run().is("latched", 3);
    }
    assert_eq!(site.calls("promoteAccounts"), tries);
    assert_eq!(site.lines("flushed"), Vec::<String>::new());

    fs::rename(site.path("carbonio-drill"), site.path("carbonio")).expect("mend the stub");
    assert_eq!(
        site.call(&["retry", "--reason", "storage is back"]).exit,
        Some(0)
    );
    site.run().is("unfinished", 0);
    assert_eq!(
        (site.lines("moved").len(), site.lines("flushed").len()),
        (3, 3)
    );
}

#[test]
fn an_error_behind_exit_code_zero_is_a_failure() {
    for fault in ["fail_promote", "fail_list"] {
        let site = Site::new();
        site.write(fault, "");
        site.run().is("confirmed", 1);
        fs::remove_file(site.path(fault)).expect("mend the stub");
        site.run().is("unfinished", 0);
        assert_eq!(site.lines("moved").len(), 3, "{fault}");
    }
}

#[test]
fn the_token_is_sent() {
    let site = promoted();
    let asked = site.consul.cluster().asked.clone();
    assert!(!asked.is_empty());
    for request in asked {
        assert_eq!(request.token.as_deref(), Some(TOKEN), "{}", request.target);
        assert!(!request.target.contains(TOKEN), "{}", request.target);
    }
    let log = fs::read_to_string(site.path("habeat.log")).expect("the log");
    assert!(log.contains("decision=") && !log.contains(TOKEN), "{log}");
}

#[test]
fn a_list_emptied_by_acls_is_not_a_death() {
    let mut site = Site::new();
    site.consul.cluster().acl = Acl::Token("another".to_owned());
    holds(&site, "unknown", "denied");
    site.config.token = "\"\"".to_owned();
    holds(&site, "unknown", "not-found");
}

#[test]
fn an_account_name_is_never_executed() {
    let names = [
        "a';touch${IFS}pwned;'@example.com",
        "$(touch${IFS}pwned)@example.com",
        "`touch${IFS}pwned`@example.com",
        "x;touch${IFS}pwned@example.com",
        "o'brien@example.com",
        "-a@example.com",
    ];
    let site = Site::new();
    site.accounts(&names);
    site.run().is("confirmed", 0);
    let flushed: BTreeSet<String> = site.lines("flushed").into_iter().collect();
    assert_eq!(flushed, names.map(str::to_owned).into());
    assert!(!is_there(&site.path("pwned")));
}

#[test]
fn an_isolated_node_does_not_take_its_own_cut_for_a_death() {
    let mut site = Site::new();
    site.consul.cluster().set(PEER_NODE, Node::ALIVE);
    site.consul.cluster().isolate(OWN_NODE);
    site.anchor_falls_silent();
    let run = site.run();
    run.is("isolated", 3);
    site.config.anchors = "[]".to_owned();
    holds(&site, "unknown", "http-status");
}

#[test]
fn a_witness_that_does_not_answer_is_not_a_death() {
    let mut site = Site::new();
    site.config.consul_port = DEAD_PORT;
    holds(&site, "unknown", "unreachable");
}

#[test]
fn a_cut_forgets_no_promotion() {
    let site = promoted();
    site.consul.cluster().set(PEER_NODE, Node::ALIVE);
    site.run().is("cut", 3);
    site.run().is("cut", 3);
    site.consul.cluster().set(PEER_NODE, Node::FAILED);
    site.run().is("already-promoted", 0);
    assert_eq!(site.calls("promoteAccounts"), 1);
}

#[test]
fn a_finished_promotion_is_not_made_again() {
    let site = promoted();
    for _ in 0..5 {
        site.run().is("already-promoted", 0);
    }
    assert_eq!(site.calls("promoteAccounts"), 1);
}

#[test]
fn a_promotion_file_of_the_script_counts_as_a_promotion() {
    let site = Site::new();
    site.write("promotion-appserver", "");
    for _ in 0..3 {
        site.run().is("undocumented", 3);
    }
    assert_eq!(site.call(&["ack"]).exit, Some(0));
    site.run().is("already-promoted", 0);
    assert_eq!(site.lines("calls"), Vec::<String>::new());
}

#[test]
fn one_dead_run_is_not_enough() {
    let mut site = Site::new();
    site.config.confirm_runs = 2;
    site.run().is("confirming", 0);
    nothing_was_done(&site);
    assert!(is_there(&site.path("down-appserver")));
    site.run().is("confirmed", 0);
}

#[test]
fn two_runs_do_not_act_at_the_same_time() {
    let site = Site::new();
    site.write("slow_promote", "1");
    let first = site.start(&["--json"]);
    site.wait_for("promoting");
    assert_eq!(site.run().exit, Some(75));
    ran(first).is("confirmed", 0);
    assert_eq!(site.calls("promoteAccounts"), 1);
}

#[test]
fn a_run_killed_in_mid_promotion_is_picked_up_once() {
    let site = Site::new();
    site.write("slow_promote", "1");
    let mut first = site.start(&["--json"]);
    site.wait_for("promoting");
    first.kill().expect("kill the run");
    assert_eq!(ran(first).exit, None);
    fs::remove_file(site.path("slow_promote")).expect("no longer slow");
    let runs: Vec<Ran> = (0..3).map(|_| site.run()).collect();
    assert_eq!(runs[2].reason(), "already-promoted", "{runs:#?}");
    let moved = site.lines("moved");
    let once: BTreeSet<&String> = moved.iter().collect();
    assert_eq!((moved.len(), once.len()), (3, 3), "{runs:#?}");
}

#[test]
fn a_link_in_place_of_a_state_file_is_not_followed() {
    for name in ["down-appserver", "promotion-appserver", "module"] {
        let site = Site::new();
        site.write("victim", "precious");
        symlink(site.path("victim"), site.path(name)).expect("make a link");
        let run = site.run();
        assert_ne!(run.exit, Some(70), "{name}: {run:#?}");
        if run.exit != Some(78) {
            assert_ne!(run.reason(), "already-promoted", "{name}");
        }
        let victim = fs::read_to_string(site.path("victim")).expect("the victim");
        assert_eq!(victim, "precious", "{name}");
    }
}
