//! Account names come from outside: they reach the programs byte for byte, or are refused.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::Site;
use common::accounts::numbered;
use common::files::is_there;

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
fn a_name_with_a_control_character_is_refused_before_anything_is_promoted() {
    for (name, shown) in [
        ("evil\nbob@example.com", "evil\\nbob@example.com"),
        ("evil\r@example.com", "evil\\r@example.com"),
        ("evil\0@example.com", "evil\\0@example.com"),
        ("evil\u{1b}[2J@example.com", "evil\\u{1b}[2J@example.com"),
    ] {
        let mut names = numbered(3);
        names.push(name.to_owned());
        let site = with_listing(&names);
        let run = site.run();
        run.is("confirmed", 1);
        // A part of what is quoted in the log.
        let logged = shown.replace('\\', "\\\\");
        assert!(run.stderr.contains(&logged), "{shown}: {run:#?}");
        assert!(site.text("habeat.log").contains(&logged), "{shown}");
        assert_eq!(site.calls("promoteAccounts"), 0, "{shown}");
        assert!(!is_there(&site.path("argv")), "{shown}");
    }
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
