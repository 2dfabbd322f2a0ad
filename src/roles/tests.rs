//! Every command of every plan, word by word.

use std::time::Duration;

use super::appserver::{AccountSteps, START_MODULE, STOP_MODULE};
use super::{Action, Book, Loaded, Stage, lines, load};
use crate::act::{Judge, Names, Step};
use crate::core::plan::OnFailure;

/// A config with these lines in `local`, `carbonio` and at the end.
fn config(local: &str, carbonio: &str, more: &str) -> Loaded {
    let yaml = format!(
        "local:\n  whoami: secondary\n  dc_check: primary\n  role: appserver\n  \
         checkDownFile: /var/tmp/down\n  checkPromotionFile: /var/tmp/promotion\n  \
         checkRestartReplicaFile: /var/tmp/module\n  provider: consul\n  threads: 4\n  {local}\n\
         primary:\n  appserver_ip: 192.0.2.1\n  appserver_vmname: mbox1.example.com\n\
         secondary:\n  appserver_ip: 192.0.2.2\n  appserver_vmname: mbox2.example.com\n\
         consul: {{ hostname: 127.0.0.1, token: t }}\n\
         carbonio: {{ {carbonio} }}\n{more}\n"
    );
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("habeat.yml");
    std::fs::write(&path, &yaml).expect("a config");
    load(&path).unwrap_or_else(|invalid| panic!("{invalid:?}\n{yaml}"))
}

pub(super) fn book(loaded: &Loaded) -> Book {
    Book::of(&loaded.config, loaded.role.clone())
}

pub(super) fn takeover(loaded: &Loaded) -> Vec<Stage> {
    book(loaded).takeover
}

pub(super) fn steps(stages: &[Stage]) -> Vec<&Step> {
    let steps = stages.iter().flat_map(|stage| match &stage.action {
        Action::Commands(commands) => commands.iter().map(|(_, step)| step).collect(),
        Action::Batches(batches) => batches.steps.iter().collect(),
        Action::Promote(promotion) => {
            let AccountSteps {
                list,
                promote,
                operations,
                ..
            } = &**promotion;
            vec![list, promote, operations]
        }
        Action::PowerOff(_) | Action::Recover(_) | Action::Restore(_) => Vec::new(),
    });
    steps.collect()
}

/// Every variant of every command, each as one text.
pub(super) fn commands(stages: &[Stage]) -> Vec<String> {
    let steps = steps(stages).into_iter();
    steps
        .flat_map(|step| step.variants.iter().map(|argv| argv.join(" ")))
        .collect()
}

const RUNUSER: &str = "runuser -u zextras -- ";
const CARBONIO: &str = "/opt/zextras/bin/carbonio";
const ZMPROV: &str = "/opt/zextras/bin/zmprov";

#[test]
fn each_namespace_and_user_has_its_words() {
    let both = "namespace: auto";
    for (carbonio, before, namespaces) in [
        ("namespace: ha", RUNUSER, &["ha"][..]),
        ("namespace: MailReplica", RUNUSER, &["MailReplica"]),
        (both, RUNUSER, &["MailReplica", "ha"]),
        ("namespace: ha, user: \"\"", "", &["ha"]),
        ("namespace: auto, user: \"\"", "", &["MailReplica", "ha"]),
        (
            "user: other",
            "runuser -u other -- ",
            &["MailReplica", "ha"],
        ),
    ] {
        let config = config("flush_cache: true\n  restart_replica: true", carbonio, "");
        let each = |flag: &str, words: &str| -> Vec<String> {
            let namespaces = namespaces.iter();
            namespaces
                .map(|name| format!("{before}{CARBONIO} {flag} {name} {words}"))
                .collect()
        };
        let expected = [
            each("--json", "getAccountStatus mailHost mbox1.example.com"),
            each(
                "--sync",
                "promoteAccounts source_mail_host mbox1.example.com threads 4",
            ),
            vec![format!("{before}{CARBONIO} --json core getAllOperations")],
            each("--json", "pauseReplicas accounts"),
            each("--json", "restartReplicas accounts"),
            vec![format!("{before}{ZMPROV} fc account")],
        ];
        assert_eq!(
            commands(&takeover(&config)),
            expected.concat(),
            "{carbonio}"
        );
    }
}

#[test]
fn words_of_the_config_stay_single_arguments() {
    let more = "fence: { commands: [[/bin/fence, the port, \"\"], \"cut $POWER\"], verify: [[/bin/verify]] }";
    let carbonio = "carbonio: /my tools/carbonio, zmprov: /my tools/zmprov, user: \"\"";
    let config = config("flush_cache: true", carbonio, more);
    let shown = lines(&takeover(&config));
    assert_eq!(shown[0], ["/bin/fence", "the port", ""]);
    assert_eq!(shown[1], ["/bin/sh", "-c", "cut $POWER"]);
    assert_eq!(shown[2], ["/bin/verify"]);
    assert_eq!(shown[3][0], "/my tools/carbonio");
    assert_eq!(
        shown.last().map(|argv| argv[0].as_str()),
        Some("/my tools/zmprov")
    );
}

#[test]
fn stages_that_are_switched_off_are_not_planned() {
    let fence = "fence: { commands: [[/bin/fence]] }";
    let verify = "fence: { verify: [[/bin/verify]] }";
    for (local, more, expected) in [
        ("flush_cache: false", "", &["promote"][..]),
        ("flush_cache: true", "", &["promote", "flush-cache"]),
        (
            "flush_cache: false\n  restart_replica: true",
            "",
            &["promote", "restart-replicas"],
        ),
        (
            "flush_cache: true\n  restart_replica: true",
            fence,
            &["fence", "promote", "restart-replicas", "flush-cache"],
        ),
        ("flush_cache: false", verify, &["fence", "promote"]),
    ] {
        let stages = takeover(&config(local, "", more));
        let names: Vec<&str> = stages.iter().map(|stage| stage.name).collect();
        assert_eq!(names, expected, "{local}");
        for stage in &stages {
            let expected = match stage.name {
                "fence" => OnFailure::Latch,
                "promote" => OnFailure::Stop,
                _ => OnFailure::GoOn,
            };
            assert_eq!(stage.on_failure, expected, "{}", stage.name);
        }
    }
}

#[test]
fn a_flush_of_all_servers_says_so() {
    let config = config(
        "flush_cache: true\n  flush_arguments_a: true",
        "user: \"\"",
        "",
    );
    let commands = commands(&takeover(&config));
    assert_eq!(commands.last(), Some(&format!("{ZMPROV} fc -a account")));
}

#[test]
fn batches_hand_names_over_as_the_program_takes_them() {
    let config = config(
        "flush_cache: true\n  restart_replica: true",
        "flush_batch: 7",
        "",
    );
    let stages = takeover(&config);
    for (stage, expected) in stages
        .iter()
        .skip(1)
        .zip([Names::CommaList, Names::Arguments])
    {
        let Action::Batches(batches) = &stage.action else {
            panic!("{stage:?}")
        };
        let found = (batches.names, batches.max_names);
        assert_eq!(found, (expected, 7), "{}", stage.name);
        // Below MAX_ARG_STRLEN (execve(2)), which a list as one argument must not reach.
        assert!(batches.max_bytes < 128 * 1024, "{}", stage.name);
    }
}

#[test]
fn each_command_has_its_deadline_and_its_judge() {
    let timeouts = "timeouts: { query: 1s, promote: 2s, flush: 3s, command: 4s }\n\
                    fence: { commands: [[/bin/fence]], verify: [[/bin/verify]] }";
    let config = config("flush_cache: true\n  restart_replica: true", "", timeouts);
    let stages = takeover(&config);
    let found: Vec<_> = steps(&stages)
        .into_iter()
        .map(|step| (step.name, step.deadline, step.judge))
        .collect();
    let seconds = Duration::from_secs;
    let expected = [
        ("fence-command", seconds(4), Judge::Exit),
        ("fence-verify", seconds(4), Judge::Exit),
        ("list-accounts", seconds(1), Judge::CarbonioJson),
        ("promote-accounts", seconds(2), Judge::Carbonio),
        ("list-operations", seconds(1), Judge::CarbonioJson),
        ("pause-replicas", seconds(4), Judge::Carbonio),
        ("restart-replicas", seconds(4), Judge::Carbonio),
        ("flush-cache", seconds(3), Judge::Zmprov),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_module_is_stopped_and_started_by_its_verbs() {
    let book = book(&config(
        "flush_cache: true",
        "namespace: ha, user: \"\"",
        "",
    ));
    for (stage, verb) in [
        (STOP_MODULE, "doStopService"),
        (START_MODULE, "doStartService"),
    ] {
        let stage = book.stage(stage).expect("a stage").clone();
        assert_eq!(commands(&[stage]), [format!("{CARBONIO} ha {verb} module")]);
    }
}

#[test]
fn a_plan_is_shown_in_the_order_it_is_run() {
    let config = config(
        "flush_cache: true\n  restart_replica: true",
        "user: \"\", flush_batch: 9",
        "",
    );
    let shown: Vec<String> = lines(&takeover(&config))
        .iter()
        .map(|argv| argv.join(" "))
        .collect();
    let expected = [
        "--json MailReplica getAccountStatus mailHost mbox1.example.com",
        "--sync MailReplica promoteAccounts source_mail_host mbox1.example.com threads 4",
        "--json MailReplica getAccountStatus mailHost mbox1.example.com",
        "--json MailReplica pauseReplicas accounts <up to 9 accounts, comma-separated>",
        "--json MailReplica restartReplicas accounts <up to 9 accounts, comma-separated>",
    ];
    let mut expected: Vec<String> = expected
        .iter()
        .map(|words| format!("{CARBONIO} {words}"))
        .collect();
    expected.push(format!("{ZMPROV} fc account <up to 9 accounts>"));
    assert_eq!(shown, expected);
}
