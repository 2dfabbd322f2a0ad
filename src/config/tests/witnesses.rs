//! Who is asked.

use std::time::Duration;

use super::{config_with, warnings};
use crate::config::{Provider, Quorum, Stands};

const THREE: &str = "\
witnesses:
  - {provider: consul, site: secondary, canary: mbx3.example.com}
  - provider: vcenter
    name: hypervisor
    hostname: vc.example.com:8443
    username: habeat@vsphere.local
    password: secret
    site: third
    host: MBX 1
    timeout: 20s
  - {provider: command, argv: [/usr/local/sbin/see, it]}
  - {provider: command, argv: [/usr/local/sbin/see, more], site: primary}
quorum: majority
consul: {timeout: 3s}
";

#[test]
fn each_witness_has_its_name_place_time_and_way_of_being_asked() {
    let config = config_with(THREE);
    let told: Vec<_> = config
        .witnesses
        .iter()
        .map(|it| (it.name.as_str(), it.stands, it.timeout.as_secs()))
        .collect();
    assert_eq!(
        told,
        [
            ("consul", Stands::InOwn, 3),
            ("hypervisor", Stands::Apart, 20),
            ("command", Stands::Unsaid, 10),
            ("command-2", Stands::InJudged, 10),
        ]
    );
    assert_eq!(config.policy.quorum, Quorum::Majority);
    assert_eq!(
        config.witnesses[0].canary.as_deref(),
        Some("mbx3.example.com")
    );
    assert_eq!(config.witnesses[1].host.as_deref(), Some("MBX 1"));
    let Provider::Vcenter(vcenter) = &config.witnesses[1].provider else {
        panic!("vcenter");
    };
    assert_eq!(vcenter.base_url, "https://vc.example.com:8443");
    assert_eq!(vcenter.password.reveal(), "secret");
}

#[test]
fn a_provider_alone_is_asked_with_its_own_block() {
    let smallest = super::SMALLEST.replace("role:", "provider: hetrix\n  role:");
    let text = format!("{smallest}hetrix: {{api_token: t, hostname: relay}}\n");
    let config = super::load_bytes(text).unwrap().config;
    let [witness] = config.witnesses.as_slice() else {
        panic!("one witness");
    };
    assert_eq!(witness.timeout, Duration::from_secs(10));
    let Provider::Hetrix(hetrix) = &witness.provider else {
        panic!("hetrix");
    };
    assert_eq!(hetrix.base_url, "https://relay");
}

#[test]
fn a_vcenter_fences_only_when_the_config_says_so() {
    assert!(config_with(THREE).fence.vcenter.is_none());
    let config = config_with(&format!("{THREE}fence: {{provider: vcenter}}\n"));
    let (vcenter, within) = config.fence.vcenter.unwrap();
    assert_eq!(vcenter.base_url, "https://vc.example.com:8443");
    assert_eq!(within, config.timeouts.command);
}

#[test]
fn a_single_look_at_a_hypervisor_is_warned_of() {
    let text = format!("{}{THREE}policy: {{confirm_runs: 1}}\n", super::SMALLEST);
    let told = warnings(&text);
    assert!(
        told.iter().any(|it| it.contains("vCenter witness")),
        "{told:?}"
    );
}

#[test]
fn two_witnesses_that_ask_the_same_are_warned_of() {
    let vcenter = "provider: vcenter, username: u, password: p, hostname";
    let cases = [
        ("{provider: consul}, {provider: consul}", Some("consul")),
        (
            "{provider: consul, hostname: A}, {provider: consul, hostname: 'a:8500', host: b}",
            Some("consul"),
        ),
        (
            "{provider: consul, hostname: a}, {provider: consul, hostname: b}",
            None,
        ),
        (
            "{provider: consul, hostname: a}, {provider: consul, hostname: a, port: 1}",
            None,
        ),
        (
            &format!("{{{vcenter}: a}}, {{provider: consul}}, {{{vcenter}: a}}"),
            Some("vcenter"),
        ),
        (&format!("{{{vcenter}: a}}, {{{vcenter}: b}}"), None),
        (
            "{provider: hetrix, api_token: a}, {provider: hetrix, api_token: b}",
            Some("hetrix"),
        ),
        (
            "{provider: hetrix, hostname: a, api_token: t}, \
             {provider: vcenter, hostname: a, username: u, password: p}",
            None,
        ),
        (
            "{provider: command, argv: [/a, b]}, {provider: command, argv: [/a, b]}",
            Some("command"),
        ),
        (
            "{provider: command, argv: [/a, b]}, {provider: command, argv: ['/a b']}",
            None,
        ),
        (
            "{provider: http, url: 'http://a/'}, {provider: http, url: 'http://a/'}",
            Some("http"),
        ),
        (
            "{provider: http, url: 'http://a/'}, {provider: http, url: 'http://a/b'}",
            None,
        ),
    ];
    for (witnesses, same) in cases {
        let text = format!("{}witnesses: [{witnesses}]\n", super::SMALLEST);
        let told = warnings(&text);
        let told: Vec<_> = told.iter().filter(|it| it.contains("two names")).collect();
        let expected = same.map(|kind| {
            format!(
                "line 11: witnesses: \"{kind}\" and \"{kind}-2\" are one {kind} under two names: \
                 they err together, and count as two; let one of them ask somebody else, or \
                 remove it"
            )
        });
        assert_eq!(told, Vec::from_iter(&expected), "{witnesses}");
    }
}
