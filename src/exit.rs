//! What a run means to whoever started it. The only table of exit codes.

use crate::act::End;
use crate::config::Invalid;
use crate::decide::{Choice, Decision, Hold};

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nothing to do, or all that was decided was done.
    Done,
    /// An action failed or is unfinished.
    Failed,
    /// Wrong usage.
    Usage,
    /// The peer is silent and habeat holds.
    Held,
    /// A bug in habeat (sysexits.h: `EX_SOFTWARE`).
    Bug,
    /// Another run holds the lock (sysexits.h: `EX_TEMPFAIL`).
    Busy,
    /// Missing privilege (sysexits.h: `EX_NOPERM`).
    Privilege,
    /// Config or state unusable (sysexits.h: `EX_CONFIG`).
    Unusable,
}

/// Every code with its meaning, as printed in `habeat.8`.
pub const TABLE: [(Code, &str); 8] = [
    (
        Code::Done,
        "nothing to do, or all that was decided was done",
    ),
    (
        Code::Failed,
        "an action failed or is unfinished: operator needed",
    ),
    (Code::Usage, "wrong usage"),
    (Code::Held, "the peer is silent and habeat holds"),
    (Code::Bug, "a bug in habeat"),
    (Code::Busy, "another run holds the lock"),
    (Code::Privilege, "missing privilege"),
    (Code::Unusable, "config or state unusable"),
];

impl Code {
    /// Returns the number.
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Held => 3,
            Self::Bug => 70,
            Self::Busy => 75,
            Self::Privilege => 77,
            Self::Unusable => 78,
        }
    }
}

/// Why something could not be done at all, with the code that says so.
#[derive(Debug)]
pub struct Refusal {
    /// The exit code.
    pub code: Code,
    /// What we were doing, and what to do next.
    pub error: anyhow::Error,
}

impl Refusal {
    /// Refuses because the config or the state is unusable.
    pub fn unusable(error: anyhow::Error) -> Self {
        Self {
            code: Code::Unusable,
            error,
        }
    }

    /// Refuses because of the config: one that may not be read is a missing privilege.
    pub fn config(invalid: Invalid) -> Self {
        let code = if invalid.denied {
            Code::Privilege
        } else {
            Code::Unusable
        };
        Self {
            code,
            error: invalid.into(),
        }
    }

    /// Refuses because of a mistake of ours.
    pub fn bug(error: anyhow::Error) -> Self {
        Self {
            code: Code::Bug,
            error,
        }
    }

    /// Refuses because of an I/O error: a missing privilege is not a damaged state.
    pub fn io(error: std::io::Error, doing: String) -> Self {
        let denied = error.kind() == std::io::ErrorKind::PermissionDenied;
        let code = if denied {
            Code::Privilege
        } else {
            Code::Unusable
        };
        Self {
            code,
            error: anyhow::Error::new(error).context(doing),
        }
    }
}

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
            | Hold::Latched
            | Hold::Paused
            | Hold::Blocked { .. }
            | Hold::FenceFailed
            | Hold::Changed(_)
            | Hold::PeerAway(_),
        ) => Code::Held,
        Choice::Hold(Hold::Stopped) => Code::Failed,
    }
}

/// What a run means after it acted.
pub fn code_after(decision: &Decision, end: &End) -> Code {
    match end {
        End::Complete => code(decision),
        End::Incomplete(_)
        | End::NotReady(_)
        | End::FenceFailed(_)
        | End::GivenUp(_)
        | End::Stopped => Code::Failed,
    }
}
