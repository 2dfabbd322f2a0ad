//! Whether what a recovery needs is there: found out now, not in the outage.

use std::fs;

use super::Mesh;
use super::recover::look_at_prepared;
use crate::roles::check::Findings;
use crate::roles::check::programs::stranger;

/// Notes which files and users are missing.
pub(crate) fn look(mesh: &Mesh, found: &mut Findings) {
    stranger("mesh.owner", mesh.owner.as_ref(), found);
    for name in ["node-id", "raft"] {
        let path = mesh.data_dir.join(name);
        if let Err(error) = fs::metadata(&path) {
            let path = path.display();
            found.warn(
                "mesh.data_dir",
                format!("{path}: {error}; a recovery would fail"),
            );
        }
    }
    if let Err(why) = look_at_prepared(mesh) {
        found.warn("mesh.peers_file", why);
    } else if mesh.addresses.len() > 1 && !mesh.peers_file.exists() {
        found.warn(
            "mesh.peers_file",
            format!(
                "{} is not there, and our own site has several servers, which need one and the \
                 same: write it on each of them; a recovery would fail",
                mesh.peers_file.display()
            ),
        );
    }
}
