//! `habeat ack` and `habeat retry`: the operator's word about a promotion.

use std::path::Path;

use crate::app;
use crate::base::refusal::Refusal;
use crate::core::event::Errand;
use crate::core::{Phase, Promotion};
use crate::report::asker::asker;

/// The operator has seen it; returns what to tell them.
///
/// # Errors
/// When it cannot be taken down.
pub fn ack(config: &Path, reason: &str) -> Result<String, Refusal> {
    let promotion = app::take_down(config, Errand::Ack(signed(reason)))?;
    let Some(promotion) = promotion else {
        return Ok("there is nothing to acknowledge: no promotion was begun".into());
    };
    say("ack", &promotion, reason);
    let Promotion { epoch, source, .. } = &*promotion;
    Ok(match promotion.phase {
        Phase::Finished => {
            format!("acknowledged: the promotion of {source} (epoch {epoch}) is done")
        }
        Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts | Phase::Returning => format!(
            "acknowledged: the promotion of {source} (epoch {epoch}) is not done; to have it tried \
             again: habeat retry"
        ),
    })
}

/// What failed may be tried again; returns what to tell the operator.
///
/// # Errors
/// When it cannot be taken down.
pub fn retry(config: &Path, reason: &str) -> Result<String, Refusal> {
    let promotion = app::take_down(config, Errand::Retry(signed(reason)))?;
    let Some(promotion) = promotion else {
        return Ok("there is nothing to try again: no promotion is unfinished".into());
    };
    say("retry", &promotion, reason);
    let Promotion { epoch, source, .. } = &*promotion;
    Ok(format!(
        "the promotion of {source} (epoch {epoch}) may be tried again; the next run that sees the \
         peer dead goes on with it"
    ))
}

/// The reason, and whose it is.
fn signed(reason: &str) -> String {
    let who = asker();
    if reason.is_empty() {
        who
    } else {
        format!("{reason} ({who})")
    }
}

fn say(verb: &str, promotion: &Promotion, reason: &str) {
    let (epoch, source) = (promotion.epoch, &promotion.source);
    log::warn!("{verb}=epoch-{epoch} source={source} reason={reason:?}");
}
