//! Which installed units a config is run by, and what is said of them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Findings, look_below};
use crate::report::tests::config;
use crate::roles::Loaded;

const TEMPLATE: &str = "/etc/hamon/habeat-proxyserver.yml";
const PLAIN: &str = "/etc/hamon/habeat.yml";

const PLAIN_SERVICE: (&str, &str) = (
    "habeat.service",
    include_str!("../../../../systemd/habeat.service"),
);
const TEMPLATE_SERVICE: (&str, &str) = (
    "habeat@.service",
    include_str!("../../../../systemd/habeat@.service"),
);
const PLAIN_TIMER: (&str, &str) = (
    "habeat.timer",
    include_str!("../../../../systemd/habeat.timer"),
);
const TEMPLATE_TIMER: (&str, &str) = (
    "habeat@.timer",
    include_str!("../../../../systemd/habeat@.timer"),
);
const ENABLED: (&str, &str) = ("timers.target.wants/habeat.timer", "");
const ENABLED_INSTANCE: (&str, &str) = ("timers.target.wants/habeat@proxyserver.timer", "");

/// A root with these files in its folder of units.
fn root(units: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().expect("a folder");
    for (name, text) in units {
        let path = root.path().join("etc/systemd/system").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a unit");
    }
    root
}

/// What is said, without the snippets: `E` or `W`, and the key.
fn said(root: &TempDir, path: &str) -> Vec<String> {
    let state = TempDir::new().expect("a folder");
    let Loaded {
        mut config, role, ..
    } = config(state.path());
    config.files.promotion = "/var/tmp/promotion".into();
    let mut found = Findings::default();
    look_below(root.path(), (&config, &role), Path::new(path), &mut found);
    let key = |grade: &str, key: &str| format!("{grade} {key}");
    let errors = found.errors.iter().map(|it| key("E", &it.key));
    let warnings = found.warnings.iter().map(|it| key("W", &it.key));
    let all = errors.chain(warnings);
    all.filter(|it| it != "W tmpfiles.d").collect()
}

#[test]
fn a_config_that_no_unit_runs_is_one_warning_and_a_unit_that_does_nothing_an_error() {
    let instance = ("habeat@proxyserver.service", TEMPLATE_SERVICE.1);
    let other = ("habeat@appserver.service", TEMPLATE_SERVICE.1);
    for (units, path, expected) in [
        (&[][..], PLAIN, &["W units"][..]),
        (&[PLAIN_SERVICE], PLAIN, &["E habeat.timer"]),
        (&[PLAIN_SERVICE, PLAIN_TIMER], PLAIN, &["E habeat.timer"]),
        (&[PLAIN_SERVICE, PLAIN_TIMER, ENABLED], PLAIN, &[]),
        (&[TEMPLATE_SERVICE, TEMPLATE_TIMER], PLAIN, &["W units"]),
        (
            &[PLAIN_SERVICE, PLAIN_TIMER, ENABLED],
            TEMPLATE,
            &["W units"],
        ),
        (
            &[TEMPLATE_SERVICE],
            TEMPLATE,
            &["E habeat@proxyserver.timer"],
        ),
        (
            &[TEMPLATE_SERVICE, TEMPLATE_TIMER, ENABLED],
            TEMPLATE,
            &["E habeat@proxyserver.timer"],
        ),
        (
            &[TEMPLATE_SERVICE, TEMPLATE_TIMER, ENABLED_INSTANCE],
            TEMPLATE,
            &[],
        ),
        (&[instance, TEMPLATE_TIMER, ENABLED_INSTANCE], TEMPLATE, &[]),
        (
            &[other, TEMPLATE_TIMER, ENABLED_INSTANCE],
            TEMPLATE,
            &["W units"],
        ),
        (
            &[PLAIN_SERVICE, PLAIN_TIMER, ENABLED],
            "/srv/other.yml",
            &["W units"],
        ),
        (
            &[("habeat.service", "ExecStart=/bin/true\n")],
            PLAIN,
            &["W units"],
        ),
        (
            &[
                ("own.service", "ExecStart=/bin/habeat -q\n"),
                ("own.timer", ""),
            ],
            PLAIN,
            &["E own.timer"],
        ),
    ] {
        let names: Vec<_> = units.iter().map(|it| it.0).collect();
        assert_eq!(said(&root(units), path), expected, "{names:?} {path}");
    }
}

#[test]
fn a_masked_timer_is_an_error() {
    let root = root(&[PLAIN_SERVICE, ENABLED]);
    let timer = root.path().join("etc/systemd/system/habeat.timer");
    std::os::unix::fs::symlink("/dev/null", timer).expect("a mask");
    assert_eq!(said(&root, PLAIN), ["E habeat.timer"]);
}

#[test]
fn the_plain_unit_may_be_made_to_run_any_config() {
    let edited = "ExecStart=\nExecStart=habeat --config /etc/hamon/habeat-proxyserver.yml -q\n";
    let other = ("habeat.service.d/other.conf", edited);
    let root = root(&[PLAIN_SERVICE, other, PLAIN_TIMER, ENABLED]);
    assert_eq!(said(&root, TEMPLATE), [""; 0]);
    assert_eq!(said(&root, PLAIN), ["W units"]);
}

#[test]
fn a_timer_that_elapses_sooner_than_runs_count_is_told() {
    let often = ("habeat.timer.d/often.conf", "[Timer]\nOnCalendar=*:0/1\n");
    let root = root(&[PLAIN_SERVICE, PLAIN_TIMER, often, ENABLED]);
    assert_eq!(said(&root, PLAIN), ["W policy.run_spacing"]);
}

#[test]
fn a_private_tmp_is_seen_in_the_drop_ins_of_the_template_and_of_the_instance() {
    for folder in ["habeat@.service.d", "habeat@proxyserver.service.d"] {
        let drop_in = format!("{folder}/private.conf");
        let root = root(&[
            TEMPLATE_SERVICE,
            TEMPLATE_TIMER,
            ENABLED_INSTANCE,
            (&drop_in, "PrivateTmp=yes\n"),
        ]);
        let said = said(&root, TEMPLATE);
        assert_eq!(said, ["W habeat@proxyserver.service"], "{folder}");
    }
}

#[test]
fn a_mesh_server_needs_its_drop_in() {
    const DROP_IN: &str = include_str!("../../../../systemd/habeat-consulserver.conf");
    const CONFIG: &str = "
local: {whoami: secondary, dc_check: primary, role: consulserver}
primary: {consul_ips: [192.0.2.7], consul_vmnames: [svc1.example.com]}
secondary: {consul_ips: [192.0.2.8], consul_vmnames: [svc2.example.com]}
";
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("habeat.yml");
    let told = |drop_in: &str, more: &str| {
        fs::write(&path, format!("{CONFIG}{more}")).expect("a config");
        let loaded = crate::roles::load(&path).expect("it loads");
        let of = (&loaded.config, &loaded.role);
        let root = root(&[
            TEMPLATE_SERVICE,
            TEMPLATE_TIMER,
            ("habeat@consulserver.service.d/consulserver.conf", drop_in),
        ]);
        let at = Path::new("/etc/hamon/habeat-consulserver.yml");
        let mut found = Findings::default();
        look_below(root.path(), of, at, &mut found);
        found.warnings.into_iter().any(|problem| {
            problem.message.contains("keeps habeat out")
                && problem.message.contains("habeat@consulserver.service.d")
        })
    };
    assert!(told("", ""), "without it");
    assert!(!told(DROP_IN, ""), "with it");
    assert!(
        told(DROP_IN, "mesh: {data_dir: /srv/consul}\n"),
        "of another folder"
    );
    let without_power = DROP_IN.replace("CAP_DAC_OVERRIDE", "");
    assert!(told(&without_power, ""), "without the capability");
}
