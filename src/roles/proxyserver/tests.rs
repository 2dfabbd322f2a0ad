//! What a proxy runs, and when it goes back.

use super::DEACTIVATE;
use crate::core::plan::{ACTIVATE, Class, OnFailure, Work};
use crate::roles::tests::{book, commands, steps, takeover};
use crate::roles::{Loaded, lines, load};

/// A config of a proxy with these lines in `local`, and at the end.
fn config(local: &str, more: &str) -> Loaded {
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
    load(&path).unwrap_or_else(|invalid| panic!("{invalid:?}\n{yaml}"))
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
    for step in steps(&stages) {
        assert_eq!(step.deadline, config.config.timeouts.command, "{step:?}");
    }
}

#[test]
fn what_keeps_habeat_from_going_back_by_itself_does_not_keep_the_operator() {
    for (local, by_itself) in [
        (", proxy_enable_deactivate: true", true),
        (", proxy_enable_deactivate: false", false),
    ] {
        let book = book(&config(local, ""));
        assert_eq!(book.plans.back_by_itself, by_itself);
        let back = book.stage(DEACTIVATE).expect("a stage").clone();
        assert_eq!(commands(&[back]), ["birdc disable vip"]);
    }
}

#[test]
fn a_switch_may_be_taken_back_and_its_proofs_only_ask() {
    let book = book(&config(
        "",
        "fence: {commands: [[/bin/fence], [/bin/also]]}",
    ));
    let classes = |stage: &str| -> Vec<Class> {
        let outline = book.stage(stage).expect("a stage").outline();
        let Work::Commands(commands) = outline.work else {
            panic!("{outline:?}")
        };
        commands.iter().map(|it| it.class).collect()
    };
    assert_eq!(classes("fence"), [Class::Irreversible, Class::Reversible]);
    let switch = [Class::Reversible, Class::Reversible, Class::Query];
    assert_eq!(classes(ACTIVATE), switch);
    assert_eq!(classes(DEACTIVATE), [Class::Undo]);
}
