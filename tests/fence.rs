//! Before anything is promoted, the fence is run and verified. One that fails stops everything,
//! until somebody has seen to it.

mod common;

use common::Site;

/// Notes each call in the same file as the other stubs; `fail_WHAT` makes it fail.
const FENCE: &str = r#"#!/bin/sh
echo "fence $1 epoch=$HABEAT_EPOCH" >>"${0%/*}/calls"
[ ! -e "${0%/*}/fail_$1" ]
"#;

/// A site with a fence of three parts.
fn fenced() -> Site {
    let mut site = Site::new();
    site.program("fence", FENCE);
    let fence = site.path("fence").display().to_string();
    site.config.more = format!(
        "fence:\n  commands: [[{fence}, port], \"{fence} power\"]\n  verify: [[{fence}, verify]]"
    );
    site
}

/// What was called, without arguments.
fn order(site: &Site) -> Vec<String> {
    let verb = |line: &String| {
        let known = [
            "getAllOperations",
            "getAccountStatus",
            "promoteAccounts",
            "fc",
        ];
        let mut words = line.split(' ');
        let verb = words.clone().find(|word| known.contains(word));
        verb.or(words.nth(1)).unwrap_or_default().to_owned()
    };
    site.lines("calls").iter().map(verb).collect()
}

/// What a whole promotion calls after its fence.
const TAKEOVER: [&str; 5] = [
    "getAllOperations",
    "getAccountStatus",
    "promoteAccounts",
    "getAccountStatus",
    "fc",
];

#[test]
fn the_fence_is_run_and_verified_before_anything_else() {
    let site = fenced();
    site.run().is("confirmed", 0);
    let expected = [&["port", "power", "verify"][..], &TAKEOVER].concat();
    assert_eq!(order(&site), expected);
    for line in site.lines("calls").iter().take(3) {
        assert!(line.ends_with("epoch=1"), "{line}");
    }
}

#[test]
fn a_fence_that_fails_stops_everything_until_it_may_be_retried() {
    let parts = ["port", "power", "verify"];
    for (index, part) in parts.into_iter().enumerate() {
        let site = fenced();
        site.write(&format!("fail_{part}"), "");
        let run = site.run();
        run.is("confirmed", 1);
        assert_eq!(
            run.report()["promotion"]["phase"],
            "fence-failed",
            "{run:#?}"
        );
        assert_eq!(order(&site), parts[..=index], "nothing after {part}");

        for _ in 0..3 {
            site.run().is("fence-failed", 3);
        }
        assert_eq!(order(&site).len(), index + 1, "nothing more after {part}");

        site.remove(&format!("fail_{part}"));
        site.run().is("fence-failed", 3);
        site.remove("calls");
        let retry = site.call(&["retry", "--reason", "the port is down now"]);
        assert_eq!(retry.exit, Some(0), "{retry:#?}");
        site.run().is("unfinished", 0);
        assert_eq!(order(&site), [&parts[..], &TAKEOVER].concat(), "{part}");
    }
}

#[test]
fn a_fence_that_fails_again_stops_again() {
    let site = fenced();
    site.write("fail_verify", "");
    site.run().is("confirmed", 1);
    for _ in 0..2 {
        assert_eq!(site.call(&["retry"]).exit, Some(0));
        site.run().is("unfinished", 1);
        site.run().is("fence-failed", 3);
    }
    assert_eq!(site.calls("promoteAccounts"), 0);
    assert_eq!(site.calls("verify"), 3);
}

#[test]
fn a_fence_that_cannot_be_started_has_failed() {
    let mut site = fenced();
    site.config.more = "fence: { commands: [[/nowhere/fence]] }".to_owned();
    let run = site.run();
    run.is("confirmed", 1);
    assert!(run.stderr.contains("/nowhere/fence"), "{run:#?}");
    site.run().is("fence-failed", 3);
    assert_eq!(site.lines("calls"), Vec::<String>::new());
}

#[test]
fn a_fence_that_held_is_not_run_again_for_the_same_promotion() {
    let site = fenced();
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    site.remove("fail_promote");
    site.run().is("unfinished", 0);
    assert_eq!((site.calls("port"), site.calls("verify")), (1, 1));
}
