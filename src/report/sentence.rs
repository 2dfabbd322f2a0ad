//! A decision's reason for a person: what the core says in durations is told as a time of day.

use crate::base::logging::local_time;
use crate::core::{Choice, Decision, Hold};

/// Returns the sentence.
pub fn sentence(decision: &Decision) -> String {
    match &decision.choice {
        Choice::Hold(Hold::Blocked { left }) => {
            let until = local_time(*left);
            format!("the last promotion is too recent; held until {until}")
        }
        Choice::Hold(_)
        | Choice::Rest
        | Choice::Clear
        | Choice::Return
        | Choice::Failback
        | Choice::Resume
        | Choice::Promote => decision.sentence(),
    }
}
