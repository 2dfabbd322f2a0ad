//! What the configured witnesses can and cannot tell apart: for each kind of loss, what a run
//! would come to. The verdict is the one that decides in earnest; only the evidence is imagined,
//! by what each provider says that it can tell apart.

use serde::Serialize;

use crate::config::{Config, Takeover};
use crate::core::{Agent, Ignorance, Verdict, verdict};
use crate::observe::{Connectivity, Leader, Observation, Reach};
use crate::witness::{Doubt, DoubtKind, Heard, Loss, Testimony, weight, would_say};

const LOSSES: [Loss; 5] = [
    Loss::Host,
    Loss::Site,
    Loss::SiteAlone,
    Loss::Line,
    Loss::Ourselves,
];

/// The words for what a run would come to.
const TAKES_OVER: &str = "takes over";
const HOLDS: &str = "holds";

/// What a run would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Prospect {
    /// What is lost, in words.
    pub loss: String,
    /// `takes over` or `holds`.
    pub outcome: &'static str,
    /// Why.
    pub why: String,
    /// What to change, where the outcome is not what one would wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl std::fmt::Display for Prospect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({})", self.loss, self.outcome, self.why)?;
        match &self.fix {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

/// Imagines each loss. `servers` are the witnesses that know the peer as a server of their own
/// cluster, which forgets a dead one.
pub(super) fn outlook(config: &Config, servers: &[String]) -> Vec<Prospect> {
    let losses = LOSSES.iter();
    losses.map(|loss| imagine(config, servers, *loss)).collect()
}

/// The worst of an outlook, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Worst {
    /// Two sites would serve.
    Twice(String),
    /// habeat would not do what it is there for.
    Holds(String),
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Twice(loss) => write!(f, "if {loss}, BOTH SITES WOULD SERVE"),
            Self::Holds(loss) => write!(f, "if {loss}, habeat will HOLD"),
        }
    }
}

/// Returns the worst of it, worst first; nothing where nothing is worse than configured.
pub(super) fn worst(config: &Config, prospects: &[Prospect]) -> Vec<Worst> {
    match config.policy.takeover {
        Takeover::Automatic => {}
        Takeover::Manual | Takeover::NotEnabled => return Vec::new(),
    }
    let of = |wanted: Loss, outcome: &str| {
        let mut all = LOSSES.iter().zip(prospects);
        let found = all.find(|(loss, it)| **loss == wanted && it.outcome == outcome);
        found.map(|(_, prospect)| prospect.loss.clone())
    };
    // With several targets another path may show that the peer lives.
    let line = of(Loss::Line, TAKES_OVER).filter(|_| config.probe.targets.len() == 1);
    let twice = of(Loss::Ourselves, TAKES_OVER).or(line);
    let held = of(Loss::Site, HOLDS).or_else(|| of(Loss::Host, HOLDS));
    let twice = twice.map(Worst::Twice).into_iter();
    twice.chain(held.map(Worst::Holds)).collect()
}

fn imagine(config: &Config, servers: &[String], loss: Loss) -> Prospect {
    let heard = config.witnesses.iter().map(|witness| Heard {
        witness: witness.name.clone(),
        host: config.peer.host(),
        testimony: if servers.contains(&witness.name) && loss == Loss::Host {
            let why = "Consul strikes a dead server off";
            Testimony::Unknown(Doubt::new(DoubtKind::NotFound, why))
        } else {
            would_say(config, witness, loss)
        },
        weight: weight(witness),
    });
    let seen = Observation {
        reach: Reach::Silent,
        looks: Vec::new(),
        connectivity: connectivity(config, loss),
        anchors: Vec::new(),
        heard: heard.collect(),
        leader: Leader::NotAsked,
    };
    let verdict = verdict(config.policy.quorum, &seen, Agent::AsItWas);
    let (outcome, why) = match &verdict {
        Verdict::Dead if config.policy.takeover == Takeover::Manual => (
            HOLDS,
            "this site never promotes by itself: an operator does".to_owned(),
        ),
        Verdict::Dead if config.policy.takeover == Takeover::NotEnabled => (
            HOLDS,
            "local.proxy_enable_activate is off: the run only says what it would do".to_owned(),
        ),
        Verdict::Dead => (TAKES_OVER, "enough witnesses say down".to_owned()),
        Verdict::Cut => (HOLDS, "a witness says that the peer runs".to_owned()),
        Verdict::Unknown(ignorance) => (HOLDS, ignorance.to_string()),
        Verdict::Alive => (HOLDS, "the peer answers".to_owned()),
    };
    Prospect {
        loss: words(config, loss),
        outcome,
        why,
        fix: match config.policy.takeover {
            Takeover::Automatic => fix(config, loss, &verdict),
            Takeover::Manual | Takeover::NotEnabled => None,
        },
    }
}

fn words(config: &Config, loss: Loss) -> String {
    let peer = &config.peer;
    match loss {
        Loss::Host => match peer.hosts.as_slice() {
            [one] => format!("{one} dies alone"),
            several => format!("{} die, and nothing else", several.join(" and ")),
        },
        Loss::Site => format!("the whole site {} is lost", peer.name),
        Loss::SiteAlone => format!("{} lives, but is cut off from everything", peer.name),
        Loss::Line => "only the line between the sites is cut".into(),
        Loss::Ourselves => "this site is cut off from everything".into(),
    }
}

fn connectivity(config: &Config, loss: Loss) -> Connectivity {
    match loss {
        _ if config.anchors.is_empty() => Connectivity::NotAsked,
        Loss::Host | Loss::Site | Loss::SiteAlone | Loss::Line => Connectivity::Connected,
        Loss::Ourselves => Connectivity::Isolated,
    }
}

fn fix(config: &Config, loss: Loss, verdict: &Verdict) -> Option<String> {
    match (loss, verdict) {
        (Loss::Host | Loss::Site, Verdict::Dead)
        | (
            Loss::SiteAlone | Loss::Line | Loss::Ourselves,
            Verdict::Cut | Verdict::Unknown(_) | Verdict::Alive,
        ) => None,
        (Loss::SiteAlone, Verdict::Dead) if is_fenced(config) => {
            Some("unless the fence cannot reach it either: then it holds".into())
        }
        (Loss::SiteAlone, Verdict::Dead) => Some(
            "BOTH SITES WOULD SERVE, the peer those inside it: only fencing over a way of its own \
             prevents that (disable_ha_module on the peer makes it shorter)"
                .into(),
        ),
        (Loss::Line, Verdict::Dead) if config.probe.targets.len() > 1 => Some(
            "unless another of probe.targets still answers; make sure that one of them takes \
             another path"
                .into(),
        ),
        (Loss::Line | Loss::Ourselves, Verdict::Dead) => Some(
            "BOTH SITES WOULD SERVE: add a second path to probe.targets, a witness on a third \
             site, or fencing"
                .into(),
        ),
        (Loss::Host | Loss::Site, Verdict::Unknown(ignorance)) => Some(remedy(config, ignorance)),
        (Loss::Host | Loss::Site, Verdict::Cut | Verdict::Alive) => Some(
            "an operator promotes by hand; a witness that loses sight of the site with it would \
             help"
                .into(),
        ),
    }
}

fn is_fenced(config: &Config) -> bool {
    config.fence.vcenter.is_some() || !config.fence.commands.is_empty()
}

fn remedy(config: &Config, ignorance: &Ignorance) -> String {
    let leader = |doubt: &Doubt| doubt.kind == DoubtKind::NoLeader;
    let leaderless = match ignorance {
        Ignorance::Witness(_, doubt) => leader(doubt),
        Ignorance::NoQuorum { doubts, .. } => doubts.iter().any(|(_, doubt)| leader(doubt)),
        Ignorance::Probe(_) | Ignorance::Isolated | Ignorance::NoWitness | Ignorance::Leader(_) => {
            false
        }
    };
    if leaderless && config.anchors.is_empty() {
        return "to take over by itself: give anchors on a third site, or add a witness that \
                stands there"
            .into();
    }
    "to take over by itself: add a witness that still sees it (HetrixTools, or one on a third \
     site), and let the quorum do without the others"
        .into()
}

#[cfg(test)]
mod tests;
