//! Gathers the evidence of one run: probes, anchors, witnesses. It judges nothing.

use crate::config::Config;
use crate::witness::Heard;

mod failure;
mod http;
mod icmp;
mod inquiry;
mod look;
mod ours;
mod sights;
mod tcp;
mod watch;
mod way;

pub(crate) use look::Glass;
pub use ours::ours;

use inquiry::Inquiry;
use watch::{Wait, Watch};

/// What was seen in one look round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Whether the peer answers us.
    pub reach: Reach,
    /// The last look at each target of the peer, in the order of the config. A target that was
    /// still being looked at when another one answered may be missing.
    pub looks: Vec<Look>,
    /// Whether we are connected at all.
    pub connectivity: Connectivity,
    /// The last look at each anchor, in the order of the config; empty when not asked.
    pub anchors: Vec<Look>,
    /// What each witness said; empty when not asked.
    pub heard: Vec<Heard>,
    /// Whether the servers of our own mesh have a leader.
    pub leader: Leader,
}

/// Whether the servers of our own mesh have a leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// The role does not need to know, or there was no reason to ask.
    NotAsked,
    /// They have: which one.
    Known(String),
    /// They have none.
    Lost,
    /// The agent of this node does not say: why.
    Unknown(String),
}

/// Whether the peer answers us.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Some target answered.
    Answers,
    /// Every target was probed, in every look, and none answered but our own side.
    Silent,
    /// No target answered, and some could not be probed or all are on our own side: why.
    Unknown(String),
}

/// Whether we are connected at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
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
    /// The addresses of the target that say nothing of it, and why: our own ones, and those of a
    /// family that this node has no route for.
    pub left_out: Vec<String>,
}

/// What came of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The target answered as expected.
    Answered,
    /// Our own side answered in its place: nobody's answer. Which address it was.
    Ours(String),
    /// It did not: how we know (`timeout`, `refused`, `status 503`).
    NoAnswer(String),
    /// We could not look: why (`cannot resolve the name`, `no permission for ICMP`).
    CouldNotProbe(String),
}

/// Observes once.
///
/// Probes first; only when the first look meets silence are the witnesses and the anchors asked,
/// while the remaining looks go on. Ends as soon as the peer answers: what was not heard by then
/// is not waited for. Every wait in it has a deadline from the config.
pub fn observe(config: &Config) -> Observation {
    let probe = &config.probe;
    let mut watch = Watch::new(&probe.targets, Glass::of(config));
    watch.round(Wait::FirstAnswer);
    if watch.is_answered() {
        return at_ease(watch);
    }
    let inquiry = Inquiry::start(config, probe.attempts, Wait::FirstAnswer);
    watch.keep_looking(probe.attempts.saturating_sub(1), probe.interval);
    let findings = if watch.is_answered() {
        inquiry.at_hand()
    } else {
        inquiry.wait()
    };
    findings.with(watch)
}

/// Asks every target, every anchor and every witness once, whatever the others said, and waits
/// for all of them. For `check --online`.
pub fn survey(config: &Config) -> Observation {
    let inquiry = Inquiry::start(config, 1, Wait::Everyone);
    let mut watch = Watch::new(&config.probe.targets, Glass::of(config));
    watch.round(Wait::Everyone);
    inquiry.wait().with(watch)
}

/// The peer answers, so there was no reason to ask anybody else.
fn at_ease(watch: Watch<'_>) -> Observation {
    Observation {
        reach: watch.reach(),
        looks: watch.into_looks(),
        connectivity: Connectivity::NotAsked,
        anchors: Vec::new(),
        heard: Vec::new(),
        leader: Leader::NotAsked,
    }
}

#[cfg(test)]
mod tests;
