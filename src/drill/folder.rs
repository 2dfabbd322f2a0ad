//! The drill's own folder: made for it alone, in the system's folder for temporary files.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Tries before giving up on finding a name that nobody took.
const TRIES: u32 = 100;

/// A folder that was made by us and can be entered by nobody else.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder; its name did not exist before.
    pub(super) fn create() -> Result<Self> {
        let base = std::env::temp_dir();
        let mut tries = 0..TRIES;
        let made = tries.find_map(|n| {
            let path = base.join(format!("habeat-drill-{}-{n}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists => None,
                made => Some(made.map(|()| path)),
            }
        });
        made.unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))
            .map(Self)
            .with_context(|| format!("cannot make a folder for the drill in {}", base.display()))
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it with everything in it.
    pub(super) fn remove(self) -> Result<()> {
        std::fs::remove_dir_all(&self.0)
            .with_context(|| format!("cannot remove the drill's folder {}", self.0.display()))
    }
}
