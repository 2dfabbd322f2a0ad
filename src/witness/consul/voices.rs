//! What the two voices come to together, while a leader is known.
//!
//! The catalog speaks. The gossip of our own agent may contradict it: then somebody is behind, or
//! looks at another node, and nobody is believed.

use super::super::{Doubt, DoubtKind, Testimony, Voice};
use super::catalog::{Said, Serf};
use super::gossip::{Heard, Seen};

/// `voice`: with which the gossip may say down of a host that the catalog has lost; none = never.
pub(super) fn together(
    catalog: Said,
    gossip: Result<Heard, Doubt>,
    voice: Option<Voice>,
) -> Result<(String, Testimony), Doubt> {
    match (catalog, gossip) {
        (Said::Known(node, Serf::Passing), Ok((_, Seen::Failed))) => Err(contradiction(
            &node,
            "the catalog has it alive, and our agent sees it failed",
        )),
        // A veto needs no second voice.
        (Said::Known(node, Serf::Passing), Ok((_, Seen::Alive)) | Err(_)) => {
            Ok((node, Testimony::Up))
        }
        (Said::Known(node, Serf::Critical), Ok((_, Seen::Alive))) => Err(contradiction(
            &node,
            "the catalog has it down, and our agent sees it alive",
        )),
        (Said::Known(node, Serf::Critical), Ok((_, Seen::Failed))) => {
            Ok((node, Testimony::Down(Voice::Proven)))
        }
        (Said::Known(node, Serf::Critical), Err(doubt)) if has_not_met(&doubt) => {
            Ok((node, Testimony::Down(Voice::Proven)))
        }
        (Said::Known(_, Serf::Critical), Err(doubt)) => Err(doubt),
        (Said::Nothing(lost), gossip) => struck_off(lost, gossip, voice),
    }
}

/// The catalog does not list it: only the gossip can still say down, if it may.
fn struck_off(
    lost: Doubt,
    gossip: Result<Heard, Doubt>,
    voice: Option<Voice>,
) -> Result<(String, Testimony), Doubt> {
    match (gossip, voice) {
        (Ok((node, Seen::Failed)), Some(voice)) => Ok((node, Testimony::Down(voice))),
        (Err(doubt), Some(_)) if doubt.kind == DoubtKind::NotMember => {
            Err(Doubt::new(doubt.kind, lost.detail))
        }
        (Err(doubt), _) if doubt.kind == DoubtKind::Ambiguous => Err(doubt),
        (Ok((_, Seen::Alive | Seen::Failed)) | Err(_), _) => Err(lost),
    }
}

/// An agent that was restarted never met those that were dead by then: that is no contradiction.
fn has_not_met(doubt: &Doubt) -> bool {
    matches!(doubt.kind, DoubtKind::NotFound | DoubtKind::NotMember)
}

fn contradiction(node: &str, what: &str) -> Doubt {
    Doubt::new(DoubtKind::Contradiction, format!("{node}: {what}"))
}
