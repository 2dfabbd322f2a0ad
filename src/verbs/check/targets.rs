//! Targets that are this node's own at the moment: an address that moves with the traffic is the
//! peer's in one run and ours in the next.

use crate::config::{Config, Problem};
use crate::observe::ours;

/// Names them.
pub(super) fn warnings(config: &Config) -> Vec<Problem> {
    let problem = |(key, target): (&str, _)| Problem {
        line: None,
        key: key.to_owned(),
        message: format!(
            "{target} is an address of this node: its answer is nobody's; name one that stays the \
             other side's after a takeover"
        ),
    };
    ours(config).into_iter().map(problem).collect()
}
