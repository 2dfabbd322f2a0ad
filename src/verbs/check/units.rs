//! What the installed units and tmpfiles.d snippets mean for a config and its state files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::roles::RoleConfig;
use crate::roles::check::Findings;

mod runner;
mod timer;

use runner::Runner;

/// Where units are looked for, the strongest first (systemd.unit(5)).
const UNIT_FOLDERS: [&str; 4] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];
/// Where tmpfiles.d snippets are looked for (tmpfiles.d(5)).
const TMPFILES_FOLDERS: [&str; 3] = ["etc/tmpfiles.d", "run/tmpfiles.d", "usr/lib/tmpfiles.d"];
/// Folders that are aged, and that `PrivateTmp=` hides.
const TEMPORARY: [&str; 2] = ["/var/tmp", "/tmp"];
/// Units and snippets are small.
const FILE_MAX: u64 = 256 * 1024;

/// Notes what is odd about the units that run the config at `path`, given where its state lies.
pub(super) fn look(config: &Config, role: &RoleConfig, path: &Path, found: &mut Findings) {
    look_below(Path::new("/"), (config, role), path, found);
}

fn look_below(
    root: &Path,
    (config, role): (&Config, &RoleConfig),
    path: &Path,
    found: &mut Findings,
) {
    let runners = runner::all(root, path);
    let sound = runners.iter().find(|it| timer::fault(root, it).is_none());
    match (sound, runners.first()) {
        (Some(runner), _) => {
            the_service(config, role, runner, found);
            timer::spacing(root, config, runner, found);
        }
        (None, Some(runner)) => {
            the_service(config, role, runner, found);
            if let Some(why) = timer::fault(root, runner) {
                found.error(&runner.timer(), why);
            }
        }
        (None, None) => found.warn(
            "units",
            "no installed unit runs this config; nothing starts habeat with it here",
        ),
    }
    for file in [
        &config.files.down,
        &config.files.promotion,
        &config.files.module,
    ] {
        if is_temporary(file) && !is_kept(root, file) {
            found.warn(
                "tmpfiles.d",
                format!(
                    "nothing protects {} from being removed when it is 30 days old; \
                     install systemd/habeat.tmpfiles.conf",
                    file.display()
                ),
            );
        }
    }
}

fn the_service(config: &Config, role: &RoleConfig, runner: &Runner, found: &mut Findings) {
    let text = &runner.text;
    if is_temporary(&config.files.promotion) && sets(text, "PrivateTmp") {
        found.warn(
            &runner.name,
            "sets PrivateTmp, which hides and then deletes the state files; remove it",
        );
    }
    if let Some((folder, drop_in)) = role.folder()
        && is_kept_out(text, folder)
    {
        found.warn(
            &runner.name,
            format!(
                "keeps habeat out of {}, where a recovery writes; install \
                 {drop_in} in its drop-in folder, {}.d",
                folder.display(),
                runner.name
            ),
        );
    }
}

/// Returns the text of the first of these units that is there, and of the drop-ins of all.
fn installed(root: &Path, names: &[String]) -> Option<String> {
    let folders = || UNIT_FOLDERS.iter().map(|folder| root.join(folder));
    let unit = names
        .iter()
        .find_map(|name| folders().find_map(|folder| read(&folder.join(name))))?;
    let drop_ins = names.iter().rev().flat_map(|name| {
        folders().flat_map(move |folder| files(&folder.join(format!("{name}.d"))))
    });
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

/// Whether the sandbox forbids to write into another user's folder.
fn is_kept_out(unit: &str, folder: &Path) -> bool {
    let values = |directive: &str| {
        let of = format!("{directive}=");
        let lines = unit.lines().filter_map(move |line| line.strip_prefix(&of));
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        words
    };
    let capabilities = values("CapabilityBoundingSet");
    let lacks_power = !capabilities.is_empty() && !capabilities.contains(&"CAP_DAC_OVERRIDE");
    let is_strict = values("ProtectSystem").last() == Some(&"strict");
    let is_open = values("ReadWritePaths")
        .iter()
        .any(|path| folder.starts_with(path.trim_start_matches(['-', '+'])));
    lacks_power || (is_strict && !is_open)
}

fn is_temporary(path: &Path) -> bool {
    TEMPORARY.iter().any(|folder| path.starts_with(folder))
}

/// Whether a snippet excludes the file from ageing (`x` or `X` lines).
fn is_kept(root: &Path, file: &Path) -> bool {
    let snippets = TMPFILES_FOLDERS
        .iter()
        .flat_map(|folder| files(&root.join(folder)));
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

#[cfg(test)]
mod tests;
