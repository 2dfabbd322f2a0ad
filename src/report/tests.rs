//! What a run leaves behind when it breaks off while it makes its end durable, or when others
//! write at the same time.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::report::{Parts, Report};
use super::{history, settle};
use crate::act::{Deeds, End};
use crate::base::clock::Now;
use crate::base::refusal::Code;
use crate::config::{Config, History, load};
use crate::core::{Choice, Decision, Hold, Memory, Phase, Promotion, Verdict};
use crate::observe::{Leader, Observation, Reach, Standing};
use crate::store::file::beside;
use crate::store::journal::{last_promotion, read};
use crate::store::{Foreign, Journal, state};

/// A config that keeps its state in `folder`.
pub(crate) fn config(folder: &Path) -> Config {
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
    load(&path)
        .unwrap_or_else(|invalid| panic!("{invalid:?}\n{yaml}"))
        .config
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
fn a_promotion_is_said_to_be_finished_before_its_journal_goes() {
    let folder = TempDir::new().expect("a folder");
    let config = config(folder.path());
    let promotion = &config.files.record();
    fs::create_dir_all(config.files.folder()).expect("the state folder");
    let intended = Memory {
        promotion: Some(Promotion::begun(
            1,
            "mbox1.example.com".to_owned(),
            Some(at(5)),
        )),
        ..Memory::default()
    };
    state::save(&config.files, &Memory::default(), &intended).expect("saved");
    Journal::open(promotion, 1, &at(5)).expect("a journal");
    let deeds = Deeds {
        steps: Vec::new(),
        accounts: None,
        end: End::Complete,
    };

    // A folder in the place of the account list: the journal cannot be ended.
    let in_the_way = beside(promotion, ".accounts");
    fs::create_dir(&in_the_way).expect("a folder");
    settle(&config, &intended, &dead(Choice::Promote), &deeds, &at(60)).expect_err("not ended");
    let found = state::load(&config.files, Foreign::Leave).expect("readable");
    let phase = found.promotion.as_ref().map(|promotion| promotion.phase);
    assert_eq!(phase, Some(Phase::Finished), "the fence would run again");

    // The next run ends what this one could not.
    fs::remove_dir(&in_the_way).expect("removed");
    let hold = dead(Choice::Hold(Hold::AlreadyPromoted));
    settle(&config, &found, &hold, &deeds, &at(90)).expect("ended");
    let journal = beside(promotion, ".journal");
    let story = read(&journal, Foreign::Leave)
        .expect("readable")
        .expect("a journal");
    assert!(
        story.ended.is_some() && story.stages.is_empty(),
        "{story:?}"
    );
    assert!(
        last_promotion(promotion, Foreign::Leave)
            .expect("readable")
            .is_some()
    );
}

#[test]
fn runs_that_write_one_history_at_the_same_time_lose_no_line() {
    const WRITERS: usize = 4;
    const LINES: usize = 25;
    let folder = TempDir::new().expect("a folder");
    let config = config(folder.path());
    let seen = Observation {
        reach: Reach::Answers,
        looks: Vec::new(),
        standing: Standing::NotAsked,
        anchors: Vec::new(),
        heard: Vec::new(),
        leader: Leader::NotAsked,
    };
    let parts = Parts {
        config: &config,
        now: &at(5),
        seen: &seen,
        decision: &dead(Choice::Rest),
        memory: &Memory::default(),
        asked_by: None,
    };
    let report = Report::of_dry_run(parts, &[], None, Code::Done);
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
