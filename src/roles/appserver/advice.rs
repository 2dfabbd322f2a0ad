//! What a return leaves as it is.

use crate::core::{Memory, Phase};

/// Returns the line for the log: moving accounts back is a decision for people.
pub(crate) fn not_given_back(memory: &Memory) -> Option<String> {
    let promotion = memory.promotion.as_ref()?;
    let stay = match promotion.phase {
        Phase::Finished => "here",
        Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts | Phase::Returning => {
            "where they are: the promotion was not finished, and is given up"
        }
    };
    Some(format!(
        "accounts=stay where={stay:?} source={} next=\"docs/runbook.md#after-a-promotion\"",
        promotion.source
    ))
}
