//! The words for a decision: a stable code and a sentence. Each code has its paragraph in
//! `docs/runbook.md`.

use crate::core::{Choice, Decision, Hold, Ignorance, ModuleOrder, Verdict};

/// Every reason code.
pub const REASONS: [&str; 26] = [
    "alive",
    "recovered",
    "returned",
    "confirmed",
    "unfinished",
    "returning",
    "manual-return",
    "failback",
    "peer-away",
    "nothing-to-return",
    "cut",
    "unknown",
    "isolated",
    "manual-site",
    "not-enabled",
    "has-leader",
    "confirming",
    "already-promoted",
    "undocumented",
    "drifted",
    "latched",
    "paused",
    "blocked",
    "fence-failed",
    "changed",
    "stopped",
];

impl Choice {
    /// Returns the word for the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Clear => "clear",
            Self::Hold(_) => "hold",
            Self::Return | Self::Failback => "return",
            Self::Resume => "resume",
            Self::Promote => "promote",
        }
    }
}

impl Hold {
    fn code(&self) -> &'static str {
        match self {
            Self::Returning { .. } => "returning",
            Self::ManualReturn => "manual-return",
            Self::Cut => "cut",
            Self::Unknown(Ignorance::Isolated) => "isolated",
            Self::Unknown(
                Ignorance::Probe(_)
                | Ignorance::Witness(..)
                | Ignorance::NoQuorum { .. }
                | Ignorance::NoWitness
                | Ignorance::Leader(_),
            ) => "unknown",
            Self::ManualSite(_) => "manual-site",
            Self::NotEnabled => "not-enabled",
            Self::HasLeader(_) => "has-leader",
            Self::Confirming { .. } => "confirming",
            Self::AlreadyPromoted => "already-promoted",
            Self::Undocumented => "undocumented",
            Self::Drifted(_) => "drifted",
            Self::Latched(_) => "latched",
            Self::Paused => "paused",
            Self::Blocked { .. } => "blocked",
            Self::FenceFailed => "fence-failed",
            Self::Changed(_) => "changed",
            Self::Stopped => "stopped",
            Self::PeerAway(_) => "peer-away",
            Self::NothingToReturn => "nothing-to-return",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Returning { .. } => "the peer answers again; not yet often enough".into(),
            Self::ManualReturn => {
                "the peer is back; the return is the operator's, by `habeat failback`".into()
            }
            Self::Cut => "a witness says the peer runs: the line is cut, not the peer dead".into(),
            Self::Unknown(ignorance) => ignorance.to_string(),
            Self::ManualSite(ModuleOrder::Stop) => {
                "this site never promotes by itself; the HA module is stopped".into()
            }
            Self::ManualSite(ModuleOrder::Leave) => "this site never promotes by itself".into(),
            Self::NotEnabled => {
                "the peer is dead, and local.proxy_enable_activate is off: nothing is switched"
                    .into()
            }
            Self::HasLeader(leader) => {
                format!("the peer's servers are dead, and the mesh has a leader, {leader}")
            }
            Self::Confirming { .. } => "the peer is dead; not yet often enough".into(),
            Self::AlreadyPromoted => "the peer is dead and its promotion is done".into(),
            Self::Undocumented => {
                "somebody made the promotion file, and nothing is known of that promotion; it waits \
                 for `habeat ack`"
                    .into()
            }
            Self::Drifted(proof) => {
                format!("the promotion is done, and what it did holds no more: {proof}")
            }
            Self::Latched(None) => "the promotion failed; it waits for `habeat retry`".into(),
            Self::Latched(Some(why)) => {
                format!("the promotion failed ({why}); it waits for `habeat retry`")
            }
            Self::Paused => "the operator said: hands off".into(),
            Self::Blocked { left } => {
                format!(
                    "the last promotion is too recent; {} s left",
                    left.as_secs()
                )
            }
            Self::FenceFailed => "fencing failed; it waits for `habeat retry`".into(),
            Self::Changed(verdict) => format!(
                "the evidence changed just before the first step: {}",
                in_full(verdict)
            ),
            Self::Stopped => "asked to stop before the first step".into(),
            Self::PeerAway(verdict) => format!(
                "the peer does not answer ({}): to go back to it would take the service away",
                in_full(verdict)
            ),
            Self::NothingToReturn => {
                "there is nothing to return from: no promotion, no stopped HA module".into()
            }
        }
    }
}

fn in_full(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unknown(ignorance) => format!("{} ({ignorance})", verdict.name()),
        Verdict::Alive | Verdict::Cut | Verdict::Dead => verdict.name().to_owned(),
    }
}

impl Decision {
    /// Returns the stable reason code.
    pub fn reason(&self) -> &'static str {
        match &self.choice {
            Choice::Rest => "alive",
            Choice::Clear => "recovered",
            Choice::Hold(hold) => hold.code(),
            Choice::Return => "returned",
            Choice::Failback => "failback",
            Choice::Resume => "unfinished",
            Choice::Promote => "confirmed",
        }
    }

    /// Returns the reason as a sentence, with its particulars.
    pub fn sentence(&self) -> String {
        match &self.choice {
            Choice::Rest => "the peer answers".into(),
            Choice::Clear => "the peer answers again: the suspicion is over".into(),
            Choice::Hold(hold) => hold.sentence(),
            Choice::Return => "the peer is back for good".into(),
            Choice::Failback => "the operator asked for the return, and the peer answers".into(),
            Choice::Resume => "a promotion was begun and is not finished".into(),
            Choice::Promote => "the peer is dead, often enough, and nothing speaks against".into(),
        }
    }

    /// Returns `seen/needed` while something is being counted.
    pub fn streak(&self) -> Option<String> {
        match &self.choice {
            Choice::Hold(Hold::Returning { seen, needed } | Hold::Confirming { seen, needed }) => {
                Some(format!("{seen}/{needed}"))
            }
            Choice::Hold(_)
            | Choice::Rest
            | Choice::Clear
            | Choice::Return
            | Choice::Failback
            | Choice::Resume
            | Choice::Promote => None,
        }
    }

    /// Whether the evidence is not enough for any choice.
    pub fn is_unknown(&self) -> bool {
        matches!(self.choice, Choice::Hold(Hold::Unknown(_)))
    }

    /// Returns why the verdict is unknown, if it is.
    pub fn ignorance(&self) -> Option<&Ignorance> {
        match &self.verdict {
            Verdict::Unknown(ignorance) => Some(ignorance),
            Verdict::Alive | Verdict::Cut | Verdict::Dead => None,
        }
    }
}
