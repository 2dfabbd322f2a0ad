//! Whether what is remembered can be: whose its folder is, whether it outlives this boot, and whether
//! this boot can be told from the next.

use std::path::Path;

use rustix::fs::{FsWord, statfs};

use crate::base::clock;
use crate::base::refusal::Code;
use crate::config::Config;
use crate::roles::check::Findings;
use crate::store::folder;

/// File systems that lie in memory (statfs(2), `TMPFS_MAGIC` and `RAMFS_MAGIC`).
const IN_MEMORY: [FsWord; 2] = [0x0102_1994, 0x8584_58f6];

/// Notes why no run could keep state, and what lies in memory, and so is forgotten by the next boot.
pub(super) fn look(config: &Config, found: &mut Findings) {
    for (key, result) in [
        ("boot id", clock::require_boot_id()),
        ("state_dir", folder::inspect(&config.files)),
    ] {
        // Whoever may not look there as who they are may still check the config.
        if let Some(refusal) = result.err().filter(|it| it.code != Code::Privilege) {
            found.error(key, format!("{:#}", refusal.error));
        }
    }
    let files = &config.files;
    for (key, path) in [
        ("local.checkDownFile", &files.down),
        ("local.checkPromotionFile", &files.promotion),
        ("local.checkRestartReplicaFile", &files.module),
        ("state_dir", &files.state_dir),
    ] {
        if is_in_memory(path) {
            let path = path.display();
            found.warn(
                key,
                format!(
                    "{path} lies in memory: after a reboot of this node a promotion is forgotten, and \
                     would be made again; name a folder on a disk"
                ),
            );
        }
    }
}

/// Whether it lies, or would lie once it is made, in memory.
fn is_in_memory(path: &Path) -> bool {
    let there = path.ancestors().find_map(|it| statfs(it).ok());
    there.is_some_and(|it| IN_MEMORY.contains(&it.f_type))
}
