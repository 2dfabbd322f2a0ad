//! Gathers the evidence of one run: probes, anchors, witnesses. It judges nothing.

use crate::config::Config;
use crate::witness::Heard;

/// What was seen in one look round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Whether the peer answers us.
    pub reach: Reach,
    /// The last look at each target of the peer, in the order of the config.
    pub looks: Vec<Look>,
    /// Whether we are connected at all.
    pub standing: Standing,
    /// The last look at each anchor, in the order of the config; empty when not asked.
    pub anchors: Vec<Look>,
    /// What each witness said; empty when not asked.
    pub heard: Vec<Heard>,
}

/// Whether the peer answers us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Some target answered.
    Answers,
    /// Every target was probed, in every look, and none answered.
    Silent,
    /// No target answered and some could not be probed: why.
    Unknown(String),
}

/// Whether we are connected at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Some anchor answered.
    Connected,
    /// Anchors are given and none answered.
    Isolated,
    /// There are no anchors, or there was no reason to ask.
    NotAsked,
}

/// One look at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The target as configured.
    pub target: String,
    /// What came of it.
    pub answer: Answer,
}

/// What came of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The target answered as expected.
    Answered,
    /// It did not: how we know (`timeout`, `refused`, `status 503`).
    NoAnswer(String),
    /// We could not look: why (`cannot resolve the name`, `no permission for ICMP`).
    CouldNotProbe(String),
}

/// Observes once.
///
/// Probes first; only when the first look meets silence are the witnesses and the anchors asked,
/// while the remaining looks go on.
pub fn observe(config: &Config) -> Observation {
    todo!("{config:?}")
}
