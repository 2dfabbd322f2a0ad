//! Account names come from outside: they reach the programs byte for byte, or are left out.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::accounts::numbered;
use common::files::is_there;
use common::{Site, ran};
use serde_json::json;

/// What some shell, program or format stumbles over.
const HARM: &[&str] = &[
    "'",
    "\"",
    "`touch pwned`",
    "$(touch pwned)",
    ";touch pwned;",
    "|touch pwned",
    "&touch pwned&",
    ">pwned",
    "<pwned",
    "\\",
    "\\n",
    "\\0",
    " ",
    "  ",
    "*",
    "?",
    "[a-z]",
    "~",
    "!",
    "#",
    "%s%n",
    "$IFS",
    "${HOME}",
    "-",
    "--",
    "--all",
    "=",
    "../",
    "/etc/passwd",
    "{}",
    "ü",
    "日本",
    "🜨",
    "\u{202e}",
    "\u{feff}",
    "e\u{301}",
    "\u{2028}",
    "'; exit 1; '",
    "\\'",
    "\"\\\"",
];

/// Where it may stand in a name.
const PLACES: &[&str] = &[
    "{}@example.com",
    "a{}@example.com",
    "a{}b@example.com",
    "a@{}example.com",
    "a@example.com{}",
    "{}",
    "{}{}",
    "\"{}\"@example.com",
    "'{}'@example.com",
    "-{}@example.com",
    "${}@example.com",
    "a {}@example.com",
    "\\{}@example.com",
];

/// A site whose list names these accounts.
fn with_listing(names: &[String]) -> Site {
    let site = Site::new();
    site.lists(names);
    site
}

/// More than 500 names.
fn hostile() -> Vec<String> {
    let names = PLACES
        .iter()
        .flat_map(|place| HARM.iter().map(|harm| place.replace("{}", harm)));
    let names: BTreeSet<String> = names.filter(|name| !name.trim().is_empty()).collect();
    names.into_iter().collect()
}

#[test]
fn names_arrive_byte_for_byte_whatever_is_in_them() {
    let names = hostile();
    assert!(names.len() >= 500, "{}", names.len());
    let mut site = with_listing(&names);
    site.config.flush_batch = 10_000;
    site.config.restart_replica = true;
    site.run().is("confirmed", 0);
    let argv = site.text("argv");
    let argv: Vec<&str> = argv.split_terminator('\0').collect();
    assert_eq!(argv[..2], ["fc", "account"]);
    assert_eq!(argv[2..], names);
    assert_eq!(
        site.text("restarted").trim_end_matches(','),
        names.join(",")
    );
    assert!(!is_there(&site.path("pwned")) && !fs::exists("/pwned").unwrap_or(true));
}

#[test]
fn a_name_with_a_control_character_costs_only_itself() {
    for (name, shown) in [
        ("evil\nbob@example.com", "evil\\nbob@example.com"),
        ("evil\r@example.com", "evil\\r@example.com"),
        ("evil\0@example.com", "evil\\0@example.com"),
        ("evil\u{1b}[2J@example.com", "evil\\u{1b}[2J@example.com"),
    ] {
        let mut names = numbered(3);
        names.insert(1, name.to_owned());
        let site = with_listing(&names);
        let run = site.run();
        run.is("confirmed", 0);
        // A part of what is quoted in the log.
        let logged = shown.replace('\\', "\\\\");
        assert!(run.stderr.contains(&logged), "{shown}: {run:#?}");
        assert!(site.text("habeat.log").contains(&logged), "{shown}");
        assert_eq!(site.calls("promoteAccounts"), 1, "{shown}");
        let argv = site.text("argv");
        let argv: Vec<&str> = argv.split_terminator('\0').collect();
        assert_eq!(argv[2..], numbered(3), "{shown}");
    }
}

#[test]
fn a_list_about_another_host_moves_nobody() {
    let site = with_listing(&numbered(3));
    let elsewhere = json!({"accountName": "a@example.com", "accountMailHost": "mbox9.example.com"});
    let answer = json!({"ok": true, "response": {"values": [elsewhere]}});
    site.write("answer", answer.to_string());
    let run = site.run();
    run.is("confirmed", 1);
    assert!(
        run.stderr.contains("not about the host asked for"),
        "{run:#?}"
    );
    assert_eq!(site.calls("promoteAccounts"), 0);
}

/// A program that refuses every call with the name `bad` in it, and keeps the names of the others.
const CHOOSY: &str = r#"#!/bin/sh
for name do case "$name" in bad*) exit 2 ;; esac; done
shift 2
printf '%s\n' "$@" >>"${0%/*}/flushed"
"#;

#[test]
fn a_bad_name_at_the_head_of_every_batch_costs_only_itself() {
    let mut names = numbered(1_600);
    for n in 0..8 {
        names[n * 200] = format!("bad{n}@example.com");
    }
    let mut site = with_listing(&names);
    site.config.flush_batch = 200;
    site.program("zmprov", CHOOSY);
    site.run().is("confirmed", 1);
    let flushed: BTreeSet<String> = site.lines("flushed").into_iter().collect();
    let good = names.iter().filter(|name| !name.starts_with("bad"));
    assert_eq!(flushed, good.cloned().collect());
}

#[test]
fn the_largest_batch_starts_where_arguments_have_the_least_room() {
    let names: Vec<String> = (0..9_000).map(|n| format!("u{n}@x")).collect();
    let mut site = with_listing(&names);
    site.config.flush_batch = 10_000;
    // A quarter of the stack, or 128 KiB, is the room for arguments (execve(2)).
    let small_stack = ["/bin/sh", "-c", "ulimit -s 256 && exec \"$@\"", "sh"];
    let run = ran(site.start_under(&small_stack, &["--json"]));
    run.is("confirmed", 0);
    let argv = site.text("argv");
    let flushed = argv.split_terminator('\0');
    assert_eq!(
        flushed
            .filter(|word| word.contains('@'))
            .collect::<BTreeSet<_>>(),
        names.iter().map(String::as_str).collect()
    );
}

#[test]
fn a_name_with_a_comma_never_stands_in_a_list() {
    let mut names = numbered(4);
    names.push("a,b@example.com".to_owned());
    let mut site = with_listing(&names);
    site.config.restart_replica = true;
    site.run().is("confirmed", 1);
    let restarted = site.text("restarted");
    let once: BTreeSet<&str> = restarted.split_terminator(',').collect();
    assert_eq!(once, numbered(4).iter().map(String::as_str).collect());
    assert_eq!(restarted.split_terminator(',').count(), 4);
    let argv = site.text("argv");
    assert!(
        argv.contains("\0a,b@example.com\0"),
        "flushed all the same: {argv:?}"
    );
}
