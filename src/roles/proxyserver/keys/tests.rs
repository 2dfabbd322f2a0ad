//! The role `proxyserver`: what it needs, and what it does not care for.

use super::Proxyserver;
use crate::config::tests::{SMALLEST, errors, fixture, load_bytes, warnings};
use crate::config::{Takeover, Target};
use crate::roles::{Loaded, RoleConfig};

/// The smallest config of a proxy.
const PROXY: &str = "\
local:
  whoami: secondary
  dc_check: primary
  role: proxyserver
  proxy_switch: bgp
  proxy_enable_activate: true
  proxy_enable_deactivate: true
primary:
  proxy_ip: 192.0.2.1
  proxyserver_vmname: proxy1.example.com
secondary:
  proxyserver_vmname: proxy2.example.com
  proxy_switch:
    bgp:
      activate: [[birdc, enable, vip]]
      deactivate: [birdc disable vip]
      verify: [[birdc, show, vip]]
anchors: [icmp://203.0.113.1]
consul: {gossip: never}
";

fn proxy(role: &RoleConfig) -> &Proxyserver {
    match role {
        RoleConfig::Proxyserver(proxyserver) => proxyserver,
        RoleConfig::Appserver(_) | RoleConfig::Consulserver(_) => panic!("{role:?}"),
    }
}

#[test]
fn the_smallest_config_of_a_proxy_loads_without_a_warning() {
    assert_eq!(warnings(PROXY), [""; 0]);
    let Loaded { config, role, .. } = load_bytes(PROXY).unwrap();
    assert_eq!(config.role.name, "proxyserver");
    assert_eq!(config.policy.takeover, Takeover::Automatic);
    assert_eq!(config.peer.host(), "proxy1.example.com");
    assert_eq!(config.own.host(), "proxy2.example.com");
    let host = "192.0.2.1".to_owned();
    assert_eq!(config.probe.targets, [Target::Icmp { host }]);
    let proxy = proxy(&role);
    assert_eq!(proxy.activate, [["birdc", "enable", "vip"]]);
    assert_eq!(proxy.verify, [["birdc", "show", "vip"]]);
    assert_eq!(proxy.deactivate, [["/bin/sh", "-c", "birdc disable vip"]]);
    assert!(proxy.enable_deactivate);
}

#[test]
fn no_state_file_of_a_proxy_is_that_of_a_mailbox_server() {
    let of = |text: &str| {
        let files = load_bytes(text).unwrap().config.files;
        [files.down, files.promotion, files.module]
    };
    let proxy = of(PROXY);
    for file in &proxy {
        let name = file.display().to_string();
        assert!(name.ends_with("-proxyserver"), "{name}");
        assert!(!of(SMALLEST).contains(file), "{name}");
    }
}

#[test]
fn what_a_proxy_lacks_is_told_with_what_to_write() {
    let activate = "secondary.proxy_switch.bgp.activate: nothing to run, while \
                    local.proxy_enable_activate is on; write the commands that move the traffic \
                    here";
    let missing = "missing; write bgp: the role proxyserver moves the traffic by the commands in \
                   proxy_switch.bgp of our own site";
    for (from, to, expected) in [
        ("proxy_switch: bgp\n  proxy_e", "proxy_switch: \"\"\n  proxy_e", format!("line 5: local.proxy_switch: {missing}")),
        ("  proxy_switch: bgp\n  proxy_e", "  proxy_e", format!("line 1: local.proxy_switch: {missing}")),
        ("proxy_switch: bgp\n", "proxy_switch: dns\n", "line 5: local.proxy_switch: unknown way to move traffic \"dns\"; known: bgp".into()),
        ("activate: [[birdc, enable, vip]]", "activate:", format!("line 15: {activate}")),
        ("activate: [[birdc, enable, vip]]\n      ", "", format!("line 14: {activate}")),
        ("activate: [[birdc, enable, vip]]", "activate: ['']", "line 15: secondary.proxy_switch.bgp.activate[0]: an empty command; write [PROGRAM, ARGUMENT, …] or remove the entry".into()),
        ("[[birdc, show, vip]]", "birdc show", "line 17: secondary.proxy_switch.bgp.verify: expected a list, found \"birdc show\"".into()),
        ("proxy_ip: 192.0.2.1", "proxy_ip: delete", "line 9: primary.proxy_ip: \"delete\" is a leftover; write the address of the peer's proxy, to probe it".into()),
        ("proxyserver_vmname: proxy1.example.com", "proxyserver_vmname:", "line 10: primary.proxyserver_vmname: missing; write the name by which Consul knows the peer's proxy".into()),
        ("proxyserver_vmname: proxy2.example.com", "proxyserver_vmname:", "line 12: secondary.proxyserver_vmname: missing; write the name of this node in Consul: by it Consul proves that it sees at all".into()),
    ] {
        assert!(PROXY.contains(from), "{from}");
        let told = errors(PROXY.replace(from, to));
        assert!(told.contains(&expected), "{from} -> {to}: {told:#?}");
    }
}

#[test]
fn a_proxy_that_is_not_enabled_needs_no_commands_and_takes_nothing_over() {
    for value in ["false", "", "delete"] {
        let text = PROXY
            .replace("activate: true", &format!("activate: {value}"))
            .replace("      activate: [[birdc, enable, vip]]\n", "");
        let config = load_bytes(&text).unwrap().config;
        assert_eq!(config.policy.takeover, Takeover::NotEnabled, "{value}");
    }
}

#[test]
fn the_site_that_is_manual_is_so_for_proxies_too() {
    let swapped = PROXY
        .replace("primary", "dublin")
        .replace("secondary", "primary")
        .replace("dublin", "secondary");
    let config = load_bytes(&swapped).unwrap().config;
    assert_eq!(config.policy.takeover, Takeover::Manual);
}

#[test]
fn what_is_not_proven_and_what_cannot_go_back_is_told() {
    let [verify] = &warnings(&PROXY.replace("verify: [[birdc, show, vip]]", "verify: []"))[..]
    else {
        panic!("one warning");
    };
    assert!(
        verify.starts_with("line 17: secondary.proxy_switch.bgp.verify: nothing verifies"),
        "{verify}"
    );
    let [back] = &warnings(&PROXY.replace("deactivate: [birdc disable vip]", "deactivate:"))[..]
    else {
        panic!("one warning");
    };
    assert!(
        back.contains("the traffic stays here when the peer is back"),
        "{back}"
    );
}

#[test]
fn many_slow_commands_are_too_long_a_run() {
    let many = "[a], ".repeat(60);
    let slow = PROXY.replace("[[birdc, enable", &format!("[{many}[birdc, enable"));
    let told = errors(&slow);
    let [told] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        told.contains("a run can take") && told.contains("timeouts.command"),
        "{told}"
    );
}

#[test]
fn a_mailbox_server_does_not_care_how_a_proxy_switches() {
    let odd = SMALLEST.replace(
        "  role",
        "  proxy_switch: dns\n  proxy_enable_activate: true\n  role",
    );
    assert_eq!(errors(odd), [""; 0]);
}

#[test]
fn the_page_loads_for_a_proxy_once_its_values_are_filled_in() {
    let page = fixture("seed.yml").replace("role: \"appserver\"", "role: \"proxyserver\"");
    let missing = "primary.proxy_ip: missing; write the address of the peer's proxy, to probe it";
    let told = errors(&page);
    assert!(told.iter().any(|it| it.ends_with(missing)), "{told:?}");
    let filled = page
        .replacen("proxy_ip:", "proxy_ip: 192.0.2.1", 1)
        .replace(
            "proxy_enable_activate: false",
            "proxy_enable_activate: true",
        )
        .replace(
            "proxy_enable_deactivate: false",
            "proxy_enable_deactivate: true",
        )
        .replace("activate: # empty", "activate: [birdc enable dc2]")
        .replace(
            "deativate: # one letter short",
            "deativate: [birdc disable dc2]",
        );
    let Loaded { config, role, .. } = load_bytes(&filled).unwrap();
    assert_eq!(config.policy.takeover, Takeover::Automatic);
    let proxy = proxy(&role);
    assert_eq!(proxy.activate, [["/bin/sh", "-c", "birdc enable dc2"]]);
    assert_eq!(proxy.deactivate, [["/bin/sh", "-c", "birdc disable dc2"]]);
}
