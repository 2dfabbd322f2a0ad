//! Which exit code a run ends with.

use crate::base::refusal::Code;
use crate::core::effect::End;
use crate::core::{Choice, Decision, Hold};

/// What a run means when everything decided was done.
pub fn code(decision: &Decision) -> Code {
    match &decision.choice {
        Choice::Rest
        | Choice::Clear
        | Choice::Return
        | Choice::Failback
        | Choice::Resume
        | Choice::Promote => Code::Done,
        Choice::Hold(
            Hold::Returning { .. }
            | Hold::ManualReturn
            | Hold::HasLeader(_)
            | Hold::Confirming { .. }
            | Hold::AlreadyPromoted
            | Hold::NothingToReturn,
        ) => Code::Done,
        Choice::Hold(
            Hold::Cut
            | Hold::Unknown(_)
            | Hold::ManualSite(_)
            | Hold::NotEnabled
            | Hold::Undocumented
            | Hold::Latched(_)
            | Hold::Paused
            | Hold::Blocked { .. }
            | Hold::FenceFailed
            | Hold::Changed(_)
            | Hold::PeerAway(_),
        ) => Code::Held,
        Choice::Hold(Hold::Stopped | Hold::Drifted(_)) => Code::Failed,
    }
}

/// What a run means after it acted.
pub(super) fn code_after(decision: &Decision, end: &End) -> Code {
    match end {
        End::Complete => code(decision),
        End::Withheld(_) | End::Changed(_) => Code::Held,
        End::Incomplete(_)
        | End::NotReady(_)
        | End::FenceFailed(_)
        | End::GivenUp(_)
        | End::NoAccounts
        | End::Stopped => Code::Failed,
        End::NoPrivilege => Code::Privilege,
        End::NotWritten(_) | End::OtherHost(_) => Code::Unusable,
        End::Acknowledged(_) => Code::Done,
        End::Bug(_) => Code::Bug,
    }
}
