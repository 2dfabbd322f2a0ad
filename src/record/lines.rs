//! The log lines of a run: one fact per line, and exactly one `decision=` line.

use crate::act::{Deeds, End};
use crate::config::{Config, Duty};
use crate::decide::{Choice, Decision, Hold, Memory, Phase, Promotion, contradict};
use crate::logging::word;
use crate::observe::{Answer, Look, Observation, Standing};
use crate::plan::{self, takeover};
use crate::record::report::{Report, reach, shell_line, standing, voice_word};
use crate::witness::{Heard, Testimony, Weight};

/// Logs what was seen.
pub fn evidence(config: &Config, seen: &Observation) {
    for look in &seen.looks {
        log_look("probe", look);
    }
    log::info!(
        "peer={} host={} reach={}",
        word(&config.peer.name),
        config.peer.host,
        reach(&seen.reach)
    );
    for look in &seen.anchors {
        log_look("anchor", look);
    }
    if seen.standing != Standing::NotAsked {
        log::info!("self={}", standing(seen.standing));
    }
    for heard in &seen.heard {
        log_heard(heard);
    }
    if contradict(&seen.heard) {
        log::warn!("witnesses=contradict because=\"one says up, another says down\"");
    }
}

fn log_look(kind: &str, look: &Look) {
    let target = word(&look.target);
    match &look.answer {
        Answer::Answered => log::info!("{kind}={target} answer=answered"),
        Answer::NoAnswer(why) => {
            log::info!("{kind}={target} answer=no-answer cause={why:?}");
        }
        Answer::CouldNotProbe(why) => {
            log::warn!("{kind}={target} answer=could-not-probe cause={why:?}");
        }
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
pub fn decision(config: &Config, decision: &Decision) {
    let streak = decision
        .streak()
        .map(|streak| format!(" streak={streak}"))
        .unwrap_or_default();
    let line = format!(
        "decision={} reason={} verdict={}{streak} role={} peer={} because={:?}",
        decision.choice.name(),
        decision.reason(),
        decision.verdict.name(),
        config.role().name(),
        config.peer.host,
        decision.sentence()
    );
    match decision.verdict {
        crate::decide::Verdict::Alive => log::info!("{line}"),
        crate::decide::Verdict::Cut
        | crate::decide::Verdict::Dead
        | crate::decide::Verdict::Unknown(_) => log::warn!("{line}"),
    }
}

/// Logs what the config keeps this run from doing.
pub fn withheld(config: &Config, memory: &Memory, decision: &Decision) {
    match &decision.choice {
        Choice::Hold(Hold::NotEnabled) => {
            for argv in plan::lines(&takeover(config)) {
                log::warn!("would-run={:?}", shell_line(&argv));
            }
        }
        Choice::Return => match &config.duty {
            Duty::Proxyserver(proxyserver)
                if plan::is_switched(memory) && !proxyserver.enable_deactivate =>
            {
                log::warn!(
                    "deactivate=not-enabled because=\"local.proxy_enable_deactivate is off\" \
                     next=\"the traffic stays here until somebody moves it back\""
                );
            }
            Duty::Appserver(_) | Duty::Proxyserver(_) => {}
        },
        Choice::Rest | Choice::Clear | Choice::Hold(_) | Choice::Resume | Choice::Promote => {}
    }
}

/// Logs how the run ended.
pub fn conclusion(report: &Report, deeds: &Deeds) {
    let exit = report.exit;
    match &deeds.end {
        End::Complete => log::info!("result=complete exit={exit}"),
        End::Incomplete(why) => log::error!("result=incomplete exit={exit} cause={why:?}"),
        End::FenceFailed(why) => log::error!(
            "result=fence-failed exit={exit} cause={why:?} next=\"see to it, then: habeat ack\""
        ),
        End::Stopped => {
            log::warn!("result=stopped exit={exit} next=\"the next run goes on from here\"");
        }
    }
}

/// Logs an acknowledgement, and returns what to tell the operator.
pub fn acknowledgement(acknowledged: Option<&Promotion>, reason: &str) -> String {
    let Some(promotion) = acknowledged else {
        return "there is nothing to acknowledge: no promotion was begun".into();
    };
    let (epoch, source) = (promotion.epoch, &promotion.source);
    log::warn!("ack=epoch-{epoch} source={source} reason={reason:?}");
    match promotion.phase {
        Phase::Finished => {
            format!("acknowledged: the promotion of {source} (epoch {epoch}) is done")
        }
        Phase::Unfinished | Phase::FenceFailed | Phase::Returning => format!(
            "acknowledged: the promotion of {source} (epoch {epoch}) may be tried again; \
             the next run that sees the peer dead goes on with it"
        ),
    }
}
