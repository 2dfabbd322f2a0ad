//! Why somebody who was asked cannot say: a witness, or whoever is to carry an order out.

use std::fmt;

/// Characters of a doubt's detail, at the most: a question and two excerpts have about half.
const DETAIL: usize = 1000;

/// Why a witness cannot say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Doubt {
    /// The stable code.
    pub kind: DoubtKind,
    /// The particulars, for the log.
    pub detail: String,
}

/// The ways of not knowing. Each has a paragraph in the runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DoubtKind {
    /// No connection: refused, reset, no route, name not resolved.
    Unreachable,
    /// No complete answer within the deadline.
    Timeout,
    /// The certificate or the handshake was not acceptable.
    Tls,
    /// 401 or 403, or a token nobody knows.
    Denied,
    /// 429.
    RateLimited,
    /// 3xx: never followed.
    Redirected,
    /// 5xx or another status that is not 200.
    HttpStatus,
    /// Not the JSON we expect, cut off, or too large.
    BadAnswer,
    /// It does not know the host.
    NotFound,
    /// It does not know the host, and shows that it sees others: an agent that was restarted has
    /// never met whom it cannot reach.
    NotMember,
    /// More than one entry fits the host.
    Ambiguous,
    /// Two voices of it say the opposite of each other.
    Contradiction,
    /// An administrator took the host out: left, leaving, in maintenance.
    TakenOut,
    /// A state that says neither up nor down.
    Unclear,
    /// The answer is not fresh.
    Stale,
    /// Parts of the answer were withheld from us.
    Filtered,
    /// No leader, and the gossip may not speak.
    NoLeader,
    /// It says down but cannot show that it sees anything.
    Blind,
    /// It is set up in a way that cannot be used.
    Unusable,
}

impl DoubtKind {
    /// Every way of not knowing.
    pub const ALL: [Self; 19] = [
        Self::Unreachable,
        Self::Timeout,
        Self::Tls,
        Self::Denied,
        Self::RateLimited,
        Self::Redirected,
        Self::HttpStatus,
        Self::BadAnswer,
        Self::NotFound,
        Self::NotMember,
        Self::Ambiguous,
        Self::Contradiction,
        Self::TakenOut,
        Self::Unclear,
        Self::Stale,
        Self::Filtered,
        Self::NoLeader,
        Self::Blind,
        Self::Unusable,
    ];

    /// Returns the stable code, also the anchor in `docs/runbook.md` after `witness-`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Denied => "denied",
            Self::RateLimited => "rate-limited",
            Self::Redirected => "redirected",
            Self::HttpStatus => "http-status",
            Self::BadAnswer => "bad-answer",
            Self::NotFound => "not-found",
            Self::NotMember => "not-member",
            Self::Ambiguous => "ambiguous",
            Self::Contradiction => "contradiction",
            Self::TakenOut => "taken-out",
            Self::Unclear => "unclear",
            Self::Stale => "stale",
            Self::Filtered => "filtered",
            Self::NoLeader => "no-leader",
            Self::Blind => "blind",
            Self::Unusable => "unusable",
        }
    }
}

impl Doubt {
    /// Builds a doubt. A detail too long for a log line is cut: a witness may put a megabyte into
    /// a name.
    pub fn new(kind: DoubtKind, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(DETAIL) {
            detail.truncate(end);
            detail.push('…');
        }
        Self { kind, detail }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::{Doubt, DoubtKind};

    #[test]
    fn a_doubt_fits_into_a_line_whatever_a_witness_put_into_it() {
        let long = Doubt::new(DoubtKind::BadAnswer, "ü".repeat(1 << 20)).detail;
        assert_eq!(long.chars().count(), 1001);
        assert!(long.ends_with("ü…"));
        let fits = "ü".repeat(1000);
        assert_eq!(Doubt::new(DoubtKind::BadAnswer, &fits).detail, fits);
    }
}
