//! The stage that gives the surviving Consul server a leader again: `peers.json`, as Consul's
//! outage guide describes it. Nothing is touched before everything it needs is seen to be there,
//! and what fails after that is undone.
//!
//! A killed recovery leaves a service that may be stopped, and with it our own witness silent. The
//! next run goes on with it if the peer is still seen dead, and else starts the service again,
//! which is no step toward a recovery.

use std::collections::BTreeSet;

use crate::act::{Deed, End, StageEnd, Tools};
use crate::core::STOP_MESH;
use crate::plan::{PUT_BACK, RECOVER, Recovery, START_MESH};
use crate::store::Event;

mod ground;
mod leader;
mod peers;
mod raft;
mod service;
mod steps;

pub use peers::look_at_prepared;

/// The step that writes the peers.
const WRITE_PEERS: &str = "write-peers";
/// What the journal says when the backup is whole.
const BACKED_UP: &str = "back-up";
/// What an operator has to know first.
const STILL_STOPPED: &str = "the service of the mesh is stopped and could not be started";

/// Why a recovery does not go on.
enum Trouble {
    /// We were asked to stop.
    Stopped,
    /// Something went wrong: what.
    Failed(String),
}

/// A recovery on its way.
struct Surgery<'a, 'b> {
    recovery: &'a Recovery,
    tools: &'a mut Tools<'b>,
    /// Steps begun in this promotion, by whichever run.
    begun: BTreeSet<String>,
    /// Whether the journal says so: a folder of that name may be from years ago.
    is_backed_up: bool,
    deeds: Vec<Deed>,
}

/// Recovers, or undoes what came of it.
pub(super) fn run(recovery: &Recovery, tools: &mut Tools<'_>) -> StageEnd {
    Surgery::on(recovery, tools).through(Surgery::recover)
}

/// Starts the service again that a killed recovery has stopped.
pub(super) fn restore(recovery: &Recovery, tools: &mut Tools<'_>) -> StageEnd {
    Surgery::on(recovery, tools).through(Surgery::restore)
}

impl<'a, 'b> Surgery<'a, 'b> {
    fn on(recovery: &'a Recovery, tools: &'a mut Tools<'b>) -> Self {
        let story = tools.ledger.as_ref().map(|ledger| ledger.story);
        let begun = story.map(|story| story.begun.clone());
        let done = story.and_then(|story| story.commands.get(RECOVER));
        Self {
            recovery,
            begun: begun.unwrap_or_default(),
            is_backed_up: done.is_some_and(|done| done.iter().any(|it| it == BACKED_UP)),
            deeds: Vec::new(),
            tools,
        }
    }

    fn through(mut self, work: impl FnOnce(&mut Self) -> Result<(), End>) -> StageEnd {
        let end = work(&mut self).map_or_else(|end| end, |()| End::Complete);
        StageEnd {
            steps: self.deeds,
            end,
        }
    }

    fn recover(&mut self) -> Result<(), End> {
        match self.ask_leader(self.recovery.mesh.timeout) {
            // A mesh that has a leader is never touched: an earlier run recovered it, even if it
            // lost its patience, or nobody did.
            Ok(Some(leader)) if !self.is_peers_of_others() => {
                log::info!("stage={RECOVER} leader={leader:?} outcome=\"nothing is to be done\"");
                self.remove_peers().map_err(End::Incomplete)?;
                return if self.begun.contains(START_MESH) {
                    Ok(())
                } else {
                    Err(End::NotReady("the mesh has got a leader".into()))
                };
            }
            // Only our own stop explains an agent that does not say.
            Err(why) if !self.begun.contains(STOP_MESH) => {
                return Err(End::NotReady(format!(
                    "whether the mesh has a leader is not known any more: {why}"
                )));
            }
            Ok(Some(_) | None) | Err(_) => {}
        }
        if self.begun.contains(PUT_BACK) {
            return Err(self.give_up("an earlier run was ended while it undid the recovery"));
        }
        let ready = self.make_ready().map_err(|trouble| match trouble {
            Trouble::Stopped => End::Stopped,
            Trouble::Failed(why) => End::NotReady(why),
        });
        let prepared = match ready {
            Ok(prepared) => prepared,
            Err(end) => {
                if self.begun.contains(STOP_MESH) {
                    self.restore()?;
                }
                return Err(end);
            }
        };
        self.operate(&prepared).map_err(|trouble| match trouble {
            Trouble::Stopped => End::Stopped,
            Trouble::Failed(why) => self.give_up(&why),
        })
    }

    /// Sees to everything that can be known before the first change.
    fn make_ready(&mut self) -> Result<ground::Prepared, Trouble> {
        let recovery = self.recovery;
        if let Some(unit) = &recovery.unit {
            self.step(unit)?;
        }
        let mut numbers = Vec::new();
        for step in recovery.owner.iter().flatten() {
            let finished = self.step(step)?;
            numbers.push(ground::number(finished).map_err(Trouble::Failed)?);
        }
        let owner = match numbers.as_slice() {
            [user, group] => Some((*user, *group)),
            _ => None,
        };
        if self.is_peers_of_others() {
            return Err(Trouble::Failed(format!(
                "preflight: {} is there already: somebody recovers the mesh by hand, or did not \
                 finish; finish it, or remove the file",
                recovery.peers().display()
            )));
        }
        self.own_step("preflight", |_| ground::look(recovery, owner))
    }

    fn operate(&mut self, prepared: &ground::Prepared) -> Result<(), Trouble> {
        let recovery = self.recovery;
        self.step(&recovery.stop)?;
        if !self.is_backed_up {
            raft::clear_draft(recovery).map_err(Trouble::Failed)?;
            self.step(&recovery.backup)?;
            raft::keep_backup(recovery).map_err(Trouble::Failed)?;
            self.note_backup()?;
        }
        self.own_step(WRITE_PEERS, |_| raft::write_peers(recovery, prepared))?;
        self.start_with_peers()?;
        self.own_step("await-leader", Self::await_leader)
    }

    fn note_backup(&mut self) -> Result<(), Trouble> {
        let done = Event::CommandDone {
            stage: RECOVER.to_owned(),
            command: BACKED_UP.to_owned(),
        };
        self.tools.note(&done).map_err(Trouble::Failed)?;
        self.is_backed_up = true;
        Ok(())
    }

    /// Whether peers wait to be read that no run of this promotion wrote.
    fn is_peers_of_others(&self) -> bool {
        !raft::is_absent(&self.recovery.peers()) && !self.begun.contains(WRITE_PEERS)
    }

    fn remove_peers(&self) -> Result<(), String> {
        raft::remove_peers(self.recovery)
    }

    /// Undoes the recovery; it is not tried again before somebody has looked.
    fn give_up(&mut self, why: &str) -> End {
        log::error!("stage={RECOVER} cause={why:?} next=\"what was done is undone\"");
        match self.own_step(PUT_BACK, |_| Ok(())) {
            Ok(()) => {}
            Err(Trouble::Stopped) => return End::Stopped,
            Err(Trouble::Failed(unwritten)) => return self.put_off(why, &unwritten),
        }
        match self.put_back() {
            Ok(()) => match self.tools.note(&Event::Undone) {
                Ok(()) => End::GivenUp(format!("{why}; undone: nothing of the recovery is left")),
                Err(noted) => End::GivenUp(format!("{why}; undone, but {noted}")),
            },
            Err(Trouble::Stopped) => End::Stopped,
            Err(Trouble::Failed(other)) => End::GivenUp(format!(
                "{why}; and it could not be undone: {other}; by hand: docs/mesh.md#by-hand"
            )),
        }
    }

    /// Leaves it to the next run, as it cannot be written down that it is being undone; but leaves
    /// no service stopped.
    fn put_off(&mut self, why: &str, unwritten: &str) -> End {
        let started = if self.begun.contains(START_MESH) {
            Ok(())
        } else {
            self.start_without_peers()
        };
        match started {
            Ok(()) => End::Incomplete(format!("{why}; {unwritten}")),
            Err(Trouble::Stopped) => End::Stopped,
            Err(Trouble::Failed(other)) => {
                End::Incomplete(format!("{why}; {unwritten}; {STILL_STOPPED}: {other}"))
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

    fn restore(&mut self) -> Result<(), End> {
        if self.begun.contains(PUT_BACK) {
            // Somebody mended it by hand: to undo ours now would undo that.
            if self.has_leader() && !self.is_peers_of_others() {
                log::warn!("stage=restore-mesh outcome=\"the mesh has a leader: left alone\"");
                let removed = self.remove_peers();
                let noted = removed.and_then(|()| self.tools.note(&Event::Undone));
                return noted.map_err(End::Incomplete);
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
                self.tools.note(&Event::Undone).map_err(End::Incomplete)
            }
            Ok(()) => Ok(()),
            Err(Trouble::Stopped) => Err(End::Stopped),
            Err(Trouble::Failed(why)) => Err(End::Incomplete(format!("{STILL_STOPPED}: {why}"))),
        }
    }
}
