//! Who leads the mesh, as seen from each site: two leaders are two meshes.

use super::Mesh;
use crate::base::deadline::Deadline;
use crate::config::Consul;
use crate::roles::check::{Findings, Mark, Online};
use crate::witness::leader;

/// Asks our own agent and those of the peer's servers, and warns when they do not follow the same
/// leader.
pub(crate) fn ask(mesh: &Mesh, told: &mut Vec<Online>, found: &mut Findings) {
    let agents = std::iter::once(&mesh.agent).chain(&mesh.peer_agents);
    let mut known: Vec<(&str, String)> = Vec::new();
    for agent in agents {
        let (said, mark) = match ask_one(agent, mesh) {
            Ok(Some(leader)) => {
                known.push((&agent.base_url, leader.clone()));
                (leader, Mark::Good)
            }
            Ok(None) => ("none".to_owned(), Mark::Bad),
            // Carbonio's agents answer on their own node only.
            Err(why) => (format!("not known ({why})"), Mark::Unknown),
        };
        told.push(Online {
            asked: "leader",
            name: agent.base_url.clone(),
            said,
            mark,
        });
    }
    if let Some(why) = two(&known) {
        found.warn("mesh", why);
    }
}

fn ask_one(agent: &Consul, mesh: &Mesh) -> Result<Option<String>, String> {
    leader(agent, Deadline::after(mesh.timeout)).map_err(|doubt| doubt.to_string())
}

fn two(known: &[(&str, String)]) -> Option<String> {
    let (here, first) = known.first()?;
    let (there, other) = known.iter().find(|(_, leader)| leader != first)?;
    Some(format!(
        "two leaders: {here} follows {first}, {there} follows {other}; stop the old servers now, \
         and let them rejoin as docs/mesh.md says"
    ))
}
