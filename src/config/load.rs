//! Reads `habeat.yml`: text → tree → checked [`Config`]; all problems are reported at once.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::base::refusal::{Code, Refusal};

use super::notes::{Note, Notes};
use super::reader::Field;
use super::role::RoleKeys;
use super::source::{self, Source};
use super::tree::{self, Node};
use super::{Config, assemble};
use crate::base::unmarked::unmarked;

/// The largest file that is read, in bytes. A full config has some thousand.
const LARGEST: u64 = 1 << 20;

/// Problems of one kind that are shown: each costs a walk through the file.
const SHOWN: usize = 100;

/// A config that could be used, and what is odd about it.
#[derive(Debug)]
pub struct Loaded<R> {
    /// The checked configuration.
    pub config: Config,
    /// What it says to the role.
    pub role: R,
    /// What the admin should look at, in the order of the file.
    pub warnings: Vec<Problem>,
}

/// Something wrong with, or odd about, the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1, where it is known. Of a missing key, the line of its block.
    pub line: Option<usize>,
    /// The key path, such as `local.provider`; empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
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
    /// Whether the file may not be read by whom we run as: nothing is known about it then.
    pub denied: bool,
}

impl Invalid {
    fn whole(path: &Path, line: Option<usize>, message: String) -> Self {
        let key = String::new();
        Self {
            path: path.to_owned(),
            errors: vec![Problem { line, key, message }],
            warnings: Vec::new(),
            denied: false,
        }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self {
            code: invalid.code(),
            error: invalid.into(),
        }
    }
}

impl Invalid {
    /// Returns the exit code: a file that may not be read is a missing privilege.
    pub fn code(&self) -> Code {
        if self.denied {
            Code::Privilege
        } else {
            Code::Unusable
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.errors.len() == 1 { "" } else { "s" };
        let count = self.errors.len();
        write!(f, "{}: {count} problem{plural}", self.path.display())?;
        for error in &self.errors {
            write!(f, "\n  {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// A config file that is YAML with blocks in it; nothing more is known of it.
pub(super) struct File {
    pub(super) source: Source,
    pub(super) root: Node,
}

impl File {
    /// Returns what the file holds.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(unmarked(&self.source.bytes)).unwrap_or_default()
    }
}

/// Reads and checks a config file.
///
/// # Errors
/// When the file cannot be read or used; the error lists every problem.
pub(crate) fn load<R>(path: &Path, roles: &'static [RoleKeys<R>]) -> Result<Loaded<R>, Invalid> {
    check(path, &open(path)?, roles)
}

/// Reads a config file.
pub(super) fn open(path: &Path) -> Result<File, Invalid> {
    let whole = |line, message| Invalid::whole(path, line, message);
    let source = source::read(path, LARGEST).map_err(|why| Invalid {
        denied: why.kind() == io::ErrorKind::PermissionDenied,
        ..whole(None, format!("cannot read the config file: {why}"))
    })?;
    // libyaml takes the mark for indentation of the first key.
    let text = std::str::from_utf8(unmarked(&source.bytes)).map_err(|err| {
        let before = source.bytes.get(..err.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        whole(
            Some(line),
            "not UTF-8 text; save the file as UTF-8".to_owned(),
        )
    })?;
    let root = tree::parse(text).map_err(|it| whole(it.line, it.message))?;
    match &root {
        Node::Map(_) => {}
        Node::Null => {
            return Err(whole(
                None,
                "the file is empty; see habeat.yml(5)".to_owned(),
            ));
        }
        Node::Text(_) | Node::List(_) => {
            let message = "expected blocks such as `local:`; see habeat.yml(5)";
            return Err(whole(tree::locate(text, &[]), message.to_owned()));
        }
    }
    Ok(File { source, root })
}

/// Checks a config file that was read from `path`.
pub(super) fn check<R>(
    path: &Path,
    file: &File,
    roles: &'static [RoleKeys<R>],
) -> Result<Loaded<R>, Invalid> {
    let notes = Notes::default();
    let root = Field::root(&file.root, &notes);
    let (config, role) = assemble::read(&root, &file.source, roles);
    let (errors, warnings) = notes.into_parts();
    let errors = settle(file.text(), errors);
    let warnings = settle(file.text(), warnings);
    if errors.is_empty() {
        return Ok(Loaded {
            config,
            role,
            warnings,
        });
    }
    Err(Invalid {
        path: path.to_owned(),
        errors,
        warnings,
        denied: false,
    })
}

/// Finds the lines and puts the problems into the order of the file.
fn settle(text: &str, notes: Vec<Note>) -> Vec<Problem> {
    let count = notes.len();
    let mut problems: Vec<_> = (notes.into_iter().take(SHOWN))
        .map(|note| Problem {
            line: (!note.at.is_empty())
                .then(|| tree::locate(text, &note.at))
                .flatten(),
            key: note.key,
            message: note.message,
        })
        .collect();
    problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    if count > SHOWN {
        problems.push(Problem {
            line: None,
            key: String::new(),
            message: format!("and {} more", count - SHOWN),
        });
    }
    problems
}
