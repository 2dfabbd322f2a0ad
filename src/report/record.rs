//! One run as a document: for `--json`, and for the history.

use serde::Serialize;
use serde_json::json;

use crate::act::{Argv, Deeds, Tally};
use crate::base::clock::Now;
use crate::base::refusal::Code;
use crate::config::{Config, Takeover};
use crate::core::{Decision, Memory, contradict};
use crate::observe::{Answer, Connectivity, Leader, Look, Observation, Reach};
use crate::report::sentence::sentence;
use crate::roles::{RoleConfig, Stage, lines};
use crate::witness::{Heard, Testimony, Voice, Weight};

mod text;

/// The version of this document.
const VERSION: u32 = 1;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    version: u32,
    /// Names the run.
    pub run: String,
    at: String,
    role: &'static str,
    site: String,
    peer: Peer,
    reach: &'static str,
    looks: Vec<Seen>,
    #[serde(rename = "self")]
    connectivity: &'static str,
    anchors: Vec<Seen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leader: Option<String>,
    heard: Vec<Said>,
    contradiction: bool,
    verdict: &'static str,
    decision: &'static str,
    reason: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    streak: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    promotion: Option<Promoted>,
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Accounts>,
    /// What an operator has to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_run: Option<WouldRun>,
    /// The exit code, as a number.
    pub exit: u8,
    /// The exit code.
    #[serde(skip)]
    pub code: Code,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Peer {
    site: String,
    host: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Seen {
    target: String,
    answer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Said {
    witness: String,
    host: String,
    testimony: &'static str,
    weight: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Promoted {
    epoch: u64,
    phase: crate::core::Phase,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Step {
    step: &'static str,
    outcome: String,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Accounts {
    total: usize,
    left: usize,
    without_replica: usize,
    lagging: usize,
    stages: Vec<StageTally>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct StageTally {
    stage: &'static str,
    done: usize,
    failed: usize,
}

/// What a dry run would have run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct WouldRun {
    now: Vec<Argv>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_promotion: Option<Vec<Argv>>,
    /// When the latter would be run, in words.
    #[serde(skip)]
    when: &'static str,
}

/// What a run consists of, up to its end.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What it says to the role.
    pub role: &'a RoleConfig,
    /// When the run began.
    pub now: &'a Now,
    /// What was seen.
    pub seen: &'a Observation,
    /// What was decided.
    pub decision: &'a Decision,
    /// The memory at the end.
    pub memory: &'a Memory,
    /// Who asked for it, if it is not the timer's.
    pub asked_by: Option<&'a str>,
}

impl Report {
    /// Reports a run that acted, or had nothing to do.
    pub fn of_run(parts: Parts<'_>, deeds: &Deeds, code: Code) -> Self {
        let steps = deeds.steps.iter().map(|deed| Step {
            step: deed.step,
            outcome: deed.outcome.to_string(),
            ms: u64::try_from(deed.took.as_millis()).unwrap_or(u64::MAX),
            complaint: deed.complaint.clone(),
        });
        Self {
            steps: steps.collect(),
            accounts: deeds.accounts.as_ref().map(accounts),
            ..Self::of_decision(parts, code)
        }
    }

    /// Reports a dry run; `on_promotion` where it may come to one.
    pub fn of_dry_run(
        parts: Parts<'_>,
        now: Vec<Argv>,
        on_promotion: Option<&[Stage]>,
        code: Code,
    ) -> Self {
        let would_run = WouldRun {
            now,
            on_promotion: on_promotion.map(lines),
            when: match parts.config.policy.takeover {
                Takeover::Automatic | Takeover::Manual => "on a confirmed death it would run",
                Takeover::NotEnabled => {
                    "on a confirmed death, with local.proxy_enable_activate on, it would run"
                }
            },
        };
        Self {
            would_run: Some(would_run),
            ..Self::of_decision(parts, code)
        }
    }

    fn of_decision(parts: Parts<'_>, code: Code) -> Self {
        let Parts {
            config,
            role,
            now,
            seen,
            decision,
            memory,
            asked_by,
        } = parts;
        Self {
            version: VERSION,
            run: format!("{}-{}", now.wall, std::process::id()),
            at: now.utc(),
            role: config.role.name,
            site: config.own.name.clone(),
            peer: Peer {
                site: config.peer.name.clone(),
                host: config.peer.host(),
            },
            reach: reach(&seen.reach),
            looks: seen.looks.iter().map(look).collect(),
            connectivity: connectivity(seen.connectivity),
            anchors: seen.anchors.iter().map(look).collect(),
            leader: leader(&seen.leader),
            heard: seen.heard.iter().map(said).collect(),
            contradiction: contradict(&seen.heard),
            verdict: decision.verdict.name(),
            decision: decision.choice.name(),
            reason: decision.reason(),
            detail: sentence(decision),
            asked_by: asked_by.map(str::to_owned),
            streak: decision.streak(),
            promotion: memory.promotion.as_ref().map(|promotion| Promoted {
                epoch: promotion.epoch,
                phase: promotion.phase,
                attempts: promotion.attempts,
                failure: promotion.failure.clone(),
            }),
            steps: Vec::new(),
            accounts: None,
            advice: role.advice(config, memory),
            would_run: None,
            exit: code.number(),
            code,
        }
    }
}

fn accounts(tally: &Tally) -> Accounts {
    let stages = tally.stages.iter();
    Accounts {
        total: tally.total,
        left: tally.left,
        without_replica: tally.without_replica,
        lagging: tally.lagging,
        stages: stages
            .map(|&(stage, done, failed)| StageTally {
                stage,
                done,
                failed,
            })
            .collect(),
    }
}

/// Returns the document of a call that was refused.
pub fn refused(code: Code, why: &str) -> String {
    let why = why.trim_end();
    json!({"version": VERSION, "refused": {"exit": code.number(), "why": why}}).to_string()
}

/// Returns the word for the log and the report.
pub fn reach(reach: &Reach) -> &'static str {
    match reach {
        Reach::Answers => "answers",
        Reach::Silent => "silent",
        Reach::Unknown(_) => "unknown",
    }
}

/// Returns the word for the log and the report.
pub fn connectivity(connectivity: Connectivity) -> &'static str {
    match connectivity {
        Connectivity::Connected => "connected",
        Connectivity::Isolated => "isolated",
        Connectivity::NotAsked => "not-asked",
    }
}

/// Returns the word for the log and the report.
pub fn voice_word(voice: Voice) -> &'static str {
    match voice {
        Voice::Proven => "proven",
        Voice::Anchored => "anchored",
    }
}

/// Returns what is known of our mesh's leader, for the log and the report; `None` = not asked.
pub fn leader(leader: &Leader) -> Option<String> {
    match leader {
        Leader::NotAsked => None,
        Leader::Known(leader) => Some(leader.clone()),
        Leader::Lost => Some("none".to_owned()),
        Leader::Unknown(why) => Some(format!("unknown: {why}")),
    }
}

fn look(look: &Look) -> Seen {
    let (answer, detail) = match &look.answer {
        Answer::Answered => ("answered", None),
        Answer::Ours(detail) => ("ours", Some(detail.clone())),
        Answer::NoAnswer(detail) => ("no-answer", Some(detail.clone())),
        Answer::CouldNotProbe(detail) => ("could-not-probe", Some(detail.clone())),
    };
    Seen {
        target: look.target.clone(),
        answer,
        detail,
    }
}

fn said(heard: &Heard) -> Said {
    let (testimony, voice, doubt) = match &heard.testimony {
        Testimony::Up => ("up", None, None),
        Testimony::Down(voice) => ("down", Some(voice_word(*voice)), None),
        Testimony::Unknown(doubt) => ("unknown", None, Some(doubt)),
    };
    Said {
        witness: heard.witness.clone(),
        host: heard.host.clone(),
        testimony,
        weight: match heard.weight {
            Weight::Full => "full",
            Weight::VetoOnly => "veto-only",
        },
        voice,
        doubt: doubt.map(|doubt| doubt.kind.code()),
        detail: doubt.map(|doubt| doubt.detail.clone()),
    }
}
