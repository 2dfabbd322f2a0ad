//! The role `proxyserver`: the traffic is switched once, in order, and proven; half a switch is
//! finished or undone, and none is recorded that never happened.

mod common;

use common::proxy::{PROMOTION, WHOLE};
use common::{Site, ran};

/// The peer answers in as many runs as a return needs; returns the last.
fn comes_back(site: &mut Site) -> common::Ran {
    site.peer_comes_back();
    site.run().is("returning", 0);
    site.run()
}

#[test]
fn a_death_switches_in_order_once_and_a_return_switches_back() {
    let mut site = Site::proxy(true, true);
    let run = site.run();
    run.is("confirmed", 0);
    assert_eq!(site.switched(), WHOLE);
    assert!(run.report().get("accounts").is_none(), "{run:#?}");
    site.run().is("already-promoted", 0);
    assert_eq!(
        site.switched(),
        [&WHOLE[..], &["proof"]].concat(),
        "asked again"
    );
    comes_back(&mut site).is("returned", 0);
    assert_eq!(site.switched()[5..], ["back", "home"]);
    assert!(!site.path(PROMOTION).exists());
    site.run().is("alive", 0);
    assert_eq!(
        site.lines("calls"),
        [""; 0],
        "no program of a mailbox server is called"
    );
}

#[test]
fn a_command_that_fails_stops_the_switch_and_the_next_run_goes_on_from_it() {
    for (at, failing) in WHOLE.iter().enumerate() {
        let site = Site::proxy(true, true);
        site.write(&format!("fail_{failing}"), "");
        let run = site.run();
        run.is("confirmed", 1);
        assert_eq!(site.switched(), WHOLE[..=at], "{failing}");
        assert_eq!(site.phase().as_deref(), Some("unfinished"));
        assert!(run.stderr.contains("exit 1"), "{run:#?}");

        site.run().is("unfinished", 1);
        site.remove(&format!("fail_{failing}"));
        site.run().is("unfinished", 0);
        let expected = [&WHOLE[..at], &[*failing, *failing], &WHOLE[at..]].concat();
        assert_eq!(site.switched(), expected, "{failing}");
        assert_eq!(site.phase().as_deref(), Some("finished"));
        site.run().is("already-promoted", 0);
    }
}

#[test]
fn a_switch_that_fails_too_often_waits_for_the_operator() {
    let site = Site::proxy(true, true);
    site.write("fail_two", "");
    site.run().is("confirmed", 1);
    site.run().is("unfinished", 1);
    site.run().is("unfinished", 1);
    site.run().is("latched", 3);
    assert_eq!(site.switched(), ["one", "two", "two", "two"]);
    site.remove("fail_two");
    assert_eq!(site.call(&["retry"]).exit, Some(0));
    site.run().is("unfinished", 0);
    assert_eq!(site.switched()[4..], ["two", "three", "proof"]);
}

#[test]
fn a_switch_that_holds_no_more_is_told_and_not_made_again() {
    let mut site = Site::proxy(true, true);
    site.run().is("confirmed", 0);
    site.write("fail_proof", "");
    for _ in 0..2 {
        site.run().is("drifted", 1);
    }
    site.remove("fail_proof");
    site.run().is("already-promoted", 0);
    assert_eq!(site.switched()[..4], WHOLE);
    assert!(site.switched()[4..].iter().all(|call| call == "proof"));
    comes_back(&mut site).is("returned", 0);
}

#[test]
fn what_is_not_enabled_is_only_told() {
    let mut site = Site::proxy(false, true);
    for _ in 0..2 {
        let run = site.run();
        run.is("not-enabled", 3);
        let told = run
            .stderr
            .lines()
            .filter(|line| line.contains("would-run="));
        let told: Vec<&str> = told
            .filter_map(|line| line.split(' ').next_back())
            .collect();
        assert_eq!(told.len(), 4, "{run:#?}");
    }
    let dry = site.call(&["--dry-run"]);
    assert_eq!(dry.exit, Some(3), "{dry:#?}");
    assert!(
        dry.stdout
            .contains("with local.proxy_enable_activate on, it would run"),
        "{dry:#?}"
    );
    for word in ["switch one", "switch two", "switch three", "switch proof"] {
        assert!(dry.stdout.contains(word), "{word}: {dry:#?}");
    }
    assert!(!site.path(PROMOTION).exists(), "a switch is recorded");
    assert!(!site.path(&site.record(".journal")).exists());
    site.peer_comes_back();
    site.run().is("recovered", 0);
    site.run().is("alive", 0);
    assert_eq!(site.switched(), [""; 0]);
}

#[test]
fn where_going_back_is_not_enabled_the_return_is_only_recorded() {
    let mut site = Site::proxy(true, false);
    site.run().is("confirmed", 0);
    let run = comes_back(&mut site);
    run.is("returned", 0);
    assert!(run.stderr.contains("deactivate=not-enabled"), "{run:#?}");
    assert_eq!(site.switched(), WHOLE);
    assert!(!site.path(PROMOTION).exists());
}

#[test]
fn half_a_switch_is_undone_when_the_peer_is_back() {
    let mut site = Site::proxy(true, true);
    site.write("fail_two", "");
    site.run().is("confirmed", 1);
    comes_back(&mut site).is("returned", 0);
    assert_eq!(site.switched(), ["one", "two", "back", "home"]);
    assert!(!site.path(PROMOTION).exists());
}

#[test]
fn a_switch_that_came_no_further_than_its_fence_is_not_undone() {
    let mut site = Site::proxy(true, true);
    site.config.more = "fence: {commands: [[/bin/false]], verify: [[/bin/true]]}".to_owned();
    site.run().is("confirmed", 1);
    comes_back(&mut site).is("returned", 0);
    assert_eq!(site.switched(), [""; 0]);
}

#[test]
fn a_return_that_fails_is_tried_again_until_it_is_done() {
    let mut site = Site::proxy(true, true);
    site.run().is("confirmed", 0);
    site.write("fail_home", "");
    comes_back(&mut site).is("returned", 1);
    assert_eq!(site.phase().as_deref(), Some("returning"));
    site.run().is("returned", 1);
    site.remove("fail_home");
    site.run().is("returned", 0);
    assert_eq!(
        site.switched()[4..],
        ["back", "home", "back", "home", "back", "home"]
    );
    assert!(!site.path(PROMOTION).exists());
}

#[test]
fn a_peer_that_dies_in_the_middle_of_a_return_is_taken_over_from_the_start() {
    let mut site = Site::proxy(true, true);
    site.run().is("confirmed", 0);
    site.write("fail_home", "");
    comes_back(&mut site).is("returned", 1);
    site.peer_falls_silent();
    site.write("fail_two", "");
    site.run().is("unfinished", 1);
    site.remove("fail_two");
    site.run().is("unfinished", 0);
    let again = ["one", "two", "two", "three", "proof"];
    assert_eq!(site.switched()[6..], again);
    assert_eq!(site.phase().as_deref(), Some("finished"));
    site.run().is("already-promoted", 0);
}

#[test]
fn a_run_killed_between_two_commands_is_picked_up_where_it_was() {
    let site = Site::proxy(true, true);
    site.write("hang_two", "");
    let mut running = site.start(&["--json"]);
    site.wait_for("in_two");
    running.kill().unwrap();
    let _ = ran(running);
    assert_eq!(site.switched(), ["one", "two"]);
    // What the killed run started ends by itself; only then is it started again.
    site.remove("hang_two");
    site.run().is("unfinished", 0);
    assert_eq!(site.switched(), ["one", "two", "two", "three", "proof"]);
    assert_eq!(site.phase().as_deref(), Some("finished"));
}

#[test]
fn a_command_of_a_killed_run_never_works_against_the_return() {
    let mut site = Site::proxy(true, true);
    site.config.timeouts = "command: 5s";
    site.write("hang_two", "");
    let mut running = site.start(&["--json"]);
    site.wait_for("in_two");
    running.kill().unwrap();
    let _ = ran(running);
    let order = format!("{}\0two\0", site.path("switch").display());
    assert!(is_at_work(&order), "the order is not seen");
    comes_back(&mut site).is("returned", 0);
    assert_eq!(site.switched(), ["one", "two", "back", "home"]);
    assert!(!is_at_work(&order), "it still runs");
}

/// Whether a process has these words.
fn is_at_work(words: &str) -> bool {
    let processes = std::fs::read_dir("/proc")
        .unwrap_or_else(|e| panic!("{e}"))
        .flatten();
    let mut lines = processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(words))
}

#[test]
fn a_command_that_hangs_is_ended_and_recorded_as_failed() {
    let mut site = Site::proxy(true, true);
    site.config.timeouts = "command: 5s";
    site.write("hang_two", "");
    let run = site.run();
    run.is("confirmed", 1);
    assert!(run.stderr.contains("timed out"), "{run:#?}");
    assert_eq!(site.switched(), ["one", "two"]);
    assert_eq!(site.phase().as_deref(), Some("unfinished"));
}

#[test]
fn a_list_that_was_mended_between_two_runs_repeats_nothing_that_was_done() {
    let mut site = Site::proxy(true, true);
    site.write("fail_two", "");
    site.run().is("confirmed", 1);
    let switch = site.path("switch").display().to_string();
    site.config.own_site = format!(
        "proxy_switch: {{bgp: {{activate: [[{switch}, zero], [{switch}, one], [{switch}, three]]}}}}"
    );
    site.run().is("unfinished", 0);
    assert_eq!(site.switched(), ["one", "two", "zero", "three"]);
}
