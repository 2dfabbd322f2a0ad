//! What is needed to give the surviving Consul server a leader again. Data.

use std::path::PathBuf;

use super::Mesh;
use crate::act::{Argv, Judge, Step};
use crate::config::Config;
use crate::core::STOP_MESH;
use crate::core::plan::OnFailure;
use crate::roles::RolePlan;
use crate::roles::stage::{Action, Stage};

/// The name of the stage that recovers the mesh.
pub(super) const RECOVER: &str = "recover-mesh";
/// The step that starts it.
pub(super) const START_MESH: &str = "start-mesh";
/// The step that undoes a recovery that failed.
pub(super) const PUT_BACK: &str = "put-back";

/// Plans a recovery, and what it needs when it was begun and is not gone on with: its service runs
/// again.
pub(crate) fn plan(config: &Config, mesh: &Mesh) -> RolePlan {
    let recovery = Box::new(Recovery::of(config, mesh));
    let stage = |name, action| Stage {
        name,
        action,
        on_failure: OnFailure::Stop,
    };
    RolePlan {
        takeover: vec![stage(RECOVER, Action::Recover(recovery.clone()))],
        restore: Some(stage("restore-mesh", Action::Restore(recovery))),
        ..RolePlan::default()
    }
}

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
    fn of(config: &Config, mesh: &Mesh) -> Self {
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

    pub(crate) fn lines(&self) -> Vec<Argv> {
        let peers = self.peers().display().to_string();
        vec![
            self.stop.first(),
            self.backup.first(),
            vec!["(write)".to_owned(), peers],
            self.start.first(),
        ]
    }
}

fn raft(mesh: &Mesh) -> PathBuf {
    mesh.data_dir.join("raft")
}

fn draft(mesh: &Mesh) -> PathBuf {
    mesh.data_dir.join("raft.before-habeat.new")
}
