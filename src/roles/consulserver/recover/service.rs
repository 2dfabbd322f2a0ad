//! The start of the service, with new peers and without.

use super::{Surgery, Trouble, raft};
use crate::act::Step;
use crate::act::step::report;
use crate::base::command::Outcome;

/// The start that takes a stop back. Another name than that of the start with new peers: what was
/// begun under that one may have changed the Raft folder.
const START_AGAIN: &str = "start-again";

impl Surgery<'_> {
    /// Starts the service, which takes the peers.
    pub(super) fn start_with_peers(&mut self) -> Result<(), Trouble> {
        self.step(&self.recovery.start).map(|_| ())
    }

    /// Starts the service as it was. That this cannot be written down is no reason to leave it
    /// stopped: whoever stopped it wrote that down, and a second start comes to the same.
    pub(super) fn start_without_peers(&mut self) -> Result<(), Trouble> {
        raft::remove_peers(self.recovery).map_err(Trouble::Failed)?;
        // A leftover that stays is in nobody's way.
        raft::clear_drafts(self.recovery).unwrap_or_else(|why| log::warn!("{why}"));
        let again = Step {
            name: START_AGAIN,
            ..self.recovery.start.clone()
        };
        self.start_anyway(&again)
    }

    fn start_anyway(&mut self, again: &Step) -> Result<(), Trouble> {
        let (mut deed, _) = self.journalled(again);
        if let Outcome::Unjournalled(why) = &deed.outcome {
            log::warn!("step={START_AGAIN} cause={why:?} next=\"all the same\"");
            self.tools.is_tracked = false;
            deed = self.tools.try_variants(again, &[]).0;
            report(&deed);
        }
        let outcome = deed.outcome.clone();
        self.deeds.steps.push(deed);
        Self::came_to(again, &outcome)
    }
}
