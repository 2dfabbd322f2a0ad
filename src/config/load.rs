//! Reads `habeat.yml`: text → tree → checked [`Config`]; all problems are reported at once.

use std::path::{Path, PathBuf};

use super::Config;

/// A config that could be used, and what is odd about it.
#[derive(Debug)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    /// What the admin should look at, in the order of the file.
    pub warnings: Vec<Problem>,
}

/// Something wrong with, or odd about, the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The key path, such as `local.provider`.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// A config that cannot be used: every error, and the warnings found on the way.
#[derive(Debug)]
pub struct Invalid {
    /// The file.
    pub path: PathBuf,
    /// At least one.
    pub errors: Vec<Problem>,
    /// What else is odd.
    pub warnings: Vec<Problem>,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} problems", self.path.display(), self.errors.len())
    }
}

impl std::error::Error for Invalid {}

/// Reads and checks a config file.
///
/// # Errors
/// When the file cannot be read or used; the error lists every problem.
pub fn load(path: &Path) -> Result<Loaded, Invalid> {
    todo!("{}", path.display())
}
