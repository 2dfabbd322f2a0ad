//! Who leads the mesh, by the word of this node's agent.

use std::time::{Duration, Instant};

use super::{Surgery, raft};
use crate::base::deadline::Deadline;
use crate::witness::leader;

/// Between two questions whether there is a leader.
const POLL: Duration = Duration::from_millis(250);

impl Surgery<'_> {
    /// Whether the mesh is known to have a leader.
    pub(super) fn has_leader(&self) -> bool {
        matches!(self.ask_leader(self.recovery.mesh.timeout), Ok(Some(_)))
    }

    /// Asks the agent of this node who leads.
    pub(super) fn ask_leader(&self, within: Duration) -> Result<Option<String>, String> {
        let asked = leader(&self.recovery.mesh.agent, Deadline::after(within));
        asked.map_err(|doubt| doubt.to_string())
    }

    /// Waits until there is a leader and Consul has taken the peers, which it removes then
    /// (`NewServer` in hashicorp/consul, `agent/consul/server.go`).
    pub(super) fn await_leader(&mut self) -> Result<(), String> {
        let mesh = &self.recovery.mesh;
        let until = Instant::now() + mesh.leader_timeout;
        loop {
            // The last question may end a little late: asked in no time it would say nothing.
            let said = self.ask_leader(mesh.timeout);
            let consumed = raft::is_absent(&self.recovery.peers());
            match (&said, consumed) {
                (Ok(Some(leader)), true) => {
                    log::info!("leader={leader:?} peers=taken");
                    return Ok(());
                }
                (Ok(_) | Err(_), _) if self.tools.is_stopping() => return Ok(()),
                (Ok(_) | Err(_), _) => {}
            }
            if Instant::now() >= until {
                let within = mesh.leader_timeout.as_secs();
                return Err(match (said, consumed) {
                    (Ok(Some(leader)), _) => format!(
                        "{leader} leads, and {} is still there after {within} s: the service did \
                         not read it",
                        self.recovery.peers().display()
                    ),
                    (Ok(None), _) => format!("no leader within {within} s"),
                    (Err(why), _) => format!("no leader within {within} s: {why}"),
                });
            }
            self.tools.pause(POLL);
        }
    }
}
