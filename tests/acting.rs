//! What a promotion does to the accounts, command by command: batches, one bad name,
//! old and lying programs.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::accounts::numbered;
use common::{PEER, Site};

/// Promotes as the drill's program does, and says this in the end.
fn lying(ending: &str) -> String {
    format!(
        "#!/bin/sh\ncase \" $* \" in\n*\" promoteAccounts \"*) \"${{0%/*}}/carbonio-drill\" \"$@\"; \
         {ending} ;;\nesac\nexec \"${{0%/*}}/carbonio-drill\" \"$@\"\n"
    )
}

fn with_accounts(names: &[String]) -> Site {
    let site = Site::new();
    site.accounts(&names.iter().map(String::as_str).collect::<Vec<_>>());
    site
}

#[test]
fn replicas_are_restarted_batch_by_batch_each_paused_first() {
    let mut site = with_accounts(&numbered(5));
    site.config.restart_replica = true;
    site.config.flush_batch = 2;
    site.config.threads = 1;
    site.run().is("confirmed", 0);
    let batches = [
        "user0@example.com,user1@example.com",
        "user2@example.com,user3@example.com",
        "user4@example.com",
    ];
    let expected: Vec<String> = batches
        .iter()
        .flat_map(|batch| ["pauseReplicas", "restartReplicas"].map(|verb| (verb, batch)))
        .map(|(verb, batch)| format!("carbonio --json MailReplica {verb} accounts {batch}"))
        .collect();
    let calls = site.lines("calls");
    let made: Vec<&String> = calls
        .iter()
        .filter(|call| call.contains("Replicas "))
        .collect();
    assert_eq!(made, expected.iter().collect::<Vec<_>>());
    let first_flush = calls.iter().position(|call| call.starts_with("zmprov"));
    let last_restart = calls.iter().rposition(|call| call.contains("Replicas "));
    assert!(last_restart < first_flush, "{calls:#?}");
}

#[test]
fn one_bad_name_costs_only_itself_and_is_tried_again_alone() {
    let mut names = numbered(20);
    names.insert(13, "bad@example.com".to_owned());
    let site = with_accounts(&names);
    site.write("fail_flush", "^bad@\n");
    let run = site.run();
    run.is("confirmed", 1);
    assert!(
        run.stderr.contains("account=\"bad@example.com\""),
        "{run:#?}"
    );
    let flushed = site.lines("flushed");
    let good: BTreeSet<&String> = names
        .iter()
        .filter(|name| !name.starts_with("bad"))
        .collect();
    assert_eq!(flushed.len(), 20, "each once");
    assert_eq!(flushed.iter().collect::<BTreeSet<_>>(), good);

    for _ in 0..2 {
        site.remove("calls");
        site.run().is("unfinished", 1);
        assert_eq!(site.calls_of("fc"), ["zmprov fc account bad@example.com"]);
    }
    site.remove("calls");
    site.run().is("latched", 3);
    assert_eq!(site.lines("calls"), Vec::<String>::new());

    site.remove("fail_flush");
    assert_eq!(site.call(&["retry"]).exit, Some(0));
    site.run().is("unfinished", 0);
    assert_eq!(site.lines("flushed").len(), 21);
    assert_eq!(site.lines("moved").len(), 21, "promoted once");
}

#[test]
fn batches_of_long_names_stay_below_what_one_argument_may_hold() {
    let names: Vec<String> = (0..900)
        .map(|n| format!("{}{n}@example.com", "x".repeat(240)))
        .collect();
    let mut site = with_accounts(&names);
    site.config.flush_batch = 10_000;
    site.config.restart_replica = true;
    site.run().is("confirmed", 0);
    let longest = 128 * 1024; // MAX_ARG_STRLEN, execve(2)
    for word in ["fc", "pauseReplicas", "restartReplicas"] {
        let calls = site.calls_of(word);
        assert_eq!(calls.len(), 3, "{word}: as few as fit");
        assert!(calls.iter().all(|call| call.len() < longest), "{word}");
    }
    let flushed = site.lines("flushed");
    assert_eq!(flushed.len(), names.len());
    assert_eq!(
        flushed.iter().collect::<BTreeSet<_>>(),
        names.iter().collect()
    );
}

#[test]
fn the_old_name_of_the_module_is_found_out_once() {
    let mut site = Site::new();
    site.config.restart_replica = true;
    site.write("only_ha", "");
    site.run().is("confirmed", 0);
    assert_eq!(site.calls("MailReplica"), 1);
    assert_eq!(
        site.calls_of("promoteAccounts"),
        [format!(
            "carbonio --sync ha promoteAccounts source_mail_host {PEER} threads 2"
        )]
    );
    assert_eq!(site.lines("flushed").len(), 3);
}

/// A site whose promotion command ends like this after it did its work.
fn with_ending(ending: &str) -> Site {
    let site = Site::new();
    fs::rename(site.path("carbonio"), site.path("carbonio-drill"))
        .unwrap_or_else(|e| panic!("cannot rename the stub: {e}"));
    site.program("carbonio", &lying(ending));
    site
}

#[test]
fn a_command_that_fails_after_it_moved_everything_has_promoted() {
    for ending in [
        "exit 1",
        "kill -9 $$",
        "echo '{\"ok\":false,\"error\":{\"message\":\"no\"}}'; exit 0",
    ] {
        let site = with_ending(ending);
        site.run().is("confirmed", 0);
        assert_eq!(site.calls("promoteAccounts"), 1, "{ending}");
        assert_eq!(site.lines("flushed").len(), 3, "{ending}");
        site.run().is("already-promoted", 0);
    }
}

#[test]
fn a_command_that_moves_some_is_asked_again_for_the_rest() {
    let site = Site::new();
    site.write("partial", "2");
    site.run().is("confirmed", 0);
    assert_eq!(site.lines("operations").len(), 2);
    assert_eq!(
        (site.lines("moved").len(), site.lines("flushed").len()),
        (3, 3)
    );
}

#[test]
fn a_command_that_moves_some_and_fails_is_asked_again_by_the_next_run() {
    let site = with_ending("exit 1");
    site.write("partial", "2");
    let run = site.run();
    run.is("confirmed", 1);
    assert_eq!(run.report()["accounts"]["left"], 1, "{run:#?}");
    assert_eq!(
        site.lines("flushed"),
        Vec::<String>::new(),
        "first all are moved"
    );
    site.run().is("unfinished", 0);
    let flushed: BTreeSet<String> = site.lines("flushed").into_iter().collect();
    assert_eq!(
        (site.lines("moved").len(), flushed.len()),
        (3, 3),
        "none is forgotten"
    );
}

#[test]
fn an_error_with_exit_code_zero_promotes_nothing() {
    let site = Site::new();
    site.write("fail_promote", "");
    let run = site.run();
    run.is("confirmed", 1);
    assert_eq!(run.report()["promotion"]["phase"], "unfinished");
    assert!(
        run.stderr.contains("replica storage is not reachable"),
        "{run:#?}"
    );
    assert_eq!(
        (site.lines("moved").len(), site.lines("flushed").len()),
        (0, 0)
    );
}

#[test]
fn a_promotion_that_hangs_is_ended_and_tried_again() {
    let mut site = Site::new();
    site.config.timeouts = "promote: 1s";
    site.write("slow_promote", "60");
    let run = site.run();
    run.is("confirmed", 1);
    assert!(run.stderr.contains("timed out"), "{run:#?}");
    site.remove("slow_promote");
    site.config.timeouts = "";
    site.run().is("unfinished", 0);
    assert_eq!(
        (site.lines("moved").len(), site.lines("operations").len()),
        (3, 1)
    );
}

#[test]
fn an_empty_list_is_asked_again_and_then_no_success() {
    let site = with_accounts(&[]);
    for reason in [
        "confirmed",
        "unfinished",
        "unfinished",
        "unfinished",
        "unfinished",
    ] {
        site.write("calls", "");
        let run = site.run();
        run.is(reason, 1);
        assert!(run.stderr.contains("result=no-accounts"), "{}", run.stderr);
        let lists = site.lines("calls");
        let lists = lists
            .iter()
            .filter(|call| call.contains("getAccountStatus"));
        assert_eq!(lists.count(), 2, "asked again");
        assert_eq!(site.calls("promoteAccounts"), 0);
    }
    let ack = site.call(&["ack", "--reason", "moved by hand"]);
    assert_eq!(ack.exit, Some(0), "{ack:#?}");
    site.run().is("already-promoted", 0);
}

#[test]
fn an_acknowledgement_starts_nothing_and_a_retry_does() {
    let site = with_accounts(&numbered(3));
    site.write("fail_promote", "");
    for reason in ["confirmed", "unfinished", "unfinished"] {
        site.run().is(reason, 1);
    }
    let latched = site.run();
    latched.is("latched", 3);
    assert!(
        latched.stderr.contains("3 of 3 accounts"),
        "the cause: {latched:#?}"
    );
    site.remove("fail_promote");
    assert_eq!(site.call(&["ack"]).exit, Some(0));
    site.run().is("latched", 3);
    assert_eq!(site.call(&["retry"]).exit, Some(0));
    site.run().is("unfinished", 0);
}

#[test]
fn a_promotion_is_not_continued_under_another_name() {
    let mut site = with_accounts(&numbered(3));
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    let asked = site.lines("calls");
    site.config.peer = "mbox9.example.com";
    for word in [&["--json"][..], &["--json", "--dry-run"]] {
        let run = site.call(word);
        assert_eq!(run.exit, Some(78), "{word:?}: {}", run.stderr);
        assert!(run.stderr.contains(PEER), "{}", run.stderr);
    }
    assert_eq!(site.lines("calls"), asked);
    site.config.peer = PEER;
    site.run().is("unfinished", 1);
}
