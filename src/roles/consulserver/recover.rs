//! The stage that gives the surviving Consul server a leader again: `peers.json`, as Consul's
//! outage guide describes it. Nothing is touched before everything it needs is seen to be there,
//! and what fails after that is undone.
//!
//! A killed recovery leaves a service that may be stopped, and with it our own witness silent. The
//! next run goes on with it if the peer is still seen dead, and else starts the service again,
//! which is no step toward a recovery.

use std::collections::BTreeSet;

use super::Recovery;
use super::plan::{PUT_BACK, RECOVER, START_MESH};
use crate::act::{Deeds, Tools, is_late, late};
use crate::base::command::Outcome;
use crate::core::STOP_MESH;
use crate::core::effect::{Order, Task};
use crate::core::event::{Finding, Ran, Recovery as Came};
use crate::core::story::{Entry, Story};

mod ground;
mod leader;
mod peers;
mod raft;
mod service;
mod steps;
mod undo;

pub use ground::Prepared;
pub use peers::look_at_prepared;

/// The step that writes the peers.
const WRITE_PEERS: &str = "write-peers";
/// What the journal says when the backup is whole.
const BACKED_UP: &str = "back-up";

/// Why a recovery does not go on.
enum Trouble {
    /// We were asked to stop.
    Stopped,
    /// Something went wrong: what.
    Failed(String),
}

/// A recovery on its way.
struct Surgery<'a> {
    recovery: &'a Recovery,
    tools: &'a mut Tools,
    prepared: &'a mut Option<Prepared>,
    deeds: &'a mut Deeds,
    /// Steps begun in this promotion, by whichever run.
    begun: BTreeSet<String>,
    /// Whether the journal says so: a folder of that name may be from years ago.
    is_backed_up: bool,
    /// What was journalled by now.
    noted: Vec<Entry>,
}

/// Prepares a recovery, recovers, or undoes what came of it.
pub(crate) fn run(
    recovery: &Recovery,
    order: &Order,
    (tools, prepared): (&mut Tools, &mut Option<Prepared>),
    story: &Story,
    deeds: &mut Deeds,
) -> Ran {
    if is_late(order) {
        return late();
    }
    let (came, noted) = match tools.journal(story) {
        Ok(_) => Surgery::on(recovery, (tools, prepared), story, deeds).through(order.task),
        Err(refusal) => (Came::Incomplete(format!("{:#}", refusal.error)), Vec::new()),
    };
    Ran {
        outcome: Outcome::Ok,
        finding: Finding::Recovery(came, noted),
    }
}

impl<'a> Surgery<'a> {
    fn on(
        recovery: &'a Recovery,
        (tools, prepared): (&'a mut Tools, &'a mut Option<Prepared>),
        story: &Story,
        deeds: &'a mut Deeds,
    ) -> Self {
        let done = story.commands.get(RECOVER);
        Self {
            recovery,
            begun: story.begun.clone(),
            is_backed_up: done.is_some_and(|done| done.iter().any(|it| it == BACKED_UP)),
            noted: Vec::new(),
            deeds,
            tools,
            prepared,
        }
    }

    fn through(mut self, task: Task) -> (Came, Vec<Entry>) {
        let came = match task {
            Task::Prepare => self.prepare(),
            Task::Recover => self.recover(),
            Task::Restore => self.restore(),
            Task::Command(_)
            | Task::Operations
            | Task::AwaitOperations
            | Task::List
            | Task::Promote
            | Task::Sweep => Err(Came::Incomplete("this is no part of a recovery".into())),
        };
        let came = match came {
            Ok(()) if task == Task::Prepare && self.prepared.is_some() => Came::Ready,
            Ok(()) => Came::Done,
            Err(came) => came,
        };
        (came, self.noted)
    }

    /// Sees whether there is anything to recover, and whether all it needs is there.
    fn prepare(&mut self) -> Result<(), Came> {
        match self.ask_leader(self.recovery.mesh.timeout) {
            // A mesh that has a leader is never touched: an earlier run recovered it, even if it
            // lost its patience, or nobody did.
            Ok(Some(leader)) if !self.is_peers_of_others() => {
                log::info!("stage={RECOVER} leader={leader:?} outcome=\"nothing is to be done\"");
                self.remove_peers().map_err(Came::Incomplete)?;
                return if self.begun.contains(START_MESH) {
                    Ok(())
                } else {
                    Err(Came::NotReady("the mesh has got a leader".into()))
                };
            }
            // Only our own stop explains an agent that does not say.
            Err(why) if !self.begun.contains(STOP_MESH) => {
                return Err(Came::NotReady(format!(
                    "whether the mesh has a leader is not known any more: {why}"
                )));
            }
            Ok(Some(_) | None) | Err(_) => {}
        }
        if self.begun.contains(PUT_BACK) {
            return Err(self.give_up("an earlier run was ended while it undid the recovery"));
        }
        let ready = self.make_ready().map_err(|trouble| match trouble {
            Trouble::Stopped => Came::Stopped,
            Trouble::Failed(why) => Came::NotReady(why),
        });
        match ready {
            Ok(prepared) => *self.prepared = Some(prepared),
            Err(came) => {
                if self.begun.contains(STOP_MESH) {
                    self.restore()?;
                }
                return Err(came);
            }
        }
        Ok(())
    }

    fn recover(&mut self) -> Result<(), Came> {
        let Some(prepared) = self.prepared.take() else {
            return Err(Came::Incomplete("nothing was prepared".into()));
        };
        self.operate(&prepared).map_err(|trouble| match trouble {
            Trouble::Stopped => Came::Stopped,
            Trouble::Failed(why) => self.give_up(&why),
        })
    }

    /// Sees to everything that can be known before the first change.
    fn make_ready(&mut self) -> Result<Prepared, Trouble> {
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

    fn operate(&mut self, prepared: &Prepared) -> Result<(), Trouble> {
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
        let done = Entry::CommandDone {
            stage: RECOVER.to_owned(),
            command: BACKED_UP.to_owned(),
        };
        self.note(done).map_err(Trouble::Failed)?;
        self.is_backed_up = true;
        Ok(())
    }

    /// Journals what happens.
    fn note(&mut self, entry: Entry) -> Result<(), String> {
        let journal = self.tools.journal.as_ref().ok_or("there is no journal")?;
        let noted = journal.append(&entry);
        noted.map_err(|error| format!("the journal could not be written: {error}"))?;
        self.noted.push(entry);
        Ok(())
    }

    /// Whether peers wait to be read that no run of this promotion wrote.
    fn is_peers_of_others(&self) -> bool {
        !raft::is_absent(&self.recovery.peers()) && !self.begun.contains(WRITE_PEERS)
    }

    fn remove_peers(&self) -> Result<(), String> {
        raft::remove_peers(self.recovery)
    }
}
