//! Who leads the mesh, as seen from each site: two leaders are two meshes.

use super::Online;
use crate::base::deadline::Deadline;
use crate::config::{Config, Consul, Duty, Mesh, Problem};
use crate::witness::leader;

/// Asks our own agent and those of the peer's servers, where the role is about them; returns what
/// they said, and a warning when they do not follow the same leader.
pub(super) fn ask(config: &Config) -> (Vec<Online>, Option<Problem>) {
    match &config.duty {
        Duty::Appserver(_) | Duty::Proxyserver(_) => (Vec::new(), None),
        Duty::Consulserver(mesh) => ask_all(mesh),
    }
}

fn ask_all(mesh: &Mesh) -> (Vec<Online>, Option<Problem>) {
    let agents = std::iter::once(&mesh.agent).chain(&mesh.peer_agents);
    let mut known: Vec<(&str, String)> = Vec::new();
    let mut told = Vec::new();
    for agent in agents {
        let said = match ask_one(agent, mesh) {
            Ok(Some(leader)) => {
                known.push((&agent.base_url, leader.clone()));
                leader
            }
            Ok(None) => "none".to_owned(),
            // Carbonio's agents answer on their own node only.
            Err(why) => format!("not known ({why})"),
        };
        told.push(Online {
            asked: "leader",
            name: agent.base_url.clone(),
            said,
        });
    }
    (told, two(&known))
}

fn ask_one(agent: &Consul, mesh: &Mesh) -> Result<Option<String>, String> {
    leader(agent, Deadline::after(mesh.timeout)).map_err(|doubt| doubt.to_string())
}

fn two(known: &[(&str, String)]) -> Option<Problem> {
    let (here, first) = known.first()?;
    let (there, other) = known.iter().find(|(_, leader)| leader != first)?;
    Some(Problem {
        line: None,
        key: "mesh".to_owned(),
        message: format!(
            "two leaders: {here} follows {first}, {there} follows {other}; stop the old servers \
             now, and let them rejoin as docs/mesh.md says"
        ),
    })
}
