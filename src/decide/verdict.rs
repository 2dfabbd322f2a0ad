//! Fuses the evidence into one verdict about the peer. Pure.

use crate::observe::{Observation, Reach, Standing};
use crate::witness::{Doubt, DoubtKind, Heard, Testimony, Voice};

/// The fused conclusion about the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ignorance {
    /// The peer could not be probed: why.
    Probe(String),
    /// No anchor answers: we are the isolated ones.
    Isolated,
    /// A witness cannot say: which, and why.
    Witness(String, Doubt),
    /// Nobody was there to testify.
    NoWitness,
}

impl std::fmt::Display for Ignorance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Probe(why) => write!(f, "the peer could not be probed: {why}"),
            Self::Isolated => f.write_str("no anchor answers: we are the isolated ones"),
            Self::Witness(witness, doubt) => write!(f, "witness {witness} cannot say: {doubt}"),
            Self::NoWitness => f.write_str("no witness was heard"),
        }
    }
}

/// Fuses what was seen. A single `Up` vetoes; every witness must say `Down`.
pub fn verdict(seen: &Observation) -> Verdict {
    match &seen.reach {
        Reach::Answers => Verdict::Alive,
        // Being cut off is why nothing could be probed, and says more.
        Reach::Unknown(_) if seen.standing == Standing::Isolated => {
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
        Reach::Silent => silent(seen),
    }
}

fn silent(seen: &Observation) -> Verdict {
    if seen.standing == Standing::Isolated {
        return Verdict::Unknown(Ignorance::Isolated);
    }
    if seen.heard.is_empty() {
        return Verdict::Unknown(Ignorance::NoWitness);
    }
    match seen
        .heard
        .iter()
        .find_map(|heard| doubt(heard, seen.standing))
    {
        Some((witness, doubt)) => Verdict::Unknown(Ignorance::Witness(witness, doubt)),
        None => Verdict::Dead,
    }
}

/// Returns why this testimony does not count as `Down`, if it does not.
fn doubt(heard: &Heard, standing: Standing) -> Option<(String, Doubt)> {
    let doubt = match (&heard.testimony, standing) {
        (Testimony::Down(Voice::Proven), _)
        | (Testimony::Down(Voice::Anchored), Standing::Connected) => return None,
        (Testimony::Down(Voice::Anchored), Standing::Isolated | Standing::NotAsked) => Doubt::new(
            DoubtKind::NoLeader,
            "the gossip says down, but no anchor shows that we are not the isolated ones",
        ),
        (Testimony::Unknown(doubt), _) => doubt.clone(),
        (Testimony::Up, _) => Doubt::new(DoubtKind::Unclear, "it says up"),
    };
    Some((heard.witness.clone(), doubt))
}
