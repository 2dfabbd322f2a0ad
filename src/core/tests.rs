use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use super::story::Story;
use super::*;
use crate::config::{OnReturn, Policy, Quorum, Takeover};
use crate::observe::{Connectivity, Leader, Observation, Reach};
use crate::witness::{Doubt, DoubtKind, Heard, Testimony, Voice, Weight};

mod ranges;

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/core/tests/decision-table.md"
);
const BOOT: &str = "this-boot";

fn now() -> Now {
    Now {
        wall: 1_800_000_000,
        boot_ms: 100_000_000,
        boot_id: BOOT.into(),
    }
}

fn ago(time: Duration) -> Now {
    let passed = u64::try_from(time.as_millis()).unwrap();
    Now {
        boot_ms: now().boot_ms - passed,
        ..now()
    }
}

fn testimonies() -> Vec<(&'static str, Option<Testimony>)> {
    let unknown = Testimony::Unknown(Doubt::new(DoubtKind::Timeout, "after 5 s"));
    vec![
        ("(not asked)", None),
        ("up", Some(Testimony::Up)),
        ("down", Some(Testimony::Down(Voice::Proven))),
        (
            "down by gossip, anchored",
            Some(Testimony::Down(Voice::Anchored)),
        ),
        ("unknown", Some(unknown)),
    ]
}

fn seen(reach: &Reach, connectivity: Connectivity, testimony: Option<&Testimony>) -> Observation {
    let heard = testimony.map(|testimony| Heard {
        witness: "consul".into(),
        host: "mbox1".into(),
        testimony: testimony.clone(),
        weight: Weight::Full,
    });
    Observation {
        reach: reach.clone(),
        looks: Vec::new(),
        connectivity,
        anchors: Vec::new(),
        heard: heard.into_iter().collect(),
        leader: Leader::NotAsked,
    }
}

fn observations() -> Vec<(String, Observation)> {
    let mut all = Vec::new();
    for reach in [
        Reach::Answers,
        Reach::Silent,
        Reach::Unknown("no permission".into()),
    ] {
        for connectivity in [
            Connectivity::Connected,
            Connectivity::Isolated,
            Connectivity::NotAsked,
        ] {
            for (said, testimony) in testimonies() {
                let name = format!("{} | {connectivity:?} | {said}", reach_name(&reach));
                all.push((name, seen(&reach, connectivity, testimony.as_ref())));
            }
        }
    }
    all
}

fn reach_name(reach: &Reach) -> &'static str {
    match reach {
        Reach::Answers => "answers",
        Reach::Silent => "silent",
        Reach::Unknown(_) => "could not probe",
    }
}

fn policy(takeover: Takeover, stop_module: bool, on_return: OnReturn) -> Policy {
    Policy {
        takeover,
        stop_module,
        quorum: Quorum::All,
        confirm_runs: 2,
        recover_runs: 2,
        run_spacing: Duration::ZERO,
        evidence_max_age: Duration::from_secs(30),
        block_period: Duration::from_secs(3600),
        max_attempts: 3,
        on_return,
    }
}

fn policies() -> Vec<(&'static str, Policy)> {
    vec![
        (
            "automatic",
            policy(Takeover::Automatic, false, OnReturn::Role),
        ),
        (
            "automatic, manual return",
            policy(Takeover::Automatic, false, OnReturn::Manual),
        ),
        (
            "not enabled",
            policy(Takeover::NotEnabled, false, OnReturn::Role),
        ),
        (
            "manual site",
            policy(Takeover::Manual, false, OnReturn::Role),
        ),
        (
            "manual site, stops the module",
            policy(Takeover::Manual, true, OnReturn::Role),
        ),
    ]
}

fn promoted(phase: Phase, attempts: u32, alive_streak: u32) -> Option<Promotion> {
    let begun = Promotion::begun(1, "mbox1".into(), Some(now()));
    Some(Promotion {
        phase,
        attempts,
        alive_streak,
        alive_last: (alive_streak > 0).then(|| ago(Duration::from_secs(60))),
        ..begun
    })
}

fn ended(ended: Option<Now>) -> Story {
    Story {
        epoch: 1,
        ended,
        ..Story::default()
    }
}

fn asked_back(promotion: Promotion) -> Promotion {
    Promotion {
        failback: Some(now()),
        ..promotion
    }
}

fn suspect(dead_streak: u32, last: Option<Now>) -> Option<Suspicion> {
    Some(Suspicion {
        host: "mbox1".into(),
        dead_streak,
        since: last.clone(),
        last,
    })
}

#[expect(clippy::too_many_lines, reason = "a table, one entry per state")]
fn memories() -> Vec<(&'static str, Memory)> {
    let minute = || Some(ago(Duration::from_secs(60)));
    let sure = || suspect(1, minute());
    let old_boot = Some(Now {
        boot_id: "the boot before".into(),
        ..now()
    });
    let nothing = Memory::default;
    let dead_and = |promotion| Memory {
        suspicion: sure(),
        promotion,
        ..nothing()
    };
    vec![
        ("nothing", nothing()),
        (
            "suspect, undocumented",
            Memory {
                suspicion: suspect(0, None),
                ..nothing()
            },
        ),
        (
            "suspect, dead once",
            Memory {
                suspicion: sure(),
                ..nothing()
            },
        ),
        (
            "suspect, dead once before a reboot",
            Memory {
                suspicion: suspect(1, old_boot),
                ..nothing()
            },
        ),
        (
            "suspect, dead once two days ago",
            Memory {
                suspicion: suspect(
                    1,
                    Some(Now {
                        boot_ms: 0,
                        ..now()
                    }),
                ),
                ..nothing()
            },
        ),
        (
            "suspect, paused",
            Memory {
                suspicion: sure(),
                paused: true,
                ..nothing()
            },
        ),
        (
            "suspect, last promotion a minute ago",
            Memory {
                suspicion: sure(),
                story: ended(minute()),
                ..nothing()
            },
        ),
        (
            "suspect, last promotion two hours ago",
            Memory {
                suspicion: sure(),
                story: ended(Some(ago(Duration::from_secs(7200)))),
                ..nothing()
            },
        ),
        (
            "unfinished, tried once",
            dead_and(promoted(Phase::Unfinished, 1, 0)),
        ),
        (
            "unfinished, tried once, paused",
            Memory {
                paused: true,
                ..dead_and(promoted(Phase::Unfinished, 1, 0))
            },
        ),
        (
            "unfinished, alive once",
            dead_and(promoted(Phase::Unfinished, 1, 1)),
        ),
        (
            "unfinished, no attempt left",
            dead_and(promoted(Phase::Unfinished, 3, 0)),
        ),
        (
            "returning, not done",
            dead_and(promoted(Phase::Returning, 0, 2)),
        ),
        ("fence failed", dead_and(promoted(Phase::FenceFailed, 1, 0))),
        ("promoted", dead_and(promoted(Phase::Finished, 1, 0))),
        (
            "promoted, alive once",
            dead_and(promoted(Phase::Finished, 1, 1)),
        ),
        (
            "promoted, undocumented",
            Memory {
                suspicion: sure(),
                promotion: Some(Promotion::undocumented()),
                ..nothing()
            },
        ),
        ("no accounts", dead_and(promoted(Phase::NoAccounts, 0, 0))),
        (
            "module stopping",
            Memory {
                module: Some(Module::new(ModulePhase::Stopping)),
                ..nothing()
            },
        ),
        (
            "module stopped",
            Memory {
                module: Some(Module::new(ModulePhase::Stopped)),
                ..nothing()
            },
        ),
        (
            "module stopped, alive once",
            Memory {
                module: Some(Module {
                    alive_streak: 1,
                    alive_last: minute(),
                    ..Module::new(ModulePhase::Stopped)
                }),
                ..nothing()
            },
        ),
        (
            "module starting",
            Memory {
                module: Some(Module::new(ModulePhase::Starting)),
                ..nothing()
            },
        ),
        (
            "promoted, failback asked for",
            dead_and(promoted(Phase::Finished, 1, 0).map(asked_back)),
        ),
        (
            "returning, not done, failback asked for",
            dead_and(promoted(Phase::Returning, 0, 0).map(asked_back)),
        ),
    ]
}

/// Runs in a row that saw the peer dead, and alive.
fn streaks(memory: &Memory) -> (u32, u32) {
    let promotion = memory.promotion.as_ref().map(|it| it.alive_streak);
    let module = memory.module.as_ref().map(|it| it.alive_streak);
    let alive = promotion.or(module).unwrap_or(0);
    (
        memory.suspicion.as_ref().map_or(0, |it| it.dead_streak),
        alive,
    )
}

/// One observation for each verdict.
fn one_per_verdict() -> Vec<Observation> {
    let up = Testimony::Up;
    let down = Testimony::Down(Voice::Proven);
    vec![
        seen(&Reach::Answers, Connectivity::NotAsked, None),
        seen(&Reach::Silent, Connectivity::NotAsked, Some(&up)),
        seen(&Reach::Silent, Connectivity::NotAsked, None),
        seen(&Reach::Silent, Connectivity::NotAsked, Some(&down)),
    ]
}

fn render() -> String {
    let mut text = String::from(
        "# Decision table\n\n\
         Rendered from the code by `cargo test core::`; the same test fails when this page and\n\
         the code differ (`HABEAT_BLESS=1 cargo test core::` writes it anew). Reason codes are\n\
         explained in docs/runbook.md.\n\n\
         ## Evidence to verdict\n\n\
         | peer | we are (by anchors) | witness | verdict | why |\n|---|---|---|---|---|\n",
    );
    for (name, observation) in observations() {
        let verdict = verdict(Quorum::All, &observation, Agent::AsItWas);
        let why = match &verdict {
            Verdict::Unknown(ignorance) => ignorance.to_string(),
            Verdict::Alive | Verdict::Cut | Verdict::Dead => String::new(),
        };
        writeln!(text, "| {name} | **{}** | {why} |", verdict.name()).unwrap();
    }
    text += "\n## Verdict and memory to decision\n\n\
             With `confirm_runs: 2`, `recover_runs: 2`, `max_attempts: 3`, `block_period: 1h`.\n\n\
             | verdict | memory | policy | decision | reason | streak | exit |\n|---|---|---|---|---|---|---|\n";
    for observation in one_per_verdict() {
        for (memory_name, memory) in memories() {
            for (policy_name, policy) in policies() {
                let decision = decide(&policy, &memory, &observation, &now());
                writeln!(
                    text,
                    "| {} | {memory_name} | {policy_name} | **{}** | {reason} | {} | {} |",
                    decision.verdict.name(),
                    decision.choice.name(),
                    decision.streak().unwrap_or_default(),
                    crate::core::exit::code(&decision).number(),
                    reason = decision.reason(),
                )
                .unwrap();
            }
        }
    }
    render_leaders(&mut text);
    render_failback(&mut text);
    text
}

fn render_leaders(text: &mut String) {
    *text += "\n## The role `consulserver`: has our own mesh a leader?\n\n\
             | verdict | leader | memory | decision | reason | streak | exit |\n|---|---|---|---|---|---|---|\n";
    let automatic = policy(Takeover::Automatic, false, OnReturn::Role);
    for (leader_name, observation) in dead_with_leaders() {
        for (memory_name, memory) in memories() {
            let decision = decide(&automatic, &memory, &observation, &now());
            writeln!(
                text,
                "| {} | {leader_name} | {memory_name} | **{}** | {reason} | {} | {} |",
                decision.verdict.name(),
                decision.choice.name(),
                decision.streak().unwrap_or_default(),
                crate::core::exit::code(&decision).number(),
                reason = decision.reason(),
            )
            .unwrap();
        }
    }
}

fn render_failback(text: &mut String) {
    *text += "\n## Failback: verdict and memory to decision\n\n\
             What `habeat failback` comes to, whatever the policy.\n\n\
             | verdict | memory | decision | reason | exit |\n|---|---|---|---|---|\n";
    for observation in one_per_verdict() {
        for (memory_name, memory) in memories() {
            let (_, policy) = policies().remove(0);
            let decision = failback(&policy, &memory, &observation);
            writeln!(
                text,
                "| {} | {memory_name} | **{}** | {reason} | {} |",
                decision.verdict.name(),
                decision.choice.name(),
                crate::core::exit::code(&decision).number(),
                reason = decision.reason(),
            )
            .unwrap();
        }
    }
}

/// A dead peer, whatever our own agent says of a leader.
fn dead_with_leaders() -> Vec<(&'static str, Observation)> {
    let down = Testimony::Down(Voice::Anchored);
    let dead = seen(&Reach::Silent, Connectivity::Connected, Some(&down));
    let leaders = [
        ("known", Leader::Known("198.51.100.3:8300".into())),
        ("lost", Leader::Lost),
        ("unknown", Leader::Unknown("timeout".into())),
    ];
    let with = |leader| Observation {
        leader,
        ..dead.clone()
    };
    leaders.map(|(name, leader)| (name, with(leader))).into()
}

#[test]
fn only_a_leader_that_is_missing_run_after_run_is_lost() {
    let automatic = policy(Takeover::Automatic, false, OnReturn::Role);
    let mut memory = Memory::default();
    let mut run = |leader: &str| {
        let leaders = dead_with_leaders();
        let (_, seen) = leaders.iter().find(|(name, _)| *name == leader).unwrap();
        let decision = decide(&automatic, &memory, seen, &now());
        memory = memory.after(&automatic, &decision, &seen.reach, &now());
        decision.reason()
    };
    let elected_between = ["lost", "known", "lost", "unknown", "lost"].map(&mut run);
    assert_eq!(
        elected_between,
        [
            "confirming",
            "has-leader",
            "confirming",
            "unknown",
            "confirmed"
        ]
    );
}

#[test]
fn the_page_of_the_decision_table_is_what_the_code_decides() {
    let rendered = render();
    let asked = |name| std::env::var_os(name).is_some();
    if asked("HABEAT_BLESS") && !asked("CI") {
        std::fs::write(GOLDEN, &rendered).unwrap();
    }
    let page = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(
        page == rendered,
        "src/core/tests/decision-table.md differs; HABEAT_BLESS=1 writes it anew"
    );
}

fn acts(decision: &Decision) -> bool {
    matches!(decision.choice, Choice::Promote | Choice::Resume)
}

#[test]
fn nothing_without_a_down_ever_promotes() {
    let mut promoted_at_all = 0;
    for (name, observation) in observations() {
        for (memory_name, memory) in memories() {
            for (policy_name, policy) in policies() {
                let decision = decide(&policy, &memory, &observation, &now());
                let says_down = observation
                    .heard
                    .iter()
                    .any(|heard| matches!(heard.testimony, Testimony::Down(_)));
                let may = says_down
                    && observation.reach == Reach::Silent
                    && observation.connectivity != Connectivity::Isolated
                    && policy.takeover == Takeover::Automatic
                    && !memory.paused;
                assert!(
                    may || !acts(&decision),
                    "{name} / {memory_name} / {policy_name}"
                );
                promoted_at_all += usize::from(acts(&decision));
            }
        }
    }
    assert!(promoted_at_all > 0, "the loop has seen no promotion at all");
}

#[test]
fn a_failback_goes_back_to_a_peer_that_answers_and_to_no_other() {
    let mut returned_at_all = 0;
    for (name, observation) in observations() {
        for (memory_name, memory) in memories() {
            for (_, policy) in policies() {
                let decision = failback(&policy, &memory, &observation);
                let returns = decision.choice == Choice::Failback;
                let may = observation.reach == Reach::Answers && memory.has_something_to_return();
                assert_eq!(returns, may, "{name} / {memory_name}");
                assert!(!acts(&decision), "{name} / {memory_name}");
                returned_at_all += usize::from(returns);
                let next = memory.after(&policy, &decision, &observation.reach, &now());
                let ((dead, alive), before) = (streaks(&next), streaks(&memory));
                let adds_nothing = dead <= before.0 && alive <= before.1;
                assert!(returns || adds_nothing, "{name} / {memory_name}");
                let is_seen = decision.verdict == Verdict::Alive;
                assert!(
                    !is_seen || next.suspicion.is_none(),
                    "{name} / {memory_name}"
                );
            }
        }
    }
    assert!(returned_at_all > 0, "the loop has seen no return at all");
}

#[test]
fn a_second_witness_can_only_take_away() {
    let voices = testimonies();
    for (_, first) in &voices {
        for (_, second) in &voices {
            for connectivity in [
                Connectivity::Connected,
                Connectivity::Isolated,
                Connectivity::NotAsked,
            ] {
                let mut both = seen(&Reach::Silent, connectivity, first.as_ref());
                both.heard
                    .extend(seen(&Reach::Silent, connectivity, second.as_ref()).heard);
                let alone = |testimony: &Option<Testimony>| {
                    testimony.is_none()
                        || verdict(
                            Quorum::All,
                            &seen(&Reach::Silent, connectivity, testimony.as_ref()),
                            Agent::AsItWas,
                        ) == Verdict::Dead
                };
                let said_something = first.is_some() || second.is_some();
                let dead = said_something && alone(first) && alone(second);
                assert_eq!(
                    verdict(Quorum::All, &both, Agent::AsItWas) == Verdict::Dead,
                    dead,
                    "{both:?}"
                );
            }
        }
    }
}

#[test]
fn unknown_changes_nothing_but_that_a_silent_peer_was_not_seen_alive() {
    let unknown = seen(&Reach::Silent, Connectivity::NotAsked, None);
    for (name, memory) in memories() {
        for (_, policy) in policies() {
            let decision = decide(&policy, &memory, &unknown, &now());
            let next = memory.after(&policy, &decision, &unknown.reach, &now());
            assert_eq!(streaks(&next), (streaks(&memory).0, 0), "{name}");
            let unprobed = memory.after(&policy, &decision, &Reach::Unknown("".into()), &now());
            assert_eq!(unprobed, memory, "{name}");
        }
    }
}

#[test]
fn a_cut_restarts_the_dead_streak_and_keeps_the_promotion() {
    let cut = seen(&Reach::Silent, Connectivity::NotAsked, Some(&Testimony::Up));
    for (name, memory) in memories() {
        let (_, policy) = policies().remove(0);
        let decision = decide(&policy, &memory, &cut, &now());
        let next = memory.after(&policy, &decision, &cut.reach, &now());
        assert_eq!(streaks(&next), (0, 0), "{name}");
        let fenced = next.promotion.as_ref().and_then(|it| it.fenced.clone());
        assert_eq!(fenced, None, "{name}");
        assert_eq!(
            next.promotion.is_some(),
            memory.promotion.is_some(),
            "{name}"
        );
        assert_eq!(
            next.suspicion.is_some(),
            memory.suspicion.is_some(),
            "{name}"
        );
    }
}

#[test]
fn an_outage_is_confirmed_then_promoted_and_a_return_is_confirmed_then_cleared() {
    let (_, policy) = policies().remove(0);
    let [alive, _, _, dead] = <[Observation; 4]>::try_from(one_per_verdict()).unwrap();
    let mut memory = Memory::default();
    let mut story = Vec::new();
    for observation in [&alive, &dead, &dead, &dead, &alive, &alive, &alive] {
        let decision = decide(&policy, &memory, observation, &now());
        memory = memory.after(&policy, &decision, &observation.reach, &now());
        match decision.choice {
            Choice::Promote => memory.promotion = promoted(Phase::Finished, 1, 0),
            Choice::Return | Choice::Failback => memory.promotion = None,
            Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Resume => {}
        }
        story.push(decision.reason());
    }
    let told = [
        "alive",
        "confirming",
        "confirmed",
        "already-promoted",
        "returning",
        "returned",
        "alive",
    ];
    assert_eq!(story, told);
}

#[test]
fn the_evidence_that_changed_counts_as_what_it_became() {
    let memory = Memory {
        suspicion: suspect(1, Some(now())),
        ..Memory::default()
    };
    for (became, streak) in [
        (Verdict::Alive, 0),
        (Verdict::Cut, 0),
        (Verdict::Unknown(Ignorance::NoWitness), 1),
    ] {
        let changed = Decision {
            verdict: Verdict::Dead,
            choice: Choice::Hold(Hold::Changed(became.clone())),
        };
        let (_, policy) = policies().remove(0);
        let next = memory.after(&policy, &changed, &Reach::Silent, &now());
        assert_eq!(streaks(&next).0, streak, "{became:?}");
    }
}

#[test]
fn a_leader_that_is_there_at_the_second_look_is_told_and_breaks_the_streak() {
    let automatic = policy(Takeover::Automatic, false, OnReturn::Role);
    let memory = Memory {
        suspicion: suspect(9, Some(now())),
        ..Memory::default()
    };
    let leaders = dead_with_leaders();
    let decided = |leader: &str| {
        let (_, seen) = leaders.iter().find(|(name, _)| *name == leader).unwrap();
        decide(&automatic, &memory, seen, &now())
    };
    let first = decided("lost");
    assert!(acts(&first), "{first:?}");
    let led = changed(first.clone(), decided("known"));
    assert_eq!(led.reason(), "has-leader");
    let next = memory.after(&automatic, &led, &Reach::Silent, &now());
    assert_eq!(streaks(&next).0, 0);
    let unsure = changed(first.clone(), decided("unknown"));
    assert!(unsure.sentence().contains("timeout"), "{unsure:?}");
    let next = memory.after(&automatic, &unsure, &Reach::Silent, &now());
    assert_eq!(streaks(&next).0, 9);
    let mut cut = first.clone();
    cut.verdict = Verdict::Cut;
    cut.choice = Choice::Hold(Hold::Cut);
    assert_eq!(changed(first, cut).reason(), "changed");
}

#[test]
fn the_evidence_that_changed_is_told_with_its_reason() {
    for (became, told) in [
        (Verdict::Cut, ": cut"),
        (
            Verdict::Unknown(Ignorance::Probe("no socket".to_owned())),
            ": unknown (the peer could not be probed: no socket)",
        ),
    ] {
        let changed = Decision {
            verdict: Verdict::Dead,
            choice: Choice::Hold(Hold::Changed(became)),
        };
        let sentence = changed.sentence();
        assert!(sentence.ends_with(told), "{sentence}");
    }
}

#[test]
fn across_a_reboot_the_block_period_counts_from_the_boot() {
    let story = ended(Some(Now {
        boot_id: "the boot before".into(),
        ..now()
    }));
    let memory = Memory {
        story,
        ..Memory::default()
    };
    let hour = Duration::from_secs(3600);
    let early = Now {
        boot_ms: 60_000,
        ..now()
    };
    assert_eq!(
        memory.block_left(hour, &early),
        Some(Duration::from_secs(3540))
    );
    assert_eq!(memory.block_left(hour, &now()), None);
}

#[test]
fn whom_a_restarted_agent_has_never_met_is_dead_for_this_recovery_alone() {
    let forgotten = Testimony::Unknown(Doubt::new(DoubtKind::NotMember, "no member"));
    let no_answer = Testimony::Unknown(Doubt::new(DoubtKind::NotFound, "nothing"));
    let after = |step: &str, said: &Testimony, connectivity, leader: Leader, promotion| {
        let memory = Memory {
            promotion,
            story: Story {
                epoch: 1,
                began: Some(now()),
                begun: [step.to_owned()].into(),
                ..Story::default()
            },
            ..Memory::default()
        };
        let seen = Observation {
            leader,
            ..seen(&Reach::Silent, connectivity, Some(said))
        };
        let automatic = policy(Takeover::Automatic, false, OnReturn::Role);
        decide(&automatic, &memory, &seen, &now()).verdict == Verdict::Dead
    };
    let verdicts = |said: &Testimony, connectivity, leader, promotion| {
        after(STOP_MESH, said, connectivity, leader, promotion)
    };
    let begun = || promoted(Phase::Unfinished, 1, 0);
    let here = Connectivity::Connected;
    assert!(verdicts(&forgotten, here, Leader::Lost, begun()));
    assert!(after(UNDONE, &forgotten, here, Leader::Lost, begun()));
    assert!(
        !after("preflight", &forgotten, here, Leader::Lost, begun()),
        "nothing was restarted"
    );
    let done = promoted(Phase::Finished, 1, 0);
    assert!(verdicts(&forgotten, here, Leader::Known("us".into()), done));
    assert!(
        !verdicts(&forgotten, here, Leader::Lost, None),
        "no recovery"
    );
    assert!(
        !verdicts(&forgotten, here, Leader::NotAsked, begun()),
        "another role"
    );
    assert!(
        !verdicts(&forgotten, Connectivity::NotAsked, Leader::Lost, begun()),
        "no anchor"
    );
    assert!(
        !verdicts(&no_answer, here, Leader::Lost, begun()),
        "no sight"
    );
}

#[test]
fn every_reason_code_is_listed_and_every_listed_one_is_reached() {
    let mut reached: BTreeSet<&str> = ["changed", "stopped", "drifted"].into();
    let mesh = dead_with_leaders();
    for observation in
        (observations().iter().map(|(_, seen)| seen)).chain(mesh.iter().map(|(_, seen)| seen))
    {
        for (_, memory) in memories() {
            for (_, policy) in policies() {
                let _ = reached.insert(decide(&policy, &memory, observation, &now()).reason());
                let _ = reached.insert(failback(&policy, &memory, observation).reason());
            }
        }
    }
    assert_eq!(reached, REASONS.into_iter().collect());
}

#[test]
fn runs_too_close_a_day_apart_or_before_a_reboot_are_no_row() {
    let spaced = Policy {
        run_spacing: Duration::from_secs(120),
        ..policy(Takeover::Automatic, false, OnReturn::Role)
    };
    let day = Duration::from_secs(24 * 3600);
    let elsewhere = Now {
        boot_id: "the boot before".into(),
        ..now()
    };
    for (last, runs) in [
        (ago(Duration::from_secs(119)), 4),
        (ago(Duration::from_secs(120)), 5),
        (ago(day - Duration::from_secs(1)), 5),
        (ago(day), 1),
        (elsewhere, 1),
    ] {
        let mut alive = promoted(Phase::Finished, 1, 4);
        if let Some(promotion) = &mut alive {
            promotion.alive_last = Some(last.clone());
        }
        let memory = Memory {
            suspicion: suspect(4, Some(last.clone())),
            promotion: alive,
            ..Memory::default()
        };
        assert_eq!(memory.dead_runs(&spaced, &now()), runs, "dead, {last:?}");
        assert_eq!(memory.alive_runs(&spaced, &now()), runs, "alive, {last:?}");
    }
}

#[test]
fn a_run_too_close_counts_nothing_but_a_sign_of_life() {
    let spaced = Policy {
        run_spacing: Duration::from_secs(120),
        ..policy(Takeover::Automatic, false, OnReturn::Role)
    };
    let [alive, _, _, dead] = <[Observation; 4]>::try_from(one_per_verdict()).unwrap();
    let memory = Memory {
        suspicion: suspect(1, Some(ago(Duration::from_secs(1)))),
        ..Memory::default()
    };
    let decision = decide(&spaced, &memory, &dead, &now());
    assert_eq!(decision.streak().as_deref(), Some("1/2"));
    assert_eq!(
        memory.after(&spaced, &decision, &dead.reach, &now()),
        memory
    );
    let decision = decide(&spaced, &memory, &alive, &now());
    let next = memory.after(&spaced, &decision, &alive.reach, &now());
    assert_eq!(next.suspicion, None);
}

#[test]
fn a_row_is_about_one_host() {
    let memory = Memory {
        suspicion: suspect(3, Some(now())),
        ..Memory::default()
    };
    assert_eq!(memory.clone().about("mbox1"), memory);
    assert_eq!(streaks(&memory.about("mbox9")).0, 0);
}
