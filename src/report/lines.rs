//! The log lines of a run: one fact per line, and exactly one `decision=` line.

use crate::base::logging::{DECISION, word};
use crate::base::shell::shell_line;
use crate::config::Config;
use crate::core::effect::{End, Fact};
use crate::core::{Choice, Decision, Hold, Memory, Verdict, contradict};
use crate::observe::{Answer, Connectivity, Look, Observation};
use crate::report::record::{Report, connectivity, leader, reach, voice_word};
use crate::report::sentence::sentence;
use crate::roles::{self, Book, RoleConfig, Stage};
use crate::store::file::beside;
use crate::witness::{Heard, Testimony, Weight};

/// Logs what the machine tells.
pub fn fact(config: &Config, book: &Book, fact: &Fact) {
    match fact {
        Fact::Seen(seen) => evidence(config, seen),
        Fact::LooksAgain(verdict) => log::info!(
            "verdict={} next=\"the evidence is taken once more\"",
            verdict.name()
        ),
        Fact::Decided(decided, memory) => {
            decision(config, decided);
            withheld(&book.takeover, decided);
            left(&book.role, memory, decided);
        }
        Fact::AwaitsOrphans(pids) => log::warn!(
            "orphans={pids:?} state=waiting cause=\"commands of an earlier run, which was killed\""
        ),
        Fact::EndsOrphans(pids) => {
            log::warn!("orphans={pids:?} outcome=ended cause=\"still there at the deadline\"");
        }
        Fact::JournalMissing => log::warn!(
            "journal={} state=missing because=\"the promotion is unfinished, and nothing tells what was done \
             of it\" consequence=\"everything counts as begun\"",
            beside(&config.files.record(), ".journal").display()
        ),
        Fact::StageDone(stage) => {
            log::info!("stage={stage} outcome=\"done by an earlier run\"");
        }
        Fact::CommandDone(step, command) => {
            log::info!("step={step} command={command:?} outcome=\"done by an earlier run\"");
        }
        Fact::Begins(step, (number, all, command)) => {
            log::info!("step={step} command={command:?} number={number}/{all}");
        }
        Fact::Left(listed, before) => match before {
            None => log::info!(
                "accounts={} without_replica={} lagging={} unusable={}",
                listed.total,
                listed.without_replica,
                listed.lagging,
                listed.unusable
            ),
            Some(before) => {
                log::info!("accounts_left={} accounts_before={before}", listed.total);
            }
        },
        Fact::NotWritten(why) => log::error!("journal=not-written cause={why:?}"),
    }
}

/// Logs what was seen.
fn evidence(config: &Config, seen: &Observation) {
    for look in &seen.looks {
        log_look("probe", look);
    }
    log::info!(
        "peer={} host={} reach={}",
        word(&config.peer.name),
        config.peer.host(),
        reach(&seen.reach)
    );
    for look in &seen.anchors {
        log_look("anchor", look);
    }
    if seen.connectivity != Connectivity::NotAsked {
        log::info!("self={}", connectivity(seen.connectivity));
    }
    for heard in &seen.heard {
        log_heard(heard);
    }
    if let Some(leader) = leader(&seen.leader) {
        log::info!("leader={leader:?}");
    }
    if contradict(&seen.heard) {
        log::warn!("witnesses=contradict because=\"one says up, another says down\"");
    }
}

fn log_look(kind: &str, look: &Look) {
    let target = word(&look.target);
    match &look.answer {
        Answer::Answered => log::info!("{kind}={target} answer=answered"),
        Answer::Ours(why) => log::warn!("{kind}={target} answer=ours cause={why:?}"),
        Answer::NoAnswer(why) => {
            log::info!("{kind}={target} answer=no-answer cause={why:?}");
        }
        Answer::CouldNotProbe(why) => {
            log::warn!("{kind}={target} answer=could-not-probe cause={why:?}");
        }
    }
    for address in &look.left_out {
        log::info!("{kind}={target} left-out={address:?}");
    }
}

fn log_heard(heard: &Heard) {
    let Heard {
        witness,
        host,
        testimony,
        weight,
    } = heard;
    let (witness, host) = (word(witness), word(host));
    let weight = match weight {
        Weight::Full => "",
        Weight::VetoOnly => " weight=veto-only",
    };
    match testimony {
        Testimony::Up => log::info!("witness={witness} host={host} testimony=up{weight}"),
        Testimony::Down(voice) => {
            let voice = voice_word(*voice);
            log::warn!("witness={witness} host={host} testimony=down voice={voice}{weight}");
        }
        Testimony::Unknown(doubt) => log::warn!(
            "witness={witness} host={host} testimony=unknown doubt={} cause={:?}{weight}",
            doubt.kind.code(),
            doubt.detail
        ),
    }
}

/// Logs what was decided.
fn decision(config: &Config, decision: &Decision) {
    let streak = decision
        .streak()
        .map(|streak| format!(" streak={streak}"))
        .unwrap_or_default();
    let line = format!(
        "{DECISION}={} reason={} verdict={}{streak} role={} peer={} because={:?}",
        decision.choice.name(),
        decision.reason(),
        decision.verdict.name(),
        config.role.name,
        config.peer.host(),
        sentence(decision)
    );
    match (&decision.verdict, &decision.choice) {
        // Whoever asked is answered, even with -q.
        (_, Choice::Failback | Choice::Hold(Hold::NothingToReturn)) => {
            log::warn!(target: DECISION, "{line}");
        }
        (Verdict::Alive, _) => log::info!(target: DECISION, "{line}"),
        (Verdict::Cut | Verdict::Dead | Verdict::Unknown(_), _) => {
            log::warn!(target: DECISION, "{line}");
        }
    }
}

/// Logs what the config keeps this run from doing.
fn withheld(takeover: &[Stage], decision: &Decision) {
    match &decision.choice {
        Choice::Hold(Hold::NotEnabled) => {
            for argv in roles::lines(takeover) {
                log::warn!("would-run={:?}", shell_line(&argv));
            }
        }
        Choice::Rest
        | Choice::Clear
        | Choice::Hold(_)
        | Choice::Return
        | Choice::Failback
        | Choice::Resume
        | Choice::Promote => {}
    }
}

/// Logs what a return leaves as it is.
fn left(role: &RoleConfig, memory: &Memory, decision: &Decision) {
    match &decision.choice {
        Choice::Return | Choice::Failback => {
            if let Some(line) = role.not_given_back(memory, decision) {
                log::warn!("{line}");
            }
        }
        Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Resume | Choice::Promote => {}
    }
}

/// Logs how the run ended.
pub fn conclusion(report: &Report, end: &End) {
    let exit = report.exit;
    for line in &report.advice {
        log::warn!("operator={line:?}");
    }
    match end {
        End::Complete | End::Acknowledged(_) => log::info!("result=complete exit={exit}"),
        End::Incomplete(why) => log::error!("result=incomplete exit={exit} cause={why:?}"),
        End::FenceFailed(why) => log::error!(
            "result=fence-failed exit={exit} cause={why:?} next=\"see to it, then: habeat retry\""
        ),
        End::NotReady(why) | End::Withheld(why) => log::error!(
            "result=not-ready exit={exit} cause={why:?} next=\"the next run looks again\""
        ),
        End::GivenUp(why) => log::error!(
            "result=given-up exit={exit} cause={why:?} next=\"see to it, then: habeat retry\""
        ),
        End::Changed(verdict) => log::error!(
            "result=changed exit={exit} verdict={} cause=\"the peer was looked at again before the \
             next step, and is not seen dead any more\" next=\"the next run looks again\"",
            verdict.name()
        ),
        End::NoAccounts => log::error!(
            "result=no-accounts exit={exit} cause=\"nobody is on the dead host: they are promoted \
             already, or its appserver_vmname is not its name in Carbonio\" next=\"moved by hand: \
             habeat ack; else docs/runbook.md#no-accounts\""
        ),
        End::Stopped => {
            log::warn!("result=stopped exit={exit} next=\"the next run goes on from here\"");
        }
        End::NoPrivilege | End::NotWritten(_) | End::OtherHost(_) | End::Bug(_) => {
            log::error!("result=refused exit={exit}");
        }
    }
}
