//! What a run leaves behind when others write at the same time.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::history;
use super::record::{Parts, Report};
use crate::base::clock::Now;
use crate::base::refusal::Code;
use crate::config::History;
use crate::core::{Choice, Decision, Memory, Verdict};
use crate::observe::{Connectivity, Leader, Observation, Reach};
use crate::roles::{Loaded, load};

/// A config that keeps its state in `folder`.
pub(crate) fn config(folder: &Path) -> Loaded {
    let state = folder.display();
    let yaml = format!(
        "local:\n  whoami: secondary\n  dc_check: primary\n  role: appserver\n  \
         checkDownFile: {state}/down\n  checkPromotionFile: {state}/promotion\n  \
         checkRestartReplicaFile: {state}/module\n  provider: consul\n\
         primary:\n  appserver_ip: 192.0.2.1\n  appserver_vmname: mbox1.example.com\n\
         secondary:\n  appserver_ip: 192.0.2.2\n  appserver_vmname: mbox2.example.com\n\
         consul: {{ hostname: 127.0.0.1, token: t }}\nstate_dir: {state}/state\n"
    );
    let path = folder.join("habeat.yml");
    fs::write(&path, &yaml).expect("a config");
    load(&path).unwrap_or_else(|invalid| panic!("{invalid:?}\n{yaml}"))
}

fn at(seconds: u64) -> Now {
    Now {
        wall: 0,
        boot_ms: seconds * 1000,
        boot_id: "a boot".to_owned(),
    }
}

fn dead(choice: Choice) -> Decision {
    Decision {
        verdict: Verdict::Dead,
        choice,
    }
}

#[test]
fn runs_that_write_one_history_at_the_same_time_lose_no_line() {
    const WRITERS: usize = 4;
    const LINES: usize = 25;
    let folder = TempDir::new().expect("a folder");
    let Loaded { config, role, .. } = config(folder.path());
    let seen = Observation {
        reach: Reach::Answers,
        looks: Vec::new(),
        connectivity: Connectivity::NotAsked,
        anchors: Vec::new(),
        heard: Vec::new(),
        leader: Leader::NotAsked,
    };
    let parts = Parts {
        config: &config,
        role: &role,
        now: &at(5),
        seen: &seen,
        decision: &dead(Choice::Rest),
        memory: &Memory::default(),
        asked_by: None,
    };
    let report = Report::of_dry_run(parts, Vec::new(), None, Code::Done);
    // All; and so few that it is trimmed again and again.
    let all = WRITERS * LINES;
    assert_eq!(kept(&folder, &report, all, [WRITERS, LINES]), all);
    let few = kept(&folder, &report, 1, [WRITERS, LINES]);
    assert!((1..10).contains(&few), "{few} lines: it is not trimmed");
}

/// Lets several write at once, requires whole lines, and returns how many there are.
fn kept(folder: &TempDir, report: &Report, keep: usize, [writers, lines]: [usize; 2]) -> usize {
    let history = History {
        file: folder.path().join(format!("history-{keep}.jsonl")),
        keep,
    };
    std::thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                for _ in 0..lines {
                    history::append(&history, report).expect("appended");
                }
            });
        }
    });
    let text = fs::read_to_string(&history.file).expect("the history");
    let whole = text
        .lines()
        .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    let (whole, all) = (whole.count(), text.lines().count());
    assert_eq!(whole, all, "{text}");
    all
}
