//! What the old servers of a recovered mesh need before they rejoin it. habeat does none of it: it
//! has no say on their site, and a server that still holds data is nobody's to empty unasked.

use crate::config::{Config, Duty};
use crate::decide::{Memory, Phase};
use crate::record::report::shell_line;

/// Returns what an operator has to do, line by line; nothing while there is nothing recovered.
pub fn rejoin(config: &Config, memory: &Memory) -> Vec<String> {
    let Duty::Consulserver(mesh) = &config.duty else {
        return Vec::new();
    };
    let recovered = memory.promotion.as_ref();
    if !recovered.is_some_and(|promotion| promotion.phase == Phase::Finished) {
        return Vec::new();
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
