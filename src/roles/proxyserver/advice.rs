//! What a return leaves as it is.

use super::Proxyserver;
use crate::core::{Choice, Decision, Memory};

/// Returns the line for the log, where the traffic stays here.
pub(crate) fn not_given_back(
    proxyserver: &Proxyserver,
    memory: &Memory,
    decision: &Decision,
) -> Option<String> {
    if !memory.is_switched() {
        return None;
    }
    let (word, why) = if proxyserver.deactivate.is_empty() {
        ("nothing-to-run", "the list is empty")
    } else if decision.choice == Choice::Return && !proxyserver.enable_deactivate {
        ("not-enabled", "local.proxy_enable_deactivate is off")
    } else {
        return None;
    };
    Some(format!(
        "deactivate={word} because={why:?} \
         next=\"the traffic stays here until somebody moves it back\""
    ))
}
