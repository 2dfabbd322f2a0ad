//! What a run means to whoever started it. The only table of exit codes.

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Nothing to do, or all that was decided was done.
    Done,
    /// An action failed, is unfinished, or what was done no longer holds.
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
        "nothing to do, or all that was decided was done (confirming, returning and already \
         promoted are 0 too)",
    ),
    (
        Code::Failed,
        "an action failed, is unfinished, or what was done no longer holds: operator needed",
    ),
    (Code::Usage, "wrong usage"),
    (
        Code::Held,
        "the peer is silent and habeat holds: cut, unknown, isolated, blocked, latched, paused, \
         manual site, not ready, awaiting approval, an empty promotion file",
    ),
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
