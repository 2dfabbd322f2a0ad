//! The files the package installs, judged by the programs that will read them.
#![expect(
    clippy::disallowed_methods,
    reason = "a test starts the programs that read our files"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use habeat::cli::{DEFAULT_CONFIG, DEFAULT_LOG};
use habeat::config::{Config, UNIT_START_LIMIT};
use habeat::roles;
use tempfile::TempDir;

/// The exposure `systemd-analyze security` may report, times ten.
const HIGHEST_EXPOSURE: &str = "40";
/// What is installed on a node: the plain units, and those for several roles.
const UNITS: [&str; 4] = [
    "habeat.service",
    "habeat.timer",
    "habeat@.service",
    "habeat@.timer",
];
/// What one role needs beyond them.
const DROP_IN: &str = "habeat-consulserver.conf";
/// What a template says otherwise than its plain unit, and how the plain one says it.
const INSTANCE_PARTS: [(&str, &str, &str); 9] = [
    (
        "service",
        "# One run of habeat on a node that serves in several roles: `habeat@ROLE.service`.",
        "# One run of habeat.",
    ),
    (
        "service",
        "# Line by line as habeat.service, which a test holds it to, but for the name of the instance.\n",
        "",
    ),
    ("service", "its death (%i)", "its death"),
    (
        "service",
        "# The program's defaults with the instance's name, so that each role has a config and a log of its own. The state files get the role's name by themselves.",
        "# Both paths are the program's defaults, written out for the reader.",
    ),
    ("service", "/habeat-%i.", "/habeat."),
    (
        "timer",
        "# When habeat runs in one of several roles: `habeat@ROLE.timer`.",
        "# When habeat runs.",
    ),
    (
        "timer",
        "# Line by line as habeat.timer, which a test holds it to, but for the name of the instance.\n",
        "",
    ),
    ("timer", "five minutes (%i)", "five minutes"),
    ("timer", "habeat@%i.service", "habeat.service"),
];
/// Where the service expects the binary.
const INSTALLED: &str = "/usr/local/sbin/habeat";

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(shipped(path)).unwrap_or_else(|e| panic!("cannot read {path}: {e}"))
}

/// Returns the values of `key`, in order.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .collect()
}

fn run(program: &str, args: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new(program)
        .args(args)
        // logrotate lies where only root looks by default.
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .output()
        .unwrap_or_else(|e| panic!("cannot start {program} (see docs/testing.md): {e}"))
}

fn assert_ran_well(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{:?}\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
}

/// The units in a folder of their own, the services pointing at the binary under test.
fn installed_units() -> TempDir {
    let dir = TempDir::new().unwrap_or_else(|e| panic!("cannot make a folder: {e}"));
    for name in UNITS {
        let text = read(&format!("systemd/{name}"));
        assert_eq!(
            name.ends_with(".service"),
            text.contains(INSTALLED),
            "{name}"
        );
        let text = text.replace(INSTALLED, env!("CARGO_BIN_EXE_habeat"));
        fs::write(dir.path().join(name), text)
            .unwrap_or_else(|e| panic!("cannot write {name}: {e}"));
    }
    let drop_ins = dir.path().join("habeat@consulserver.service.d");
    let text = read(&format!("systemd/{DROP_IN}"));
    fs::create_dir(&drop_ins)
        .and_then(|()| fs::write(drop_ins.join(DROP_IN), text))
        .unwrap_or_else(|e| panic!("cannot write {DROP_IN}: {e}"));
    dir
}

#[test]
fn systemd_accepts_the_units_without_a_word() {
    let dir = installed_units();
    // Of a template, systemd looks at an instance.
    for name in UNITS.into_iter().chain(["habeat@consulserver.service"]) {
        let unit = dir.path().join(name);
        let output = run(
            "systemd-analyze",
            &["verify", "--man=no", &unit.to_string_lossy()],
        );
        assert_ran_well(&output);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("habeat"), "{name}: {said}");
    }
}

#[test]
fn the_service_is_no_more_exposed_than_allowed() {
    let dir = installed_units();
    let threshold = format!("--threshold={HIGHEST_EXPOSURE}");
    let arguments = ["security", "--offline=true", "--no-pager", &threshold];
    for name in [
        "habeat.service",
        "habeat@.service",
        "habeat@consulserver.service",
    ] {
        let output = Command::new("systemd-analyze")
            .args(arguments)
            .arg(dir.path().join(name))
            .output()
            .unwrap_or_else(|e| panic!("cannot start systemd-analyze: {e}"));
        assert_ran_well(&output);
    }
}

#[test]
fn the_templates_say_what_the_plain_units_say() {
    for kind in ["service", "timer"] {
        let mut text = read(&format!("systemd/habeat@.{kind}"));
        for (_, instance, plain) in INSTANCE_PARTS.iter().filter(|part| part.0 == kind) {
            assert!(text.contains(instance), "habeat@.{kind}: {instance}");
            text = text.replace(instance, plain);
        }
        let text = text.replace("habeat@ROLE.", "habeat.");
        assert_eq!(text, read(&format!("systemd/habeat.{kind}")));
    }
}

#[test]
fn what_one_role_needs_more_is_for_its_instance_alone() {
    let drop_in = read(&format!("systemd/{DROP_IN}"));
    let folder = "/etc/systemd/system/habeat@consulserver.service.d/";
    assert!(drop_in.contains(folder), "{drop_in}");
    let more = values(&drop_in, "CapabilityBoundingSet").join(" ");
    let usual = values(&read("systemd/habeat@.service"), "CapabilityBoundingSet").join(" ");
    for capability in more.split(' ') {
        assert!(!usual.split(' ').any(|it| it == capability), "{capability}");
    }
}

#[test]
fn every_directive_says_why_it_is_there() {
    for name in UNITS.into_iter().chain(["habeat.tmpfiles.conf", DROP_IN]) {
        let text = read(&format!("systemd/{name}"));
        let lines: Vec<&str> = text.lines().collect();
        let mut directives = 0;
        for (at, line) in lines.iter().enumerate() {
            let is_directive = !line.is_empty() && !line.starts_with(['#', '[']);
            if !is_directive {
                continue;
            }
            directives += 1;
            let above = at.checked_sub(1).map_or("", |n| lines[n]);
            let listed = name.ends_with("tmpfiles.conf") && above.starts_with("x ");
            assert!(
                above.starts_with("# ") || listed,
                "{name}:{}: {line} has no reason above it",
                at + 1
            );
        }
        assert!(directives > 1, "{name}: found {directives} directives");
    }
}

#[test]
fn the_service_sees_the_lock_files_and_is_not_cut_short() {
    let service = read("systemd/habeat.service");
    assert_eq!(values(&service, "PrivateTmp"), Vec::<&str>::new());
    assert_eq!(
        values(&service, "MemoryDenyWriteExecute"),
        Vec::<&str>::new()
    );
    assert_eq!(values(&service, "KillMode"), ["mixed"]);
    assert_eq!(values(&service, "StateDirectory"), ["habeat"]);
    assert_eq!(values(&service, "RemainAfterExit"), Vec::<&str>::new());
    assert!(!service.lines().any(|line| line == "[Install]"));
    let writable = values(&service, "ReadWritePaths").join(" ");
    for folder in ["/var/tmp", "/var/log", "-/opt/zextras"] {
        assert!(writable.split(' ').any(|path| path == folder), "{writable}");
    }
}

#[test]
fn the_timer_fires_on_the_minute_and_starts_nothing_by_itself() {
    let timer = read("systemd/habeat.timer");
    assert_eq!(values(&timer, "OnCalendar"), ["*:0/5 UTC"]);
    assert_eq!(values(&timer, "AccuracySec"), ["1s"]);
    assert_eq!(values(&timer, "Requires"), Vec::<&str>::new());
}

/// When the clock goes back an hour, a calendar in local time leaves out the second of the two.
#[test]
fn the_timers_leave_out_no_hour_where_summer_time_ends() {
    for name in ["habeat.timer", "habeat@.timer"] {
        let timer = read(&format!("systemd/{name}"));
        let calendar = values(&timer, "OnCalendar").concat();
        let elapses = elapses("Europe/Rome", &calendar, "2026-10-25 00:52:00 UTC");
        let due: Vec<String> = (55..60)
            .step_by(5)
            .map(|minute| format!("00:{minute:02}:00"))
            .chain(
                (0..60)
                    .step_by(5)
                    .map(|minute| format!("01:{minute:02}:00")),
            )
            .collect();
        assert_eq!(elapses, due, "{name}: {calendar}");
    }
    let local = elapses("Europe/Rome", "*:0/5", "2026-10-25 00:52:00 UTC");
    assert!(local.contains(&"02:00:00".to_owned()), "{local:?}");
}

/// The next times, in UTC, at which a calendar elapses in a time zone.
#[track_caller]
fn elapses(zone: &str, calendar: &str, from: &str) -> Vec<String> {
    let from = format!("--base-time={from}");
    let output = Command::new("systemd-analyze")
        .args(["calendar", &from, "--iterations=13", calendar])
        .env("TZ", zone)
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|e| panic!("cannot start systemd-analyze: {e}"));
    assert_ran_well(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // "(in UTC): Sun 2026-10-25 00:55:00 UTC", or, where the zone is UTC, the line before it.
    let in_utc = text.lines().filter_map(|line| {
        let (_, time) = line.split_once(": ")?;
        let words: Vec<&str> = time.split_whitespace().collect();
        match words.as_slice() {
            [_, _, time, "UTC"] => Some((*time).to_owned()),
            _ => None,
        }
    });
    in_utc.collect()
}

/// A root with the shipped snippet, a rule that ages `/var/tmp`, and files 90 days old.
fn aged_root(names: &[&str]) -> TempDir {
    let root = TempDir::new().unwrap_or_else(|e| panic!("cannot make a folder: {e}"));
    let snippets = root.path().join("etc/tmpfiles.d");
    let place = root.path().join("var/tmp");
    let made = fs::create_dir_all(&snippets)
        .and_then(|()| fs::create_dir_all(&place))
        .and_then(|()| {
            fs::write(
                snippets.join("habeat.conf"),
                read("systemd/habeat.tmpfiles.conf"),
            )
        })
        // `m:` ages by the time of the last change alone, the only one a test can set.
        .and_then(|()| fs::write(snippets.join("tmp.conf"), "d /var/tmp 1777 - - m:30d\n"));
    made.unwrap_or_else(|e| panic!("cannot make the root: {e}"));
    for name in names {
        let path = place.join(name);
        assert_ran_well(&run(
            "touch",
            &["-d", "90 days ago", &path.to_string_lossy()],
        ));
    }
    root
}

/// The config of somebody who writes no more than is needed.
fn defaults() -> Config {
    defaults_of("appserver")
}

/// The same, for a role.
fn defaults_of(role: &str) -> Config {
    let dir = TempDir::new().unwrap_or_else(|e| panic!("cannot make a folder: {e}"));
    let path = dir.path().join("habeat.yml");
    let text = format!(
        "local: {{whoami: secondary, dc_check: primary, role: {role}, provider: consul, \
         proxy_switch: bgp}}\n\
         primary: {{appserver_ip: 192.0.2.1, appserver_vmname: a.example.com, \
         proxy_ip: 192.0.2.3, proxyserver_vmname: c.example.com}}\n\
         secondary: {{appserver_ip: 192.0.2.2, appserver_vmname: b.example.com, \
         proxyserver_vmname: d.example.com}}\n\
         consul: {{hostname: 127.0.0.1, port: 8500}}\n"
    );
    fs::write(&path, text).unwrap_or_else(|e| panic!("cannot write the config: {e}"));
    roles::load(&path)
        .unwrap_or_else(|invalid| panic!("{invalid}"))
        .config
}

#[test]
fn the_units_and_the_program_agree_on_paths_and_limits() {
    let service = read("systemd/habeat.service");
    let call = format!("{INSTALLED} --config {DEFAULT_CONFIG} --log {DEFAULT_LOG}");
    assert_eq!(values(&service, "ExecStart"), [call]);
    let hours = UNIT_START_LIMIT.as_secs() / 3600;
    assert_eq!(UNIT_START_LIMIT.as_secs() % 3600, 0);
    assert_eq!(values(&service, "TimeoutStartSec"), [format!("{hours}h")]);
    let folder = values(&service, "StateDirectory").concat();
    let folder = Path::new("/var/lib").join(folder);
    assert_eq!(defaults().history.file.parent(), Some(folder.as_path()));
    assert_eq!(defaults().files.state_dir, folder);
    assert_eq!(values(&service, "StateDirectoryMode"), ["0700"]);
    let log = read("config/logrotate.d/habeat");
    assert!(
        log.contains(&format!("\n{DEFAULT_LOG} /var/log/habeat-*.log {{\n")),
        "{log}"
    );
}

#[test]
fn ageing_removes_what_is_old_but_never_our_names() {
    let roles = ["appserver", "proxyserver"].map(defaults_of);
    let name = |path: &Path| {
        assert!(path.starts_with("/var/tmp"), "{}", path.display());
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let of_role = |config: &Config| {
        let files = &config.files;
        [&files.promotion, &files.down, &files.module].map(|path| name(path))
    };
    let ours: Vec<String> = roles.iter().flat_map(of_role).collect();
    let mut names: Vec<&str> = ours.iter().map(String::as_str).collect();
    names.push("other");
    let root = aged_root(&names);
    let at = format!("--root={}", root.path().display());
    let arguments = ["--clean", &at, "habeat.conf", "tmp.conf"];
    assert_ran_well(&run("systemd-tmpfiles", &arguments));
    for name in ours {
        assert!(root.path().join("var/tmp").join(&name).exists(), "{name}");
    }
    assert!(
        !root.path().join("var/tmp/other").exists(),
        "nothing was aged, so nothing was shown"
    );
}

#[test]
fn logrotate_reads_its_snippet() {
    let dir = TempDir::new().unwrap_or_else(|e| panic!("cannot make a folder: {e}"));
    // logrotate refuses a snippet that others may write, whatever the mode in the work tree.
    let snippet = dir.path().join("habeat");
    fs::write(&snippet, read("config/logrotate.d/habeat"))
        .unwrap_or_else(|e| panic!("cannot write the snippet: {e}"));
    assert_ran_well(&run("chmod", &["0644", &snippet.to_string_lossy()]));
    let state = dir.path().join("state");
    let output = run(
        "logrotate",
        &[
            "--debug",
            "--state",
            &state.to_string_lossy(),
            &snippet.to_string_lossy(),
        ],
    );
    assert_ran_well(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/var/log/habeat.log"), "{said}");
    assert!(!said.contains("error:"), "{said}");
}
