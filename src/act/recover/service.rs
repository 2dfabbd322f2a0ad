//! The start of the service, with new peers and without.

use super::{Surgery, Trouble, raft};
use crate::act::step::report;
use crate::plan::Step;

/// The only part of a command's environment that a service started by it may keep.
const KEPT: &str = "HABEAT_EPOCH";
/// The start that takes a stop back. Another name than that of the start with new peers: what was
/// begun under that one may have changed the Raft folder.
const START_AGAIN: &str = "start-again";

impl Surgery<'_, '_> {
    /// Starts the service, which takes the peers.
    pub(super) fn start_with_peers(&mut self) -> Result<(), Trouble> {
        self.unmarked(|surgery| surgery.step(&surgery.recovery.start).map(|_| ()))
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
        self.unmarked(|surgery| surgery.start_anyway(&again))
    }

    fn start_anyway(&mut self, again: &Step) -> Result<(), Trouble> {
        let (mut deed, finished) = self.tools.run(again);
        if finished.is_none() {
            log::warn!(
                "step={START_AGAIN} cause={:?} next=\"all the same\"",
                deed.outcome.to_string()
            );
            deed = self.tools.try_unwritten(again);
            report(&deed);
        }
        let outcome = deed.outcome.clone();
        self.deeds.push(deed);
        Self::came_to(again, &outcome)
    }

    /// The service may outlive this run for years: it must not carry the mark by which a later one
    /// finds, and ends, what a killed run left behind.
    fn unmarked<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let whole = self.tools.runner.environment.clone();
        let environment = &mut self.tools.runner.environment;
        environment.retain(|(name, _)| name == KEPT);
        let done = work(self);
        self.tools.runner.environment = whole;
        done
    }
}
