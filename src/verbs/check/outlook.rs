//! What the configured witnesses can and cannot tell apart: for each kind of loss, what a run
//! would come to. The verdict is the one that decides in earnest; only the evidence is imagined,
//! by what each provider says that it can tell apart.

use serde::Serialize;

use crate::config::{Config, Takeover};
use crate::core::{Agent, Ignorance, Verdict, verdict};
use crate::observe::{Leader, Observation, Reach, Standing};
use crate::witness::{Doubt, DoubtKind, Heard, Loss, weight, would_say};

const LOSSES: [Loss; 5] = [
    Loss::Host,
    Loss::Site,
    Loss::SiteAlone,
    Loss::Line,
    Loss::Ourselves,
];

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

/// Imagines each loss.
pub(super) fn outlook(config: &Config) -> Vec<Prospect> {
    LOSSES.iter().map(|loss| imagine(config, *loss)).collect()
}

fn imagine(config: &Config, loss: Loss) -> Prospect {
    let heard = config.witnesses.iter().map(|witness| Heard {
        witness: witness.name.clone(),
        host: config.peer.host(),
        testimony: would_say(config, witness, loss),
        weight: weight(witness),
    });
    let seen = Observation {
        reach: Reach::Silent,
        looks: Vec::new(),
        standing: standing(config, loss),
        anchors: Vec::new(),
        heard: heard.collect(),
        leader: Leader::NotAsked,
    };
    let verdict = verdict(config.policy.quorum, &seen, Agent::AsItWas);
    let (outcome, why) = match &verdict {
        Verdict::Dead if config.policy.takeover == Takeover::Manual => (
            "holds",
            "this site never promotes by itself: an operator does".to_owned(),
        ),
        Verdict::Dead if config.policy.takeover == Takeover::NotEnabled => (
            "holds",
            "local.proxy_enable_activate is off: the run only says what it would do".to_owned(),
        ),
        Verdict::Dead => ("takes over", "enough witnesses say down".to_owned()),
        Verdict::Cut => ("holds", "a witness says that the peer runs".to_owned()),
        Verdict::Unknown(ignorance) => ("holds", ignorance.to_string()),
        Verdict::Alive => ("holds", "the peer answers".to_owned()),
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

fn standing(config: &Config, loss: Loss) -> Standing {
    match loss {
        _ if config.anchors.is_empty() => Standing::NotAsked,
        Loss::Host | Loss::Site | Loss::SiteAlone | Loss::Line => Standing::Connected,
        Loss::Ourselves => Standing::Isolated,
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
