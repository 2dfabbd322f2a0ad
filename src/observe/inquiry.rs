//! What is asked besides the peer itself: the anchors and the witnesses, all at the same time,
//! while the looks at the peer go on.

use std::time::Duration;

use super::look::{Glass, SLACK};
use super::watch::{Wait, Watch};
use super::{Connectivity, Leader, Look, Observation};
use crate::base::aside::Aside;
use crate::base::deadline::Deadline;
use crate::config::{Config, LeaderSource, Witness};
use crate::witness::{self, Doubt, DoubtKind, Heard, Testimony};

/// Questions under way.
pub(super) struct Inquiry {
    anchors: Option<Aside<(Connectivity, Vec<Look>)>>,
    witnesses: Vec<(Witness, String, Aside<Heard>)>,
    leader: Option<Aside<Leader>>,
}

/// What came of them.
pub(super) struct Findings {
    connectivity: Connectivity,
    anchors: Vec<Look>,
    heard: Vec<Heard>,
    leader: Leader,
}

impl Inquiry {
    /// Starts to ask every witness once, and to look at the anchors up to `attempts` times.
    pub(super) fn start(config: &Config, attempts: u32, wait: Wait) -> Self {
        let ask = |witness: &Witness| {
            let (asked, own, peer) = (witness.clone(), config.own.clone(), config.peer.clone());
            let within = witness.timeout + SLACK;
            let work = move || witness::testify(&asked, &own, &peer);
            let heard = Aside::start(within, work);
            (witness.clone(), config.peer.host(), heard)
        };
        Self {
            anchors: (!config.anchors.is_empty()).then(|| look_at_anchors(config, attempts, wait)),
            witnesses: config.witnesses.iter().map(ask).collect(),
            leader: config.role.leader.as_ref().map(ask_leader),
        }
    }

    /// Waits for all of it; every question has a deadline of its own.
    pub(super) fn wait(self) -> Findings {
        let (connectivity, anchors) = match self.anchors.map(Aside::wait) {
            None => (Connectivity::NotAsked, Vec::new()),
            Some(Ok(seen)) => seen,
            // Anchors that could not be asked do not show that we are connected.
            Some(Err(_)) => (Connectivity::Isolated, Vec::new()),
        };
        let witnesses = self.witnesses.into_iter();
        let heard = witnesses.map(|(witness, host, asked)| {
            asked.wait().unwrap_or_else(|why| Heard {
                testimony: Testimony::Unknown(Doubt::new(DoubtKind::Timeout, why)),
                weight: witness::weight(&witness),
                witness: witness.name,
                host,
            })
        });
        Findings {
            connectivity,
            anchors,
            heard: heard.collect(),
            leader: match self.leader.map(Aside::wait) {
                None => Leader::NotAsked,
                Some(Ok(leader)) => leader,
                Some(Err(why)) => Leader::Unknown(why),
            },
        }
    }

    /// Takes what is there already and waits for nothing.
    pub(super) fn at_hand(self) -> Findings {
        let (connectivity, anchors) = self
            .anchors
            .and_then(Aside::at_hand)
            .unwrap_or((Connectivity::NotAsked, Vec::new()));
        let witnesses = self.witnesses.into_iter();
        Findings {
            connectivity,
            anchors,
            heard: witnesses
                .filter_map(|(_, _, asked)| asked.at_hand())
                .collect(),
            leader: Leader::NotAsked,
        }
    }
}

impl Findings {
    /// Returns the whole observation.
    pub(super) fn with(self, watch: Watch<'_>) -> Observation {
        Observation {
            reach: watch.reach(),
            looks: watch.into_looks(),
            connectivity: self.connectivity,
            anchors: self.anchors,
            heard: self.heard,
            leader: self.leader,
        }
    }
}

fn ask_leader(source: &LeaderSource) -> Aside<Leader> {
    let (agent, timeout) = (source.agent.clone(), source.timeout);
    Aside::start(timeout + SLACK, move || {
        match witness::leader(&agent, Deadline::after(timeout)) {
            Ok(Some(leader)) => Leader::Known(leader),
            Ok(None) => Leader::Lost,
            Err(doubt) => Leader::Unknown(doubt.to_string()),
        }
    })
}

fn look_at_anchors(config: &Config, attempts: u32, wait: Wait) -> Aside<(Connectivity, Vec<Look>)> {
    let (anchors, glass) = (config.anchors.clone(), Glass::of(config));
    let interval = config.probe.interval;
    let round = glass.longest() + SLACK + interval;
    let within: Duration = round.saturating_mul(attempts.max(1)) + SLACK;
    Aside::start(within, move || {
        let mut watch = Watch::new(&anchors, glass);
        watch.round(wait);
        watch.keep_looking(attempts.saturating_sub(1), interval);
        (watch.connectivity(), watch.into_looks())
    })
}
