//! The built binary, asking an outside monitor, a program and a page.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod fake_hetrix;
mod fake_vcenter;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use common::files::is_there;
use common::{OWN, PEER, Site, ran};
use fake_hetrix::{FakeHetrix, KEY, monitor, now};
use fake_vcenter::FakeVcenter;
use serde_json::Value;

/// A site with an outside monitor of its peer.
struct Watched {
    site: Site,
    hetrix: FakeHetrix,
}

impl Watched {
    fn new() -> Self {
        Self::with("")
    }

    /// `more` is said of the witness besides what it needs.
    fn with(more: &str) -> Self {
        let mut site = Site::new();
        let ca_file = site.path("hetrix-ca.pem");
        let hetrix = FakeHetrix::start(&ca_file);
        site.write("key", KEY);
        site.config.witnesses = format!(
            "{{provider: hetrix, hostname: \"127.0.0.1:{}\", token_file: {}, ca_file: {}, \
             timeout: 60s, {more}}}",
            hetrix.port,
            site.path("key").display(),
            ca_file.display(),
        );
        hetrix.state().monitors = vec![named(monitor("down"), PEER, 0)];
        Self { site, hetrix }
    }

    #[track_caller]
    fn holds(&self, doubt: &str) {
        let run = self.site.run();
        run.is("unknown", 3);
        let heard = run.report()["heard"].to_string();
        assert!(heard.contains(doubt), "{doubt}: {heard}");
        nothing_was_done(&self.site);
    }
}

fn named(mut monitor: Value, name: &str, number: usize) -> Value {
    monitor["name"] = name.into();
    monitor["id"] = format!("{number:032x}").into();
    monitor
}

#[track_caller]
fn nothing_was_done(site: &Site) {
    assert_eq!(site.lines("calls"), Vec::<String>::new());
    assert!(!is_there(&site.path("promotion-appserver")));
}

#[track_caller]
fn promotes(site: &Site) {
    site.run().is("confirmed", 0);
    assert_eq!(site.lines("moved").len(), 3);
}

/// A page of its own, on loopback.
fn page(body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    port
}

#[test]
fn a_monitor_seen_down_from_everywhere_confirms_a_death() {
    let watched = Watched::new();
    promotes(&watched.site);
    for line in &watched.hetrix.state().asked {
        assert!(
            line.contains("name=mbox1.example.com&per_page=200&page=1 "),
            "{line}"
        );
    }
}

#[test]
fn a_monitor_seen_up_is_a_veto() {
    let watched = Watched::new();
    watched.hetrix.state().monitors = vec![named(monitor("up"), PEER, 0)];
    watched.site.run().is("cut", 3);
    nothing_was_done(&watched.site);
}

#[test]
fn the_monitor_is_found_on_the_last_of_many_pages() {
    let watched = Watched::new();
    let others = (1..=450).map(|number| {
        let name = format!("copy {number} of {PEER}");
        named(monitor("up"), &name, number)
    });
    let all = others.chain([named(monitor("down"), PEER, 0)]).collect();
    watched.hetrix.state().monitors = all;
    promotes(&watched.site);
    let asked = watched.hetrix.state().asked.concat();
    assert!(
        asked.contains("&page=3 ") && !asked.contains("&page=4 "),
        "{asked}"
    );
}

#[test]
fn whatever_the_monitor_does_not_say_is_no_death() {
    for (doubt, key, value) in [
        ("not-found", "name", "mbox1.example.com (old)".into()),
        ("taken-out", "monitor_status", "maint_dnd".into()),
        ("stale", "last_check", (now() - 2400).into()),
        ("stale", "last_check", (now() + 2400).into()),
        ("unclear", "locations", Value::Null),
        ("unclear", "uptime_status", "unknown".into()),
    ] {
        let watched = Watched::new();
        watched.hetrix.state().monitors[0][key] = value;
        watched.holds(doubt);
    }
}

#[test]
fn two_monitors_of_one_name_are_none_and_the_id_tells_them_apart() {
    let twins = || {
        vec![
            named(monitor("up"), PEER, 1),
            named(monitor("down"), PEER, 2),
        ]
    };
    let watched = Watched::new();
    watched.hetrix.state().monitors = twins();
    watched.holds("ambiguous");
    let watched = Watched::with("host: \"00000000000000000000000000000002\"");
    watched.hetrix.state().monitors = twins();
    promotes(&watched.site);
}

#[test]
fn a_key_nobody_knows_and_a_limit_that_is_reached_are_no_deaths() {
    let watched = Watched::new();
    watched.site.write("key", "not-the-key");
    watched.holds("denied");
    let watched = Watched::new();
    watched.hetrix.state().calls = 0;
    watched.holds("retry-after: 41");
}

#[test]
fn a_certificate_of_another_root_is_not_spoken_to() {
    let watched = Watched::new();
    let _other = FakeHetrix::start(&watched.site.path("hetrix-ca.pem"));
    watched.holds("tls");
    assert!(watched.hetrix.state().asked.is_empty());
}

#[test]
fn a_canary_must_be_seen_up() {
    let canary = format!("canary: {OWN}");
    let watched = Watched::with(&canary);
    watched.holds("blind");
    watched
        .hetrix
        .state()
        .monitors
        .push(named(monitor("down"), OWN, 1));
    watched.holds("blind");
    watched.hetrix.state().monitors[1] = named(monitor("up"), OWN, 1);
    promotes(&watched.site);
}

/// The most memory a process had so far, in KiB (proc(5), `VmHWM`).
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Returns the most memory that a run takes, in KiB, while this many monitors pass the filter.
fn memory_for(monitors: usize) -> u64 {
    let watched = Watched::new();
    let others = (1..monitors).map(|number| {
        let name = format!("copy {number} of {PEER}");
        named(monitor("up"), &name, number)
    });
    let all = others.chain([named(monitor("down"), PEER, 0)]).collect();
    watched.hetrix.state().monitors = all;
    let mut run = watched.site.start(&["--json", "--dry-run"]);
    let mut most = 0;
    while run.try_wait().expect("a child").is_none() {
        most = peak(run.id()).unwrap_or(0).max(most);
        thread::sleep(Duration::from_millis(1));
    }
    ran(run).is("confirmed", 0);
    let asked = watched.hetrix.state().asked.len();
    assert!(asked >= monitors.div_ceil(200), "{asked} pages");
    most
}

#[test]
fn ten_thousand_monitors_take_hardly_more_memory_than_one_page() {
    let (few, many) = (memory_for(200), memory_for(10_000));
    println!("peak: {few} KiB with one page, {many} KiB with fifty");
    assert!(few > 0 && many <= few + 2048, "{few} KiB, {many} KiB");
}

#[test]
fn the_key_is_in_no_log_and_in_no_report() {
    let watched = Watched::new();
    watched.hetrix.state().calls = 0;
    let run = watched.site.call(&["--json", "-vv"]);
    let log = watched.site.lines("habeat.log").concat();
    for text in [&run.stdout, &run.stderr, &log] {
        assert!(!text.contains(KEY), "{text}");
    }
}

#[test]
fn a_program_and_a_page_are_witnesses_too() {
    let (down, up) = (page("state: down"), page("state: up"));
    let page = |port: u16| {
        format!(
            "{{provider: http, url: \"http://127.0.0.1:{port}/{{host}}\", \
             regexp: \"state: up\", down_regexp: \"state: down\"}}"
        )
    };
    let program = |script: &str| {
        format!("{{provider: command, argv: [/bin/sh, -c, \"{script}\"], timeout: 60s}}")
    };
    for (witnesses, reason) in [
        (page(down), "confirmed"),
        (page(up), "cut"),
        (program("echo $HABEAT_HOST is off; exit 1"), "confirmed"),
        (program("exit 0"), "cut"),
        (program("exit 2"), "unknown"),
        (program("exit 1"), "unknown"),
        (program("echo broken >&2; exit 1"), "unknown"),
        (program("echo asking; echo broken >&2; exit 1"), "unknown"),
        (
            format!("{}, {}", page(down), program("echo off; exit 1")),
            "confirmed",
        ),
        (format!("{}, {}", page(down), program("exit 0")), "cut"),
        (format!("{}, {}", page(down), program("exit 2")), "unknown"),
    ] {
        let mut site = Site::new();
        site.config.witnesses.clone_from(&witnesses);
        let run = site.run();
        assert_eq!(run.reason(), reason, "{witnesses}: {run:#?}");
        if reason != "confirmed" {
            nothing_was_done(&site);
        }
    }
}

#[test]
fn what_a_program_says_is_in_the_log() {
    let mut site = Site::new();
    site.config.witnesses =
        "{provider: command, argv: [/bin/sh, -c, \"echo $HABEAT_HOST is off; exit 1\"]}".to_owned();
    site.run().is("confirmed", 0);
    let log = site.lines("habeat.log");
    let said = format!("said=\"{PEER} is off\"");
    assert!(log.iter().any(|line| line.contains(&said)), "{log:#?}");
}

/// A site whose fence is the vCenter of its peer.
fn fenced() -> (Site, FakeVcenter) {
    let mut site = Site::new();
    let ca_file = site.path("vcenter-ca.pem");
    let vcenter = FakeVcenter::start(&ca_file);
    site.config.more = format!(
        "fence: {{provider: vcenter}}\nvcenter: {{hostname: \"127.0.0.1:{}\", \
         username: habeat@vsphere.local, password: s3cret, ca_file: {}}}",
        vcenter.port,
        ca_file.display()
    );
    (site, vcenter)
}

#[test]
fn a_machine_is_powered_off_before_its_accounts_move() {
    let (site, vcenter) = fenced();
    assert_eq!(site.call(&["--json", "--dry-run"]).reason(), "confirmed");
    assert_eq!(vcenter.state().orders, 0, "a dry run acts");
    let run = site.run();
    run.is("confirmed", 0);
    assert!(!vcenter.state().is_on);
    assert_eq!(vcenter.state().orders, 1);
    let report = run.report();
    let steps = report["steps"].as_array().expect("steps");
    let names: Vec<_> = steps
        .iter()
        .filter_map(|step| step["step"].as_str())
        .collect();
    assert_eq!(names.first(), Some(&"power-off"), "{run:#?}");
    assert_eq!(site.lines("moved").len(), 3);
    vcenter.is_left();
    site.run().is("already-promoted", 0);
    assert_eq!(vcenter.state().orders, 1, "it is powered off again");
}

#[test]
fn a_machine_that_is_not_seen_off_moves_nothing_until_it_is() {
    let (mut site, vcenter) = fenced();
    vcenter.state().obeys = false;
    // It looks until its time is up.
    site.config.timeouts = "command: 2s";
    let run = site.run();
    run.is("confirmed", 1);
    assert!(run.stderr.contains("not seen off"), "{run:#?}");
    site.run().is("fence-failed", 3);
    assert_eq!((site.lines("moved").len(), vcenter.state().orders), (0, 1));

    vcenter.state().obeys = true;
    site.config.timeouts = "";
    assert_eq!(site.call(&["retry", "--reason", "looked"]).exit, Some(0));
    site.run().is("unfinished", 0);
    assert_eq!((site.lines("moved").len(), vcenter.state().orders), (3, 2));
    vcenter.is_left();
}
