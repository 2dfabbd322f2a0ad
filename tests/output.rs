//! What a run leaves to read: the log, the history, and the list of a dry run.

mod common;

use std::fs::{self, File};
use std::io::{PipeReader, PipeWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use common::files::snapshot;
use common::{PEER, Ran, Site};
use regex_lite::Regex;
use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_getfl, fcntl_setfl, mknodat};

/// The ancestor's line: `TIME NAME - LEVEL - message`.
const LINE: &str =
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} habeat - (DEBUG|INFO|WARNING|ERROR) - \S.*$";

#[test]
fn every_log_line_has_the_form_of_the_ancestor() {
    let site = Site::new();
    site.write("fail_flush", ".");
    site.call(&["--json", "-v"]).is("confirmed", 1);
    let line = Regex::new(LINE).expect("an expression");
    let log = site.lines("habeat.log");
    assert!(log.len() > 20, "{log:#?}");
    for text in &log {
        assert!(line.is_match(text), "{text:?}");
    }
    for level in ["DEBUG", "INFO", "WARNING", "ERROR"] {
        assert!(
            log.iter()
                .any(|line| line.contains(&format!(" - {level} - "))),
            "{level}"
        );
    }
}

/// Returns the reasons of all `decision=` lines since the last call.
fn decisions(site: &Site) -> Vec<String> {
    let log = site.lines("habeat.log");
    site.remove("habeat.log");
    let decisions = log.iter().filter(|line| line.contains(" decision="));
    decisions
        .filter_map(|line| line.split("reason=").nth(1)?.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_run_has_exactly_one_decision_line() {
    let mut site = Site::new();
    site.config.confirm_runs = 2;
    site.write("fail_promote", "");
    for reason in ["confirming", "confirmed", "unfinished"] {
        let run = site.run();
        assert_eq!(run.reason(), reason);
        assert_eq!(decisions(&site), [reason]);
    }
    site.remove("fail_promote");
    for (arguments, reason) in [
        ("-q", "unfinished"),
        ("-v", "already-promoted"),
        ("run", "already-promoted"),
    ] {
        site.call(&[arguments]);
        assert_eq!(decisions(&site), [reason], "{arguments}");
    }
    site.peer_comes_back();
    for reason in ["returning", "returned", "alive"] {
        site.run().is(reason, 0);
        // At rest nothing is wrong, and the line is an ordinary one.
        assert_eq!(decisions(&site), [reason]);
    }
    let quiet = site.call(&["-q"]);
    assert_eq!(
        (quiet.stderr.as_str(), decisions(&site)),
        ("", vec!["alive".to_owned()])
    );
}

#[test]
fn the_log_file_and_standard_error_say_the_same() {
    let site = Site::new();
    let run = site.run();
    assert_eq!(site.text("habeat.log"), run.stderr);
    assert_eq!(
        site.run().stderr.lines().count(),
        site.lines("habeat.log").len() - run.stderr.lines().count(),
        "appended"
    );
}

#[track_caller]
fn said_once(run: &Ran, text: &str) {
    assert_eq!(run.stderr.matches(text).count(), 1, "{text}: {run:#?}");
}

#[test]
fn a_log_or_history_that_cannot_be_written_is_said_once_and_done_without() {
    for name in ["habeat.log", "history.jsonl"] {
        let site = Site::new();
        fs::create_dir(site.path(name)).expect("a folder in its place");
        let run = site.run();
        run.is("confirmed", 0);
        said_once(&run, &site.path(name).display().to_string());
        said_once(&run, "going on without it");
        assert_eq!(
            (site.lines("moved").len(), site.lines("flushed").len()),
            (3, 3)
        );
    }
}

#[test]
fn a_pipe_that_nobody_reads_holds_no_run() {
    for name in ["habeat.log", "history.jsonl"] {
        let site = Site::new();
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, site.path(name), FileType::Fifo, mode, 0).expect("a pipe in its place");
        let run = site.run();
        run.is("confirmed", 0);
        said_once(&run, "going on without it");
    }
}

/// A pipe that is full: whoever writes to it waits for a reader.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap_or_else(|e| panic!("{e}"));
    let flags = fcntl_getfl(&writer).unwrap_or_else(|e| panic!("{e}"));
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap_or_else(|e| panic!("{e}"));
    while writer.write(&[b'x'; 4096]).is_ok() {}
    fcntl_setfl(&writer, flags).unwrap_or_else(|e| panic!("{e}"));
    (reader, writer)
}

#[test]
fn a_reader_of_standard_error_that_stops_reading_holds_no_run() {
    let site = Site::new();
    let (_reader, writer) = full_pipe();
    let child = site.start_with(&["--json", "-v"], Stdio::piped(), writer.into());
    let run = common::ran(child);
    run.is("confirmed", 0);
    assert_eq!(site.lines("flushed").len(), 3);
    let log = site.text("habeat.log");
    assert!(
        log.contains("standard error is not read; it lacks "),
        "{log}"
    );
    assert_eq!(decisions(&site), ["confirmed"]);
}

#[test]
fn a_reader_of_standard_output_that_stops_reading_holds_nobody() {
    let site = Site::new();
    for arguments in [&["--json"][..], &["--dry-run"], &["check"], &["ack"]] {
        let (_reader, writer) = full_pipe();
        let child = site.start_with(arguments, writer.into(), Stdio::piped());
        assert_eq!(common::ran(child).exit, Some(0), "{arguments:?}");
    }
}

#[test]
fn a_standard_error_that_cannot_be_written_is_said_in_the_log_and_done_without() {
    let site = Site::new();
    let full = File::options().write(true).open("/dev/full");
    let full = full.expect("a device that takes nothing");
    let run = common::ran(site.start_with(&["--json"], Stdio::piped(), full.into()));
    run.is("confirmed", 0);
    let log = site.text("habeat.log");
    let said = log.matches("standard error cannot be written: ").count();
    assert!((1..=2).contains(&said), "{log}");

    site.remove("habeat.log");
    std::os::unix::fs::symlink("/dev/full", site.path("habeat.log")).expect("a link");
    let run = site.run();
    run.is("already-promoted", 0);
    let said = "habeat.log cannot be written: ";
    assert!(run.stderr.contains(said), "{run:#?}");
}

#[test]
fn a_log_on_a_pipe_that_is_full_holds_no_run() {
    let site = Site::new();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, site.path("habeat.log"), FileType::Fifo, mode, 0).expect("a pipe");
    let both_ends = File::options()
        .read(true)
        .write(true)
        .open(site.path("habeat.log"));
    let mut held = both_ends.expect("both ends");
    let flags = fcntl_getfl(&held).expect("its flags");
    fcntl_setfl(&held, flags | OFlags::NONBLOCK).expect("not to wait ourselves");
    while held.write(&[b'x'; 4096]).is_ok() {}
    let run = site.run();
    run.is("confirmed", 0);
    assert!(
        run.stderr.contains("habeat.log cannot be written: "),
        "{run:#?}"
    );
}

#[test]
fn under_systemd_a_line_has_its_priority_and_no_time() {
    let site = Site::new();
    let journal = File::create(site.path("journal")).expect("a file");
    let found = journal.metadata().expect("it is there");
    for (stream, is_journal) in [
        (format!("{}:{}", found.dev(), found.ino()), true),
        (format!("{}:{}", found.dev(), found.ino() + 1), false),
        (String::new(), false),
    ] {
        let named = format!("JOURNAL_STREAM={stream}");
        let before = fs::read(site.path("habeat.log")).map_or(0, |log| log.len());
        let stderr = journal.try_clone().expect("a second handle");
        journal.set_len(0).expect("an empty file");
        let child = site.start_under_with(&["env", &named], &["-v"], Stdio::null(), stderr.into());
        assert_eq!(common::ran(child).exit, Some(0));
        let text = site.text("journal");
        let text = text.trim_start_matches('\0');
        let log = site.text("habeat.log").split_off(before);
        assert_eq!(text.lines().count(), log.lines().count());
        for (line, in_file) in text.lines().zip(log.lines()) {
            let parts: Vec<&str> = in_file.splitn(3, " - ").collect();
            let priority = match parts[1] {
                "WARNING" => 4,
                "INFO" => 6,
                "DEBUG" => 7,
                other => panic!("{other}"),
            };
            if is_journal {
                assert_eq!(line, format!("<{priority}>{}", parts[2]));
            } else {
                assert_eq!(line, in_file);
            }
        }
    }
}

#[test]
fn what_is_wrong_with_the_whole_file_is_said_without_a_key() {
    let site = Site::new();
    let config = site.path("none.yml").display().to_string();
    let run = common::ran(common::start(&[
        common::HABEAT,
        "check",
        "--config",
        &config,
    ]));
    assert!(
        run.stdout.contains("  error: cannot read the config file"),
        "{run:#?}"
    );
}

#[test]
fn the_history_has_one_document_per_run() {
    let site = Site::new();
    let reports = [site.run(), site.run(), site.run()].map(|run| run.stdout);
    assert_eq!(site.text("history.jsonl"), reports.concat());
}

/// Makes a dry run, which must leave everything as it is.
#[track_caller]
fn dry(site: &Site) -> Ran {
    let before = snapshot(&site.path(""), &["habeat.yml"]);
    let text = site.call(&["--dry-run"]);
    let json = site.call(&["run", "--dry-run", "--json"]);
    assert_eq!(snapshot(&site.path(""), &["habeat.yml"]), before);
    assert_eq!(text.exit, json.exit);
    let report = json.report();
    let exit = report["exit"].to_string();
    assert!(
        text.stdout.contains(&format!("would exit with {exit}")),
        "{text:#?}"
    );
    let commands = [
        &report["would_run"]["now"],
        &report["would_run"]["on_promotion"],
    ];
    let argvs = commands
        .iter()
        .flat_map(|list| list.as_array().into_iter().flatten());
    for argv in argvs {
        let program = argv[0].as_str().unwrap_or_default();
        assert!(text.stdout.contains(program), "{argv}: {text:#?}");
    }
    text
}

/// A site with everything a promotion can consist of.
fn full() -> Site {
    let mut site = Site::new();
    site.config.restart_replica = true;
    site.config.flush_batch = 7;
    site.config.more =
        "fence: { commands: [[/bin/fence, the port], \"cut power\"], verify: [[/bin/verify]] }"
            .to_owned();
    site
}

/// Every command of a promotion, as a dry run shows it.
fn all_of_it(site: &Site) -> Vec<String> {
    let path = |name| site.path(name).display().to_string();
    let (carbonio, zmprov) = (path("carbonio"), path("zmprov"));
    vec![
        "  /bin/fence 'the port'".to_owned(),
        "  /bin/sh -c 'cut power'".to_owned(),
        "  /bin/verify".to_owned(),
        format!("  {carbonio} --json MailReplica getAccountStatus mailHost {PEER}"),
        format!(
            "  {carbonio} --sync MailReplica promoteAccounts source_mail_host {PEER} threads 2"
        ),
        format!("  {carbonio} --json MailReplica getAccountStatus mailHost {PEER}"),
        format!(
            "  {carbonio} --json MailReplica pauseReplicas accounts '<up to 7 accounts, comma-separated>'"
        ),
        format!(
            "  {carbonio} --json MailReplica restartReplicas accounts '<up to 7 accounts, comma-separated>'"
        ),
        format!("  {zmprov} fc account '<up to 7 accounts>'"),
    ]
}

/// The lines between two titles.
fn below<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with(title))
        .skip(1);
    lines.take_while(|line| line.starts_with("  ")).collect()
}

#[test]
fn a_dry_run_shows_every_command_in_order_and_touches_nothing() {
    let mut site = full();
    let dead = dry(&site);
    assert_eq!(dead.exit, Some(0));
    assert_eq!(
        below(&dead.stdout, "would run now"),
        all_of_it(&site),
        "{}",
        dead.stdout
    );

    site.peer_comes_back();
    let healthy = dry(&site);
    assert!(
        healthy.stdout.contains("would run now: nothing"),
        "{}",
        healthy.stdout
    );
    let shown = below(&healthy.stdout, "on a confirmed death it would run");
    assert_eq!(shown, all_of_it(&site), "{}", healthy.stdout);
}

#[test]
fn a_dry_run_touches_nothing_in_any_state() {
    let mut site = full();
    site.config.more = String::new();
    site.config.confirm_runs = 2;
    dry(&site);
    site.run().is("confirming", 0);
    dry(&site);
    site.write("fail_promote", "");
    site.run().is("confirmed", 1);
    dry(&site);
    site.remove("fail_promote");
    site.run().is("unfinished", 0);
    dry(&site);
    site.peer_comes_back();
    dry(&site);
    // What is not ours is not even removed.
    std::os::unix::fs::symlink("nowhere", site.path("module")).expect("a link");
    assert!(dry(&site).stderr.contains("foreign=ignored"));
}
