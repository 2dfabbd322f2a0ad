//! Plays the table in a world.

use std::process::Command;

use crate::cases::{Case, Trouble};
use crate::http::Answer;
use crate::node::Node;

/// A world that can be put into trouble.
pub(crate) trait World {
    /// Brings one more trouble about; returns when the secondary could notice it.
    fn suffer(&mut self, trouble: Trouble);
    /// Ends all troubles; returns when the secondary could notice it.
    fn mend(&mut self);
    /// What habeat's config says about this world.
    fn place(&self) -> Place;
    /// Prepares a program to be run on the secondary.
    fn command(&self, program: &str) -> Command;
    /// Asks the secondary's Consul agent.
    fn ask(&self, path: &str, token: Option<&str>) -> Answer;
}

/// What habeat's config says about a world.
pub(crate) struct Place {
    /// The probe target for the primary.
    pub(crate) primary: String,
    /// The probe target for the anchor.
    pub(crate) anchor: String,
    /// The port of the local Consul agent on 127.0.0.1.
    pub(crate) consul_port: u16,
    /// A token that Consul knows.
    pub(crate) token: &'static str,
    /// How the witness is asked that knows the machine of the primary; empty if there is none.
    pub(crate) machine: String,
}

/// A world, and what is wrong with it at the moment.
pub(crate) struct Theatre<W> {
    world: W,
    troubles: Vec<Trouble>,
}

impl<W: World> Theatre<W> {
    /// Opens in a world without troubles.
    pub(crate) fn new(world: W) -> Self {
        Self {
            world,
            troubles: Vec::new(),
        }
    }

    /// Plays a case; returns what went otherwise than the table says.
    pub(crate) fn play(&mut self, case: &Case) -> Result<(), String> {
        let node = Node::new(case.knowledge, &self.world.place());
        let mut promotions = 0;
        for scene in case.scenes {
            self.set(scene.troubles);
            for (n, expected) in scene.runs.iter().enumerate() {
                let run = node.run(|program| self.world.command(program));
                promotions += usize::from(run.promoted());
                let wrong = (run.said() != *expected)
                    .then(|| format!("said     {:?}\n  expected {expected:?}", run.said()))
                    .or_else(|| node.misplaced(promotions));
                if let Some(wrong) = wrong {
                    let (name, troubles, n) = (case.name, scene.troubles, n + 1);
                    let log = run.log();
                    return Err(format!(
                        "{name}: run {n} with {troubles:?}\n  {wrong}\n{log}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Puts the world into exactly these troubles. What is wrong already is not repaired first.
    fn set(&mut self, troubles: &[Trouble]) {
        if !troubles.starts_with(&self.troubles) {
            self.world.mend();
            self.troubles.clear();
        }
        for trouble in &troubles[self.troubles.len()..] {
            self.world.suffer(*trouble);
            self.troubles.push(*trouble);
        }
    }
}
