//! Which installed units a config is run by, and what is said of them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::warnings_below;
use crate::report::tests::config;

const TEMPLATE: &str = "/etc/hamon/habeat-proxyserver.yml";
const PLAIN: &str = "/etc/hamon/habeat.yml";

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

/// The keys of what is said, without the snippets.
fn said(root: &TempDir, path: &str) -> Vec<String> {
    let state = TempDir::new().expect("a folder");
    let mut config = config(state.path());
    config.files.promotion = "/var/tmp/promotion".into();
    let problems = warnings_below(root.path(), &config, Path::new(path));
    let keys = problems.into_iter().map(|problem| problem.key);
    keys.filter(|key| key != "tmpfiles.d").collect()
}

#[test]
fn a_config_is_run_by_the_unit_that_its_name_leads_to() {
    let service = ("habeat.service", "");
    let timer = ("habeat.timer", "");
    let template = ("habeat@.service", "");
    let template_timer = ("habeat@.timer", "");
    for (units, path, expected) in [
        (&[][..], PLAIN, &["habeat.service"][..]),
        (&[service], PLAIN, &["habeat.timer"]),
        (&[service, timer], PLAIN, &[]),
        (&[template, template_timer], PLAIN, &["habeat.service"]),
        (&[service, timer], TEMPLATE, &["habeat@.service"]),
        (&[template], TEMPLATE, &["habeat@.timer"]),
        (&[template, template_timer], TEMPLATE, &[]),
        (
            &[("habeat@proxyserver.service", ""), template_timer],
            TEMPLATE,
            &[],
        ),
        (
            &[("habeat@appserver.service", "")],
            TEMPLATE,
            &["habeat@.service"],
        ),
        (&[service, timer], "/srv/habeat-proxyserver.yml", &[]),
        (&[service, timer], "/etc/hamon/habeat-.yml", &[]),
    ] {
        assert_eq!(said(&root(units), path), expected, "{units:?} {path}");
    }
}

#[test]
fn the_plain_unit_may_be_made_to_run_any_config() {
    let edited = "ExecStart=\nExecStart=habeat --config /etc/hamon/habeat-proxyserver.yml -q\n";
    let root = root(&[
        (
            "habeat.service",
            "ExecStart=habeat --config /etc/hamon/habeat.yml\n",
        ),
        ("habeat.service.d/other.conf", edited),
        ("habeat.timer", ""),
    ]);
    assert_eq!(said(&root, TEMPLATE), [""; 0]);
}

#[test]
fn a_private_tmp_is_seen_in_the_drop_ins_of_the_template_and_of_the_instance() {
    for folder in ["habeat@.service.d", "habeat@proxyserver.service.d"] {
        let drop_in = format!("{folder}/private.conf");
        let root = root(&[
            ("habeat@.service", ""),
            ("habeat@.timer", ""),
            (&drop_in, "PrivateTmp=yes\n"),
        ]);
        assert_eq!(said(&root, TEMPLATE), ["habeat@.service"], "{folder}");
    }
}

#[test]
fn a_mesh_server_needs_its_drop_in() {
    const TEMPLATE: &str = include_str!("../../../../systemd/habeat@.service");
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
        let config = crate::config::load(&path).expect("it loads").config;
        let root = root(&[
            ("habeat@.service", TEMPLATE),
            ("habeat@.timer", ""),
            ("habeat@consulserver.service.d/consulserver.conf", drop_in),
        ]);
        let at = Path::new("/etc/hamon/habeat-consulserver.yml");
        let problems = warnings_below(root.path(), &config, at);
        problems.into_iter().any(|problem| {
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
