//! What the old servers of a recovered mesh need before they rejoin it. habeat does none of it: it
//! has no say on their site, and a server that still holds data is nobody's to empty unasked.

use super::Mesh;
use super::plan::START_MESH;
use crate::base::shell::shell_line;
use crate::config::Config;
use crate::core::{Memory, Phase};

/// Returns what an operator has to do, line by line; nothing while there is nothing recovered.
pub(crate) fn rejoin(config: &Config, mesh: &Mesh, memory: &Memory) -> Vec<String> {
    match memory.promotion.as_ref().map(|promotion| promotion.phase) {
        Some(Phase::Finished) => {}
        Some(Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts | Phase::Returning)
            if memory.is_told_begun(START_MESH) =>
        {
            let unsure = "a recovery was begun and not seen to its end: Consul may have taken its \
                          peers; look by `habeat check --online` whether this node and the \
                          peer's servers follow one leader; docs/mesh.md#return";
            return vec![unsure.to_owned()];
        }
        Some(Phase::Unfinished | Phase::FenceFailed | Phase::NoAccounts | Phase::Returning)
        | None => {
            return Vec::new();
        }
    }
    let raft = mesh.data_dir.join("raft").display().to_string();
    let kept = format!("{raft}.old");
    let line = |host: &String| {
        format!(
            "on {host}: {}; {}; {}",
            shell_line(&mesh.stop),
            shell_line(&["mv".to_owned(), raft.clone(), kept.clone()]),
            shell_line(&mesh.start)
        )
    };
    let why = "the peer's servers were left out of the mesh: with their old Raft state they form a \
               second quorum, and where the two meet one loses what it wrote; stop each of them \
               before it sees the mesh, and start one after another where they see it \
               (docs/mesh.md#return):";
    std::iter::once(why.to_owned())
        .chain(config.peer.hosts.iter().map(line))
        .collect()
}
