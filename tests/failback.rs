//! The return by the operator's word: only to a peer that answers, all of it or gone on with, and
//! never a second way beside the return of a run.

mod common;

use common::files::snapshot;
use common::manual::{carbonio, failback, stopped_module, switched_proxy};
use common::proxy::{PROMOTION, WHOLE, phase};
use common::{Site, ran};
use habeat::drill::fake_consul::Node;

/// Nothing is decided from these.
const TOLD: [&str; 3] = ["habeat.log", "history.jsonl", "habeat.yml"];

fn decisions(site: &Site) -> usize {
    let log = site.lines("habeat.log");
    log.iter().filter(|line| line.contains("decision=")).count()
}

#[test]
fn the_operator_need_not_wait_and_is_not_kept_by_what_keeps_habeat() {
    let site = switched_proxy();
    let before = decisions(&site);
    let run = failback(&site);
    run.is("failback", 0);
    assert_eq!(run.report()["decision"], "return", "{run:#?}");
    assert_eq!(site.switched()[WHOLE.len()..], ["back", "home"]);
    assert!(!site.path(PROMOTION).exists());
    assert_eq!(decisions(&site), before + 1);
    failback(&site).is("nothing-to-return", 0);
    site.run().is("alive", 0);
    assert_eq!(site.switched().len(), WHOLE.len() + 2, "done again");
}

#[test]
fn a_return_that_is_manual_waits_for_the_operator_on_every_role() {
    let site = switched_proxy();
    site.run().is("returning", 0);
    for _ in 0..3 {
        site.run().is("manual-return", 0);
    }
    assert_eq!(site.switched(), WHOLE);
    assert_eq!(phase(&site), "finished");
    failback(&site).is("failback", 0);

    let mut site = Site::new();
    site.config.on_return = "manual";
    site.run().is("confirmed", 0);
    site.peer_comes_back();
    site.run().is("returning", 0);
    site.run().is("manual-return", 0);
    assert!(site.path("promotion-appserver").exists());
    let calls = site.lines("calls").len();
    let run = failback(&site);
    run.is("failback", 0);
    assert!(
        run.stderr.contains("accounts=stay where=\"here\""),
        "{run:#?}"
    );
    assert!(!site.path("promotion-appserver").exists());
    assert_eq!(
        site.lines("calls").len(),
        calls,
        "nothing moves accounts back"
    );

    let mut site = stopped_module();
    site.peer_comes_back();
    site.run().is("returning", 0);
    site.run().is("manual-return", 0);
    assert_eq!(site.calls("doStartService"), 0);
    failback(&site).is("failback", 0);
    assert_eq!(site.calls("doStartService"), 1);
    failback(&site).is("nothing-to-return", 0);
}

#[test]
fn to_a_peer_that_does_not_answer_nobody_goes_back() {
    let mut site = Site::proxy(true, true);
    site.config.confirm_runs = 2;
    site.run().is("confirming", 0);
    site.run().is("confirmed", 0);
    // A look may end a row, whoever asks for it; what is owed, and the journal, stay what they are.
    let state =
        |site: &Site| snapshot(&site.path(""), &[&TOLD[..], &["down-proxyserver"]].concat());
    let before = state(&site);
    failback(&site).is("peer-away", 3);
    site.consul.cluster().set(common::PEER_NODE, Node::ALIVE);
    let cut = failback(&site);
    cut.is("peer-away", 3);
    assert_eq!(cut.report()["verdict"], "cut", "{cut:#?}");
    site.anchor_falls_silent();
    site.consul.cluster().set(common::PEER_NODE, Node::FAILED);
    let unknown = failback(&site);
    unknown.is("peer-away", 3);
    assert_eq!(unknown.report()["verdict"], "unknown", "{unknown:#?}");
    assert!(unknown.stderr.contains("no anchor answers"), "{unknown:#?}");
    assert_eq!(state(&site), before, "what is refused changes nothing");
}

#[test]
fn where_nothing_was_taken_over_there_is_nothing_to_return_from() {
    let mut site = Site::proxy(true, true);
    site.config.confirm_runs = 2;
    failback(&site).is("nothing-to-return", 0);
    failback(&site).is("nothing-to-return", 0);
    site.run().is("confirming", 0);
    site.peer_comes_back();
    let quiet = site.call(&["failback", "-q"]);
    assert_eq!(quiet.exit, Some(0), "{quiet:#?}");
    assert!(
        quiet.stderr.contains("reason=nothing-to-return"),
        "{quiet:#?}"
    );
    assert_eq!(site.switched(), [""; 0]);
}

#[test]
fn a_return_that_fails_is_gone_on_with_by_the_next_call_or_run() {
    for next in ["failback", "run"] {
        let site = switched_proxy();
        site.write("fail_home", "");
        failback(&site).is("failback", 1);
        assert_eq!(phase(&site), "returning");
        site.remove("fail_home");
        site.call(&[next, "--json"]).is("failback", 0);
        assert_eq!(
            site.switched()[WHOLE.len()..],
            ["back", "home", "back", "home"],
            "{next}"
        );
        assert!(!site.path(PROMOTION).exists());
    }
}

#[test]
fn half_a_switch_is_undone_and_one_that_only_fenced_is_forgotten() {
    let mut site = Site::proxy(true, false);
    site.write("fail_two", "");
    site.run().is("confirmed", 1);
    site.peer_comes_back();
    failback(&site).is("failback", 0);
    assert_eq!(site.switched(), ["one", "two", "back", "home"]);
    assert!(!site.path(PROMOTION).exists());

    let mut site = Site::proxy(true, false);
    site.config.more = "fence: {commands: [[/bin/false]], verify: [[/bin/true]]}".to_owned();
    site.run().is("confirmed", 1);
    site.peer_comes_back();
    failback(&site).is("failback", 0);
    assert_eq!(site.switched(), [""; 0]);
    assert!(!site.path(PROMOTION).exists());
}

#[test]
fn a_peer_that_dies_in_the_middle_is_taken_over_and_the_wish_is_forgotten() {
    let mut site = switched_proxy();
    let alive = site.config.probe.clone();
    site.write("fail_home", "");
    failback(&site).is("failback", 1);
    site.config.probe = format!("targets: [\"tcp://127.0.0.2:{}\"]", common::DEAD_PORT);
    site.run().is("unfinished", 0);
    assert_eq!(site.switched()[WHOLE.len() + 2..], WHOLE);
    assert_eq!(phase(&site), "finished");
    site.config.probe = alive;
    site.run().is("returning", 0);
    site.run().is("manual-return", 0);
}

#[test]
fn half_a_promotion_is_given_up_and_that_is_said() {
    let mut site = Site::new();
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    site.peer_comes_back();
    let run = failback(&site);
    run.is("failback", 0);
    assert!(run.stderr.contains("is given up"), "{run:#?}");
    assert!(!site.path("promotion-appserver").exists());
    assert_eq!(site.calls("promoteAccounts"), 1);
}

#[test]
fn a_promotion_that_a_killed_run_left_running_is_never_forgotten_under_way() {
    for verb in ["failback", "run"] {
        let mut site = Site::new();
        site.write("slow_promote", "60");
        let mut running = site.start(&["--json"]);
        site.wait_for("promoting");
        running.kill().unwrap();
        let _ = ran(running);
        site.peer_comes_back();
        site.config.timeouts = "promote: 300ms";
        let mut told = String::new();
        if verb == "run" {
            // What was moved is flushed first, and for that they must be gone as well.
            let run = site.run();
            run.is("returning", 0);
            told = run.stderr;
        }
        let run = site.call(&[verb, "--json"]);
        assert_eq!(run.exit, Some(0), "{run:#?}");
        told += &run.stderr;
        assert!(told.contains("orphans="), "{told}");
        assert!(!site.path("promotion-appserver").exists());
    }
}

#[test]
fn a_dry_run_says_what_would_run_and_touches_nothing() {
    let site = switched_proxy();
    let before = snapshot(&site.path(""), &["habeat.yml"]);
    for arguments in [["failback", "--dry-run"], ["--dry-run", "failback"]] {
        let dry = site.call(&arguments);
        assert_eq!(dry.exit, Some(0), "{dry:#?}");
        for words in [
            "reason=failback",
            "would run now",
            "switch back",
            "switch home",
        ] {
            assert!(dry.stdout.contains(words), "{words}: {dry:#?}");
        }
        assert!(!dry.stdout.contains("switch one"), "{dry:#?}");
    }
    assert_eq!(snapshot(&site.path(""), &["habeat.yml"]), before);
    let dry = site.call(&["failback", "--dry-run", "--json"]);
    assert_eq!(
        dry.report()["would_run"]["now"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn who_asked_is_in_the_log_and_in_the_history() {
    let site = switched_proxy();
    let _ = failback(&site);
    let uid = rustix::process::getuid().as_raw();
    let log = site.text("habeat.log");
    assert!(
        log.contains(&format!("failback=asked by=\"uid {uid}")),
        "{log}"
    );
    let history = site.lines("history.jsonl");
    let of_run = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let asked: Vec<bool> = history
        .iter()
        .map(|line| of_run(line)["asked_by"].is_string())
        .collect();
    assert_eq!(asked, [false, true], "{history:?}");
}

#[test]
fn a_module_that_was_being_started_when_the_peer_died_is_stopped_again() {
    let mut site = stopped_module();
    let dead = site.config.probe.clone();
    site.peer_comes_back();
    site.program("carbonio", "#!/bin/sh\nexit 1\n");
    failback(&site).is("failback", 1);
    site.run().is("failback", 1);
    site.program("carbonio", &carbonio());
    site.config.probe = dead;
    site.run().is("manual-site", 3);
    assert_eq!(site.calls("doStopService"), 2);
    site.peer_comes_back();
    site.run().is("returning", 0);
    site.run().is("manual-return", 0);
}
