//! Whether what is remembered can be: whose its folder is, whether it outlives this boot, and whether
//! this boot can be told from the next.

use std::path::Path;

use rustix::fs::statfs;

use crate::base::clock;
use crate::base::refusal::{Code, Refusal};
use crate::config::{Config, Problem};
use crate::store::folder;

/// File systems that lie in memory (statfs(2), `TMPFS_MAGIC` and `RAMFS_MAGIC`).
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

/// Returns why no run could keep state.
pub(super) fn errors(config: &Config) -> Vec<Problem> {
    let of = |key: &str, result: Result<(), Refusal>| {
        // Whoever may not look there as who they are may still check the config.
        let refusal = result.err().filter(|it| it.code != Code::Privilege)?;
        Some(problem(key, format!("{:#}", refusal.error)))
    };
    let boot = of("boot id", clock::require_boot_id());
    let folder = of("state_dir", folder::inspect(&config.files));
    boot.into_iter().chain(folder).collect()
}

/// Returns what lies in memory, and so is forgotten by the next boot.
pub(super) fn warnings(config: &Config) -> Vec<Problem> {
    let files = &config.files;
    let kept = [
        ("local.checkDownFile", &files.down),
        ("local.checkPromotionFile", &files.promotion),
        ("local.checkRestartReplicaFile", &files.module),
        ("state_dir", &files.state_dir),
    ];
    let forgotten = kept.into_iter().filter(|(_, path)| is_in_memory(path));
    forgotten
        .map(|(key, path)| {
            let path = path.display();
            problem(
                key,
                format!(
                    "{path} lies in memory: after a reboot of this node a promotion is forgotten, and \
                     would be made again; name a folder on a disk"
                ),
            )
        })
        .collect()
}

/// Whether it lies, or would lie once it is made, in memory.
fn is_in_memory(path: &Path) -> bool {
    let there = path.ancestors().find_map(|it| statfs(it).ok());
    there.is_some_and(|it| IN_MEMORY.contains(&i64::from(it.f_type)))
}

fn problem(key: &str, message: String) -> Problem {
    Problem {
        line: None,
        key: key.to_owned(),
        message,
    }
}
