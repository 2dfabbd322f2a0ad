//! Targets that are this node's own at the moment: an address that moves with the traffic is the
//! peer's in one run and ours in the next.

use crate::config::Config;
use crate::observe::ours;
use crate::roles::check::Findings;

/// Names them.
pub(super) fn look(config: &Config, found: &mut Findings) {
    for (key, target) in ours(config) {
        let message = format!(
            "{target} is an address of this node: its answer is nobody's; name one that stays the \
             other side's after a takeover"
        );
        found.warn(key, message);
    }
}
