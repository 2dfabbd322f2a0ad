//! What is needed to give the surviving Consul server a leader again. Data.

use std::path::PathBuf;

use super::stage::{Argv, Judge, Stage, Step, Work};
use crate::config::{Config, Mesh};
use crate::core::STOP_MESH;
use crate::core::plan::OnFailure;

/// The name of the stage that recovers the mesh.
pub const RECOVER: &str = "recover-mesh";
/// The step that starts it.
pub const START_MESH: &str = "start-mesh";
/// The step that undoes a recovery that failed.
pub const PUT_BACK: &str = "put-back";

/// A recovery: its commands, and where they work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The servers of our site.
    pub mesh: Mesh,
    /// Shows that the service can be started, where that can be known.
    pub unit: Option<Step>,
    /// Tell the numbers of the owner and of its group.
    pub owner: Option<[Step; 2]>,
    /// Stops the service.
    pub stop: Step,
    /// Copies the Raft folder to [`Recovery::draft`].
    pub backup: Step,
    /// Starts the service.
    pub start: Step,
}

impl Recovery {
    pub(super) fn of(config: &Config, mesh: &Mesh) -> Self {
        let step = |name, argv: Argv, deadline| Step {
            name,
            variants: vec![argv],
            deadline,
            judge: Judge::Exit,
        };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let (query, command) = (config.timeouts.query, config.timeouts.command);
        let unit = match mesh.start.as_slice() {
            [program, verb, unit] if program.ends_with("systemctl") && verb == "start" => {
                Some(words(&[program, "cat", "--", unit]))
            }
            _ => None,
        };
        let number = |owner: &String, which| {
            step("look-up-owner", words(&["id", which, "--", owner]), query)
        };
        let owner = mesh.owner.as_ref();
        let [raft, draft] = [raft(mesh), draft(mesh)].map(|path| path.display().to_string());
        Self {
            unit: unit.map(|argv| step("look-up-unit", argv, query)),
            owner: owner.map(|owner| [number(owner, "-u"), number(owner, "-g")]),
            stop: step(STOP_MESH, mesh.stop.clone(), command),
            // Nothing is followed, and nothing is copied into a folder that is there already.
            backup: step(
                "back-up",
                words(&["cp", "-aT", "--", &raft, &draft]),
                command,
            ),
            start: step(START_MESH, mesh.start.clone(), command),
            mesh: mesh.clone(),
        }
    }

    /// Consul's Raft folder.
    pub fn raft(&self) -> PathBuf {
        raft(&self.mesh)
    }

    /// Where Consul looks for new peers when it starts.
    pub fn peers(&self) -> PathBuf {
        self.raft().join("peers.json")
    }

    /// The backup while it is being made.
    pub fn draft(&self) -> PathBuf {
        draft(&self.mesh)
    }

    /// The backup of the Raft folder, as it was before.
    pub fn backup(&self) -> PathBuf {
        self.mesh.data_dir.join("raft.before-habeat")
    }

    /// What a recovery that failed left of the Raft folder.
    pub fn failed(&self) -> PathBuf {
        self.mesh.data_dir.join("raft.failed-habeat")
    }

    pub(super) fn lines(&self) -> Vec<Argv> {
        let first = |step: &Step| step.variants.concat();
        let peers = self.peers().display().to_string();
        vec![
            first(&self.stop),
            first(&self.backup),
            vec!["(write)".to_owned(), peers],
            first(&self.start),
        ]
    }
}

fn raft(mesh: &Mesh) -> PathBuf {
    mesh.data_dir.join("raft")
}

fn draft(mesh: &Mesh) -> PathBuf {
    mesh.data_dir.join("raft.before-habeat.new")
}

/// Plans what a recovery needs that was begun and is not gone on with: its service runs again.
pub(super) fn half_done(config: &Config, mesh: &Mesh) -> Stage {
    Stage {
        name: "restore-mesh",
        work: Work::Restore(Box::new(Recovery::of(config, mesh))),
        on_failure: OnFailure::Stop,
    }
}
