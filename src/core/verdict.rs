//! Fuses the evidence into one verdict about the peer. Pure.

use crate::config::Quorum;
use crate::observe::{Connectivity, Observation, Reach};
use crate::witness::{Doubt, DoubtKind, Heard, Testimony, Voice, Weight};

/// The fused conclusion about the peer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It answers us.
    Alive,
    /// It runs, but not for us: a cut, not a death.
    Cut,
    /// It is silent, we are not the isolated ones, and every witness says down.
    Dead,
    /// Everything else, and why.
    Unknown(Ignorance),
}

impl Verdict {
    /// Returns the name used in logs, records and the decision table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Cut => "cut",
            Self::Dead => "dead",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ignorance {
    /// The peer could not be probed: why.
    Probe(String),
    /// No anchor answers: we are the isolated ones.
    Isolated,
    /// A witness cannot say: which, and why.
    Witness(String, Doubt),
    /// Too few of several witnesses say down.
    NoQuorum {
        /// How many do.
        down: usize,
        /// How many must.
        needed: usize,
        /// Who does not, and why.
        doubts: Vec<(String, Doubt)>,
    },
    /// Nobody was there to testify.
    NoWitness,
    /// The agent of this node does not say whether the mesh has a leader: why.
    Leader(String),
}

impl std::fmt::Display for Ignorance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Probe(why) => write!(f, "the peer could not be probed: {why}"),
            Self::Isolated => f.write_str("no anchor answers: we are the isolated ones"),
            Self::Witness(witness, doubt) => write!(f, "witness {witness} cannot say: {doubt}"),
            Self::NoQuorum {
                down,
                needed,
                doubts,
            } => {
                write!(f, "{down} of the {needed} witnesses needed say down")?;
                doubts
                    .iter()
                    .try_for_each(|(witness, doubt)| write!(f, "; {witness}: {doubt}"))
            }
            Self::NoWitness => f.write_str("no witness that counts was heard"),
            Self::Leader(why) => write!(f, "whether the mesh has a leader is not known: {why}"),
        }
    }
}

/// What the Consul agent of this node can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// All that it ever met.
    AsItWas,
    /// Whom it met since a recovery of ours restarted it.
    Restarted,
}

/// Fuses what was seen. A single `Up` vetoes; a quorum of the witnesses that count must say `Down`.
///
/// Whom a restarted agent does not meet counts as one whom it saw fail: both say no more than that
/// our side cannot reach it, and both count only while an anchor answers.
pub fn verdict(quorum: Quorum, seen: &Observation, agent: Agent) -> Verdict {
    match &seen.reach {
        Reach::Answers => Verdict::Alive,
        // Being cut off is why nothing could be probed, and says more.
        Reach::Unknown(_) if seen.connectivity == Connectivity::Isolated => {
            Verdict::Unknown(Ignorance::Isolated)
        }
        Reach::Unknown(why) => Verdict::Unknown(Ignorance::Probe(why.clone())),
        Reach::Silent
            if seen
                .heard
                .iter()
                .any(|heard| heard.testimony == Testimony::Up) =>
        {
            Verdict::Cut
        }
        Reach::Silent => silent(quorum, seen, agent),
    }
}

fn silent(quorum: Quorum, seen: &Observation, agent: Agent) -> Verdict {
    if seen.connectivity == Connectivity::Isolated {
        return Verdict::Unknown(Ignorance::Isolated);
    }
    let voters: Vec<&Heard> = seen
        .heard
        .iter()
        .filter(|heard| heard.weight == Weight::Full)
        .collect();
    let doubts: Vec<(String, Doubt)> = voters
        .iter()
        .filter_map(|heard| doubt(heard, seen.connectivity, agent))
        .collect();
    let (down, needed) = (voters.len() - doubts.len(), quorum.needed(voters.len()));
    if down >= needed {
        return Verdict::Dead;
    }
    Verdict::Unknown(match doubts.as_slice() {
        [] => Ignorance::NoWitness,
        [(witness, doubt)] if voters.len() == 1 => {
            Ignorance::Witness(witness.clone(), doubt.clone())
        }
        _ => Ignorance::NoQuorum {
            down,
            needed,
            doubts,
        },
    })
}

/// Returns why this testimony does not count as `Down`, if it does not.
fn doubt(heard: &Heard, connectivity: Connectivity, agent: Agent) -> Option<(String, Doubt)> {
    let doubt = match (&heard.testimony, connectivity) {
        (Testimony::Down(Voice::Proven), _)
        | (Testimony::Down(Voice::Anchored), Connectivity::Connected) => return None,
        (Testimony::Down(Voice::Anchored), Connectivity::Isolated | Connectivity::NotAsked) => {
            Doubt::new(
                DoubtKind::NoLeader,
                "the gossip says down, but no anchor shows that we are not the isolated ones",
            )
        }
        (Testimony::Unknown(doubt), Connectivity::Connected)
            if doubt.kind == DoubtKind::NotMember && agent == Agent::Restarted =>
        {
            return None;
        }
        (Testimony::Unknown(doubt), _) => doubt.clone(),
        (Testimony::Up, _) => Doubt::new(DoubtKind::Unclear, "it says up"),
    };
    Some((heard.witness.clone(), doubt))
}

/// Whether somebody says up and somebody says down.
pub fn contradict(heard: &[Heard]) -> bool {
    let up = heard.iter().any(|heard| heard.testimony == Testimony::Up);
    let down = heard
        .iter()
        .any(|heard| matches!(heard.testimony, Testimony::Down(_)));
    up && down
}
