//! What takes a recovery back: one that failed, and one that a killed run left half done.

use super::{Came, Surgery, Trouble, raft};
use crate::core::story::Entry;
use crate::roles::consulserver::plan::{PUT_BACK, RECOVER, START_MESH};

/// What an operator has to know first.
const STILL_STOPPED: &str = "the service of the mesh is stopped and could not be started";

impl Surgery<'_> {
    /// Undoes the recovery; it is not tried again before somebody has looked.
    pub(super) fn give_up(&mut self, why: &str) -> Came {
        log::error!("stage={RECOVER} cause={why:?} next=\"what was done is undone\"");
        match self.own_step(PUT_BACK, |_| Ok(())) {
            Ok(()) => {}
            Err(Trouble::Stopped) => return Came::Stopped,
            Err(Trouble::Failed(unwritten)) => return self.put_off(why, &unwritten),
        }
        match self.put_back() {
            Ok(()) => match self.note(Entry::Undone) {
                Ok(()) => Came::GivenUp(format!("{why}; undone: nothing of the recovery is left")),
                Err(noted) => Came::GivenUp(format!("{why}; undone, but {noted}")),
            },
            Err(Trouble::Stopped) => Came::Stopped,
            Err(Trouble::Failed(other)) => Came::GivenUp(format!(
                "{why}; and it could not be undone: {other}; by hand: docs/mesh.md#by-hand"
            )),
        }
    }

    /// Leaves it to the next run, as it cannot be written down that it is being undone; but leaves
    /// no service stopped.
    fn put_off(&mut self, why: &str, unwritten: &str) -> Came {
        let started = if self.begun.contains(START_MESH) {
            Ok(())
        } else {
            self.start_without_peers()
        };
        match started {
            Ok(()) => Came::Incomplete(format!("{why}; {unwritten}")),
            Err(Trouble::Stopped) => Came::Stopped,
            Err(Trouble::Failed(other)) => {
                Came::Incomplete(format!("{why}; {unwritten}; {STILL_STOPPED}: {other}"))
            }
        }
    }

    fn put_back(&mut self) -> Result<(), Trouble> {
        // Whoever leads has not read our peers, and a member of a living mesh may not forget.
        if self.has_leader() {
            return self.remove_peers().map_err(Trouble::Failed);
        }
        if self.begun.contains(START_MESH) {
            self.step(&self.recovery.stop)?;
            if self.is_backed_up {
                raft::put_back(self.recovery).map_err(Trouble::Failed)?;
            }
        }
        self.start_without_peers()
    }

    /// Starts the service again that a killed recovery stopped, without any change.
    pub(super) fn restore(&mut self) -> Result<(), Came> {
        if self.begun.contains(PUT_BACK) {
            // Somebody mended it by hand: to undo ours now would undo that.
            if self.has_leader() && !self.is_peers_of_others() {
                log::warn!("stage=restore-mesh outcome=\"the mesh has a leader: left alone\"");
                let removed = self.remove_peers();
                let noted = removed.and_then(|()| self.note(Entry::Undone));
                return noted.map_err(Came::Incomplete);
            }
            return Err(self.give_up("an earlier run was ended while it undid the recovery"));
        }
        let was_started = self.begun.contains(START_MESH);
        let is_written = !raft::is_absent(&self.recovery.peers());
        let is_running = self.ask_leader(self.recovery.mesh.timeout).is_ok();
        if is_running && !is_written {
            return Ok(());
        }
        log::warn!("stage=restore-mesh because=\"an earlier run was ended in its recovery\"");
        let restored = if is_running {
            self.remove_peers().map_err(Trouble::Failed)
        } else {
            self.start_without_peers()
        };
        match restored {
            Ok(()) if is_written || !was_started => {
                self.note(Entry::Undone).map_err(Came::Incomplete)
            }
            Ok(()) => Ok(()),
            Err(Trouble::Stopped) => Err(Came::Stopped),
            Err(Trouble::Failed(why)) => Err(Came::Incomplete(format!("{STILL_STOPPED}: {why}"))),
        }
    }
}
