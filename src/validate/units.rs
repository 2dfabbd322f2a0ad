//! What the installed units and tmpfiles.d snippets mean for the configured state files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::{Config, Problem};

/// Where units are looked for, the strongest first (systemd.unit(5)).
const UNIT_FOLDERS: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where tmpfiles.d snippets are looked for (tmpfiles.d(5)).
const TMPFILES_FOLDERS: [&str; 3] = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];
/// Folders that are aged, and that `PrivateTmp=` hides.
const TEMPORARY: [&str; 2] = ["/var/tmp", "/tmp"];
/// Units and snippets are small.
const FILE_MAX: u64 = 256 * 1024;

/// Returns what is odd about the installed units, given where the state lies.
pub fn warnings(config: &Config) -> Vec<Problem> {
    let service = installed("habeat.service");
    let mut found = Vec::new();
    match &service {
        None => found.push(odd(
            "habeat.service",
            "is not installed; nothing starts habeat here",
        )),
        Some(text) => {
            if is_temporary(&config.files.promotion) && sets(text, "PrivateTmp") {
                found.push(odd(
                    "habeat.service",
                    "sets PrivateTmp, which hides and then deletes the state files; remove it",
                ));
            }
        }
    }
    if service.is_some() && installed("habeat.timer").is_none() {
        found.push(odd(
            "habeat.timer",
            "is not installed; nothing starts habeat regularly",
        ));
    }
    for file in [
        &config.files.down,
        &config.files.promotion,
        &config.files.module,
    ] {
        if is_temporary(file) && !is_kept(file) {
            found.push(odd(
                "tmpfiles.d",
                &format!(
                    "nothing protects {} from being removed when it is 30 days old; \
                     install systemd/habeat.tmpfiles.conf",
                    file.display()
                ),
            ));
        }
    }
    found
}

fn odd(key: &str, message: &str) -> Problem {
    Problem {
        line: None,
        key: key.to_owned(),
        message: message.to_owned(),
    }
}

/// Returns the text of a unit and of its drop-ins.
fn installed(name: &str) -> Option<String> {
    let unit = UNIT_FOLDERS
        .iter()
        .find_map(|folder| read(&Path::new(folder).join(name)))?;
    let drop_ins = UNIT_FOLDERS
        .iter()
        .flat_map(|folder| files(&Path::new(folder).join(format!("{name}.d"))));
    Some(
        drop_ins
            .filter_map(|path| read(&path))
            .fold(unit, |all, more| all + "\n" + &more),
    )
}

/// Whether the last assignment of a directive is a true value other than `disconnected`.
fn sets(unit: &str, directive: &str) -> bool {
    let last = unit.lines().rev().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == directive).then(|| value.trim().to_ascii_lowercase())
    });
    last.is_some_and(|value| !["", "no", "false", "off", "0"].contains(&value.as_str()))
}

fn is_temporary(path: &Path) -> bool {
    TEMPORARY.iter().any(|folder| path.starts_with(folder))
}

/// Whether a snippet excludes the file from ageing (`x` or `X` lines).
fn is_kept(file: &Path) -> bool {
    let snippets = TMPFILES_FOLDERS
        .iter()
        .flat_map(|folder| files(Path::new(folder)));
    snippets.filter_map(|path| read(&path)).any(|text| {
        text.lines().any(|line| {
            let mut words = line.split_whitespace();
            let kind = words
                .next()
                .is_some_and(|kind| kind.starts_with(['x', 'X']));
            kind && words.next().is_some_and(|pattern| covers(pattern, file))
        })
    })
}

/// Whether a pattern is the file's name or, with a star at its end, the beginning of it.
fn covers(pattern: &str, file: &Path) -> bool {
    let name = file.to_string_lossy();
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "conf")
        })
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path)
        .ok()?
        .take(FILE_MAX)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}
