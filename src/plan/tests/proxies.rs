//! What a proxy runs, and when it goes back.

use super::{commands, load};
use crate::config::Config;
use crate::core::{Choice, Decision, Memory, Phase, Promotion, Verdict};
use crate::plan::{ACTIVATE, DEACTIVATE, OnFailure, Work, lines, plan, takeover};

/// A config of a proxy with these lines in `local`, and at the end.
fn config(local: &str, more: &str) -> Config {
    let yaml = format!(
        "local: {{whoami: secondary, dc_check: primary, role: proxyserver, proxy_switch: bgp, \
         proxy_enable_activate: true{local}}}\n\
         primary: {{proxy_ip: 192.0.2.1, proxyserver_vmname: proxy1.example.com}}\n\
         secondary:\n  proxyserver_vmname: proxy2.example.com\n  proxy_switch:\n    bgp:\n      \
         activate: [[birdc, enable, my vip], birdc enable $TWO]\n      \
         verify: [[birdc, show]]\n      deactivate: [[birdc, disable, vip]]\n\
         {more}\n"
    );
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("habeat.yml");
    std::fs::write(&path, &yaml).expect("a config");
    load(&path)
        .unwrap_or_else(|invalid| panic!("{invalid:?}\n{yaml}"))
        .config
}

#[test]
fn a_switch_is_fenced_then_made_then_proven_word_by_word() {
    let config = config(
        "",
        "fence: {commands: [[/bin/fence]], verify: [[/bin/verify]]}",
    );
    let stages = takeover(&config);
    let names: Vec<_> = stages.iter().map(|it| (it.name, it.on_failure)).collect();
    let expected = [("fence", OnFailure::Latch), (ACTIVATE, OnFailure::Stop)];
    assert_eq!(names, expected);
    let expected: [&[&str]; 5] = [
        &["/bin/fence"],
        &["/bin/verify"],
        &["birdc", "enable", "my vip"],
        &["/bin/sh", "-c", "birdc enable $TWO"],
        &["birdc", "show"],
    ];
    assert_eq!(lines(&stages), expected);
    let Some(Work::Switch { commands, verify }) = stages.last().map(|stage| &stage.work) else {
        panic!("{stages:?}")
    };
    for step in commands.iter().chain(verify) {
        assert_eq!(step.deadline, config.timeouts.command, "{step:?}");
    }
}

#[test]
fn a_proxy_goes_back_only_from_a_switch_that_happened_and_where_that_is_enabled() {
    let enabled = config(", proxy_enable_deactivate: true", "");
    let disabled = config(", proxy_enable_deactivate: false", "");
    let returned = Decision {
        verdict: Verdict::Alive,
        choice: Choice::Return,
    };
    let asked = Decision {
        verdict: Verdict::Alive,
        choice: Choice::Failback,
    };
    for (phase, begun, back) in [
        (Phase::Finished, None, true),
        (Phase::Returning, None, true),
        (Phase::Unfinished, Some(ACTIVATE), true),
        (Phase::Unfinished, Some("fence-command"), false),
        (Phase::Unfinished, None, false),
        (Phase::FenceFailed, Some("fence-command"), false),
        (Phase::FenceFailed, Some(ACTIVATE), true),
    ] {
        let memory = Memory {
            promotion: Some(Promotion {
                phase,
                ..Promotion::begun(1, "proxy1".into(), None)
            }),
            begun: begun.into_iter().map(str::to_owned).collect(),
            ..Memory::default()
        };
        let stages = plan(&enabled, &memory, &returned);
        let expected = if back {
            vec!["birdc disable vip"]
        } else {
            Vec::new()
        };
        assert_eq!(commands(&stages), expected, "{phase:?} {begun:?}");
        assert!(stages.iter().all(|stage| stage.name == DEACTIVATE));
        assert_eq!(
            plan(&disabled, &memory, &returned),
            [],
            "{phase:?} {begun:?}"
        );
        // What keeps habeat from going back by itself does not keep the operator.
        let by_hand = plan(&disabled, &memory, &asked);
        assert_eq!(commands(&by_hand), expected, "{phase:?} {begun:?}");
    }
}
