//! The command line: verbs, where options may stand, exit codes, and what goes to which output.

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use common::files::{is_there, snapshot};
use common::{HABEAT, PEER, PEER_NODE, Ran, Site, ran, start};
use habeat::drill::fake_consul::Node;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

/// Somebody else (Debian's `nobody`).
const NOBODY: u32 = 65534;

/// Calls the binary with these arguments alone.
fn bare(arguments: &[&str]) -> Ran {
    ran(start(&[&[HABEAT], arguments].concat()))
}

/// A site with its config written, for calls that name it themselves; the config's and the log's
/// path.
fn with_config() -> (Site, String, String) {
    let site = Site::new();
    assert_eq!(site.call(&["check"]).exit, Some(0));
    let path = |name| site.path(name).display().to_string();
    let (config, log) = (path("habeat.yml"), path("habeat.log"));
    (site, config, log)
}

#[test]
fn every_verb_takes_the_common_options_before_and_after_itself() {
    let (site, config, log) = with_config();
    let common = ["--config", &config, "--log", &log, "-q"];
    for (verb, exit) in [
        ("run", 0),
        ("failback", 3),
        ("check", 0),
        ("ack", 0),
        ("retry", 0),
        ("drill --list", 0),
    ] {
        let verb: Vec<&str> = verb.split(' ').collect();
        for arguments in [[&common[..], &verb].concat(), [&verb[..], &common].concat()] {
            let ran = bare(&arguments);
            assert_eq!(ran.exit, Some(exit), "{arguments:?}: {ran:#?}");
        }
    }
    assert_eq!(site.calls("promoteAccounts"), 1, "`run` is a run");
}

#[test]
fn a_call_without_a_verb_is_a_run() {
    let (site, config, log) = with_config();
    let ran = bare(&["--config", &config, "--log", &log]);
    assert_eq!(ran.exit, Some(0), "{ran:#?}");
    assert_eq!(ran.stdout, "", "the log goes to standard error");
    assert_eq!(site.calls("promoteAccounts"), 1);
}

#[test]
fn wrong_usage_ends_with_two_and_does_nothing() {
    let (site, config, _) = with_config();
    let before = snapshot(&site.path(""), &[]);
    for arguments in [
        "--bogus",
        "promote",
        "run now",
        "-v -q",
        "--dry-run ack",
        "--json check",
        "ack --dry-run",
        "check --dry-run",
        "drill --list cut",
        "failback now",
        "failback --reason back",
        "--config",
    ] {
        let is_json = arguments.contains("--json");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let before_them = [&["--config", &config][..], &arguments].concat();
        let ran = bare(&before_them);
        assert_eq!(ran.exit, Some(2), "{arguments:?}: {ran:#?}");
        assert!(ran.stderr.contains("error:"), "{arguments:?}: {ran:#?}");
        assert_eq!(ran.stdout.is_empty(), !is_json, "{arguments:?}: {ran:#?}");
    }
    assert_eq!(snapshot(&site.path(""), &[]), before);
}

#[test]
fn help_and_version_are_no_runs() {
    for argument in ["--help", "--version", "help", "-h", "-V"] {
        let ran = bare(&[argument]);
        assert_eq!(ran.exit, Some(0), "{argument}: {ran:#?}");
        assert!(ran.stdout.contains("habeat"), "{argument}: {ran:#?}");
    }
}

#[test]
fn a_missing_or_wrong_config_ends_with_78_and_is_named() {
    let site = Site::new();
    site.write("wrong.yml", "locall: 1\n");
    site.write("binary.yml", [0xff, 0xfe, 0]);
    for name in ["nowhere.yml", "wrong.yml", "binary.yml", ""] {
        let path = site.path(name).display().to_string();
        let log = site.path("habeat.log").display().to_string();
        for verb in ["run", "ack", "check"] {
            let ran = bare(&[verb, "--config", &path, "--log", &log]);
            assert_eq!(ran.exit, Some(78), "{verb} {path}: {ran:#?}");
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains(&path), "{verb} {path}: {ran:#?}");
        }
    }
}

#[test]
fn each_end_of_a_run_has_its_exit_code() {
    let site = Site::new();
    site.consul.cluster().set(PEER_NODE, Node::ALIVE);
    site.run().is("cut", 3);
    site.consul.cluster().set(PEER_NODE, Node::FAILED);
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    site.remove("fail_promote");
    site.run().is("unfinished", 0);
    site.run().is("already-promoted", 0);

    let mut site = Site::new();
    site.peer_comes_back();
    site.run().is("alive", 0);
}

/// Gives the site's folder to somebody else, and makes a run as that user.
fn as_nobody(site: &Site) -> Ran {
    as_nobody_calls(site, &["--json"])
}

/// Gives the site's folder to somebody else, and makes a call as that user.
fn as_nobody_calls(site: &Site, words: &[&str]) -> Ran {
    fs::copy(HABEAT, site.path("habeat"))
        .unwrap_or_else(|e| panic!("cannot copy the program: {e}"));
    site.call(&["check"]);
    for name in site.names() {
        chown(site.path(&name), Some(NOBODY), Some(NOBODY))
            .unwrap_or_else(|e| panic!("cannot give {name} away (these tests need root): {e}"));
    }
    let path = |name| site.path(name).display().to_string();
    let user = NOBODY.to_string();
    let (uid, gid) = (format!("--reuid={user}"), format!("--regid={user}"));
    let (config, log) = (
        format!("--config={}", path("habeat.yml")),
        format!("--log={}", path("habeat.log")),
    );
    let argv = [
        "setpriv",
        &uid,
        &gid,
        "--clear-groups",
        &path("habeat"),
        &config,
        &log,
    ];
    ran(start(&[&argv, words].concat()))
}

#[test]
fn programs_of_another_user_need_root() {
    let mut site = Site::new();
    site.config.user = "zextras";
    chown(site.path(""), Some(NOBODY), None).expect("these tests need root");
    let run = as_nobody(&site);
    assert_eq!(run.exit, Some(77), "{run:#?}");
    assert!(run.stderr.contains("root"), "{run:#?}");
    assert!(
        !site.names().contains(&"promotion-appserver".to_owned()),
        "nothing is begun"
    );

    // Nothing is to be run while the peer is well: then anybody may look.
    site.peer_comes_back();
    as_nobody(&site).is("alive", 0);
}

#[test]
fn a_config_that_we_may_not_read_ends_with_77_and_a_missing_one_with_78() {
    let site = Site::new();
    let mode = fs::Permissions::from_mode;
    fs::set_permissions(site.path(""), mode(0o755)).expect("a mode");
    site.write("habeat.yml", "");
    fs::set_permissions(site.path("habeat.yml"), mode(0o000)).expect("a mode");
    let run = as_nobody(&site);
    assert_eq!(run.exit, Some(77), "{run:#?}");
    assert!(run.stderr.contains("habeat.yml"), "{run:#?}");
    let checked = as_nobody_calls(&site, &["check"]);
    assert_eq!(checked.exit, Some(77), "{checked:#?}");
    site.remove("habeat.yml");
    let config = site.path("habeat.yml").display().to_string();
    let missing = bare(&["--config", &config, "--log", "/dev/null"]);
    assert_eq!(missing.exit, Some(78), "{missing:#?}");
}

#[test]
fn a_folder_that_is_not_ours_to_write_to_ends_with_77() {
    let site = Site::new();
    fs::set_permissions(site.path(""), fs::Permissions::from_mode(0o755)).expect("a mode");
    let run = as_nobody(&site);
    assert_eq!(run.exit, Some(77), "{run:#?}");
    assert!(
        run.stderr
            .contains(&site.path("state").display().to_string()),
        "{run:#?}"
    );
    assert_eq!(site.lines("calls"), Vec::<String>::new());
}

#[test]
fn a_held_lock_ends_the_run_before_it_asks_anybody() {
    let site = Site::new();
    assert_eq!(site.call(&["ack"]).exit, Some(0), "it makes the lock file");
    let lock = fs::File::open(site.path(&site.record(".lock"))).expect("the lock file");
    flock(&lock, FlockOperation::LockExclusive).expect("the lock");
    for arguments in [&["--json"][..], &["ack"], &["failback"]] {
        let run = site.call(arguments);
        assert_eq!(run.exit, Some(75), "{arguments:?}: {run:#?}");
        assert!(
            run.stderr.contains("another run holds the lock"),
            "{run:#?}"
        );
        if arguments == ["--json"] {
            is_refused(&run);
        } else {
            assert_eq!(run.stdout, "", "{arguments:?}");
        }
    }
    assert!(site.consul.cluster().asked.is_empty());
    assert!(
        site.call(&["--dry-run"]).exit == Some(0),
        "a dry run takes no lock"
    );
    drop(lock);
    site.run().is("confirmed", 0);
    assert!(is_there(&site.path(&site.record(".lock"))), "it stays");
}

#[test]
fn json_is_one_object_and_nothing_else() {
    let mut site = Site::new();
    for arguments in [
        &["--dry-run", "--json"][..],
        &["--json"],
        &["run", "--json", "-v"],
        &["--json", "run"],
        &["failback", "--json"],
        &["--json", "failback", "--dry-run"],
    ] {
        let run = site.call(arguments);
        assert!(run.report().is_object(), "{arguments:?}");
        assert_eq!(run.stdout.lines().count(), 1, "{arguments:?}: {run:#?}");
        assert_eq!(
            run.report()["exit"].as_i64(),
            run.exit.map(i64::from),
            "{arguments:?}"
        );
    }
    let check = site.call(&["check", "--json"]);
    assert!(check.report().is_object() && check.stdout.lines().count() == 1);
    site.config.provider = "nobody";
    for arguments in [
        &["--json"][..],
        &["run", "--dry-run", "--json"],
        &["failback", "--json"],
    ] {
        assert_eq!(is_refused(&site.call(arguments)), 78, "{arguments:?}");
    }
    let check = site.call(&["check", "--json"]);
    assert_eq!(check.exit, Some(78));
    assert!(check.report()["errors"].is_array(), "{check:#?}");
}

/// Requires the one document of a call that was refused; returns the exit code.
#[track_caller]
fn is_refused(ran: &Ran) -> i64 {
    assert_eq!(ran.stdout.lines().count(), 1, "{ran:#?}");
    let refused = &ran.report()["refused"];
    assert_eq!(ran.report()["version"], 1, "{ran:#?}");
    let why = refused["why"].as_str().unwrap_or_default();
    assert!(why.len() > 10, "{ran:#?}");
    assert_eq!(refused["exit"].as_i64(), ran.exit.map(i64::from));
    refused["exit"].as_i64().unwrap_or_default()
}

#[test]
fn every_refusal_is_one_json_document_where_one_was_asked_for() {
    let site = Site::new();
    site.write("down-appserver", "{broken");
    assert_eq!(is_refused(&site.call(&["--json"])), 78);
    site.remove("down-appserver");
    for arguments in [
        &["--json", "--bogus"][..],
        &["run", "--json", "now"],
        &["check", "--json", "--dry-run"],
        &["--json", "ack"],
        &["drill", "--json", "--list", "cut"],
    ] {
        assert_eq!(is_refused(&bare(arguments)), 2, "{arguments:?}");
    }
    assert_eq!(is_refused(&bare(&["drill", "--json", "nowhere"])), 2);
    let help = bare(&["--json", "--help"]);
    assert!(help.stdout.contains("Usage"), "{help:#?}");
}

#[test]
fn each_problem_of_a_config_is_a_line_of_the_log() {
    let site = Site::new();
    site.write("wrong.yml", "local:\n  whoami: a\n  threads: \"b\\nc\"\n");
    let path = |name| site.path(name).display().to_string();
    let (config, log) = (path("wrong.yml"), path("habeat.log"));
    let ran = bare(&["--config", &config, "--log", &log]);
    assert_eq!(ran.exit, Some(78), "{ran:#?}");
    let lines = site.lines("habeat.log");
    assert_eq!(ran.stderr.lines().count(), lines.len());
    let errors = lines.iter().filter(|line| line.contains(" error=\""));
    assert!(errors.clone().count() >= 3, "{lines:#?}");
    assert!(errors.clone().all(|line| line.contains(&config)));
    let one = errors.filter(|line| line.contains("local.threads"));
    assert_eq!(one.count(), 1, "{lines:#?}");
}

#[test]
fn an_acknowledgement_says_what_it_did() {
    let site = Site::new();
    let ack = site.call(&["ack"]);
    assert_eq!(ack.exit, Some(0));
    assert!(ack.stdout.contains("nothing to acknowledge"), "{ack:#?}");

    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    for (verb, told) in [("ack", "habeat retry"), ("retry", "may be tried again")] {
        let said = site.call(&[verb, "--reason", "storage is back"]);
        assert!(
            said.stdout.contains("epoch 1") && said.stdout.contains(told),
            "{said:#?}"
        );
        assert!(said.stdout.contains(PEER), "{said:#?}");
    }
    assert!(site.text("habeat.log").contains("storage is back"));

    site.remove("fail_promote");
    site.run().is("unfinished", 0);
    let ack = site.call(&["ack"]);
    assert!(
        ack.stdout.contains("epoch 1") && ack.stdout.contains("is done"),
        "{ack:#?}"
    );
    site.run().is("already-promoted", 0);
}

#[test]
fn a_run_asked_to_stop_ends_in_good_order_and_does_not_count_as_a_try() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut site = Site::new();
        site.config.max_attempts = 1;
        site.write("slow_promote", "60");
        let child = site.start(&["--json"]);
        site.wait_for("promoting");
        kill_process(Pid::from_child(&child), signal).expect("ask it to stop");
        let run = ran(child);
        run.is("confirmed", 1);
        assert_eq!(run.report()["promotion"]["attempts"], 0, "{run:#?}");
        assert_eq!(run.report()["promotion"]["phase"], "unfinished", "{run:#?}");
        assert_eq!(site.lines("moved"), Vec::<String>::new());

        site.remove("slow_promote");
        site.run().is("unfinished", 0);
        assert_eq!(
            (site.lines("moved").len(), site.lines("operations").len()),
            (3, 1)
        );
    }
}
