//! What a witness would say if this or that were lost. `docs/witnesses/` says it in words.

use super::{Doubt, DoubtKind, Testimony, Voice, provider};
use crate::config::{Config, Stands, Witness};

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The peer's host, alone.
    Host,
    /// The whole site of the peer.
    Site,
    /// Every way out of the peer's site; it lives, and serves whoever is inside.
    SiteAlone,
    /// The line between the sites; both live.
    Line,
    /// Our own way out: we see nobody.
    Ourselves,
}

/// A loss, and who looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What is lost.
    pub loss: Loss,
    /// Where the witness stands.
    pub stands: Stands,
    /// All that is configured.
    pub config: &'a Config,
}

/// Returns what `witness` would say.
pub fn would_say(config: &Config, witness: &Witness, loss: Loss) -> Testimony {
    let stands = witness.stands;
    match (stands, loss) {
        (Stands::InJudged, Loss::Site | Loss::SiteAlone | Loss::Line | Loss::Ourselves) => {
            out_of_reach()
        }
        (Stands::InJudged, Loss::Host) | (Stands::Unsaid | Stands::InOwn | Stands::Apart, _) => {
            provider(&witness.provider).would_say(&Case {
                loss,
                stands,
                config,
            })
        }
    }
}

impl Case<'_> {
    /// Returns what somebody says who sees the host over the network alone.
    pub fn seen_from_outside(&self) -> Testimony {
        match (self.loss, self.stands) {
            (Loss::Ourselves, Stands::Unsaid | Stands::InJudged | Stands::Apart) => out_of_reach(),
            (Loss::Host | Loss::Site | Loss::SiteAlone, _)
            | (Loss::Line | Loss::Ourselves, Stands::InOwn) => Testimony::Down(Voice::Proven),
            (Loss::Line, Stands::Unsaid | Stands::InJudged | Stands::Apart) => Testimony::Up,
        }
    }
}

fn out_of_reach() -> Testimony {
    Testimony::Unknown(Doubt::new(DoubtKind::Unreachable, "lost with it"))
}
