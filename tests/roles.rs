//! Several roles on one node: each has a config, a log and a state of its own, whatever the
//! configs say in common.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::proxy::WHOLE;
use common::{Site, ran};
use habeat::config::Config;
use habeat::roles;
use tempfile::TempDir;

/// Every role there is.
const ROLES: [&str; 3] = ["appserver", "proxyserver", "consulserver"];

/// The state files as the ancestor's example names them, the same for every role.
const ANCESTOR: &str = "  checkDownFile: /var/tmp/appserverdown-habeat\n  \
                        checkPromotionFile: /var/tmp/appserverprom-habeat\n  \
                        checkRestartReplicaFile: /var/tmp/appserverrstopha\n";

fn text(role: &str, files: &str) -> String {
    format!(
        "local:\n  whoami: secondary\n  dc_check: primary\n  role: {role}\n  \
         proxy_switch: bgp\n{files}\
         primary: {{appserver_ip: 192.0.2.1, appserver_vmname: a.example.com, \
         proxy_ip: 192.0.2.3, proxyserver_vmname: c.example.com, \
         consul_ips: [192.0.2.5], consul_vmnames: [e.example.com]}}\n\
         secondary: {{appserver_ip: 192.0.2.2, appserver_vmname: b.example.com, \
         proxyserver_vmname: d.example.com, \
         consul_ips: [192.0.2.6], consul_vmnames: [f.example.com]}}\n\
         anchors: [icmp://203.0.113.1]\n"
    )
}

/// Loads the config of a role.
fn load(folder: &Path, role: &str, files: &str) -> Config {
    let path = folder.join(format!("habeat-{role}.yml"));
    fs::write(&path, text(role, files)).unwrap_or_else(|e| panic!("cannot write it: {e}"));
    let loaded = roles::load(&path);
    loaded.unwrap_or_else(|why| panic!("{role}: {why}")).config
}

/// Every file that an instance of a role has to itself: config and log by its unit, the others by
/// its config.
fn files(role: &str, config: &Config) -> Vec<PathBuf> {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/habeat@.service");
    let unit = fs::read_to_string(unit).unwrap_or_else(|e| panic!("no unit: {e}"));
    let call = unit.lines().find(|line| line.starts_with("ExecStart="));
    let call = call.unwrap_or_else(|| panic!("it starts nothing: {unit}"));
    let by_unit = call.split(' ').filter(|word| word.contains("%i"));
    let by_unit: Vec<PathBuf> = by_unit.map(|it| it.replace("%i", role).into()).collect();
    assert_eq!(by_unit.len(), 2, "{call}");
    let others = [
        config.files.promotion.clone(),
        config.files.folder(),
        config.files.down.clone(),
        config.files.module.clone(),
        config.history.file.clone(),
    ];
    by_unit.into_iter().chain(others).collect()
}

#[test]
fn no_two_roles_of_a_node_share_a_file_or_a_lock() {
    for state in ["", ANCESTOR] {
        let folder = TempDir::new().unwrap();
        let mut owners: BTreeMap<PathBuf, &str> = BTreeMap::new();
        for role in ROLES {
            let config = load(folder.path(), role, state);
            for file in files(role, &config) {
                let other = owners.insert(file.clone(), role);
                assert_eq!(other, None, "{role} shares {}", file.display());
            }
        }
    }
}

#[test]
fn two_roles_run_at_the_same_time() {
    let mut site = Site::proxy(true, true);
    site.write("hang_two", "");
    let switching = site.start(&["--json"]);
    site.wait_for("in_two");
    site.config.role = "appserver";
    site.run().is("confirmed", 0);
    site.remove("hang_two");
    ran(switching).is("confirmed", 0);
    assert_eq!(site.switched(), WHOLE);
    assert_eq!(site.lines("moved").len(), 3);
    for role in ["appserver", "proxyserver"] {
        site.config.role = role;
        site.run().is("already-promoted", 0);
    }
    // They were told to share it.
    assert_eq!(site.lines("history.jsonl").len(), 4);
}

#[test]
fn check_tells_of_a_config_beside_it_that_has_the_same_state() {
    let mut site = Site::proxy(true, true);
    let quiet = site.call(&["check"]);
    assert!(!quiet.stdout.contains("leaves with 75"), "{quiet:#?}");

    let text = site.text("habeat.yml");
    site.write("habeat-other.yml", &text);
    site.write("unrelated.yml", &text);
    site.write("habeat-broken.yml", "local: 1\n");
    let check = site.call(&["check"]);
    assert_eq!(check.exit, Some(0), "{check:#?}");
    let warnings: Vec<&str> = check
        .stdout
        .lines()
        .filter(|line| line.contains("leaves with 75"))
        .collect();
    assert_eq!(warnings.len(), 1, "{check:#?}");
    for words in ["habeat-other.yml", "promotion-proxyserver"] {
        assert!(warnings[0].contains(words), "{check:#?}");
    }

    // In another role it is no trouble.
    site.config.role = "appserver";
    let check = site.call(&["check"]);
    assert!(!check.stdout.contains("leaves with 75"), "{check:#?}");
}
