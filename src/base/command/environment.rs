//! What a command is told by its environment: little, and nothing that we were not told ourselves.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Where programs are looked for at the latest: what systemd gives to services (systemd.exec(5)),
/// with the older folders that a distribution may still keep apart. cron gives less.
const FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Names that are handed on.
const NAMES: [&str; 6] = ["PATH", "LANG", "TZ", "HOME", "USER", "JAVA_HOME"];

/// Beginnings of names that are handed on.
const KINDS: [&str; 2] = ["LC_", "HABEAT_"];

/// Returns what a command gets of our own environment, `ours`.
pub(super) fn clean(
    ours: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<OsString, OsString> {
    let mut kept: BTreeMap<_, _> = ours.filter(|(name, _)| is_handed_on(name)).collect();
    let path = kept.remove(OsStr::new("PATH"));
    kept.insert("PATH".into(), with_usual_folders(path.as_deref()));
    if !kept.contains_key(OsStr::new("LC_ALL")) {
        // Without one, a JVM cannot write the names of accounts.
        kept.entry("LANG".into())
            .or_insert_with(|| "C.UTF-8".into());
    }
    kept.entry("HOME".into()).or_insert_with(|| "/root".into());
    kept
}

/// Returns where a program is looked for that is named without a folder.
pub(crate) fn folders() -> Vec<PathBuf> {
    let path = with_usual_folders(std::env::var_os("PATH").as_deref());
    std::env::split_paths(&path).collect()
}

fn is_handed_on(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    NAMES.contains(&&*name) || KINDS.iter().any(|kind| name.starts_with(kind))
}

fn with_usual_folders(path: Option<&OsStr>) -> OsString {
    let mut path = path.unwrap_or_default().to_owned();
    for folder in FOLDERS {
        if std::env::split_paths(&path).all(|known| known != OsStr::new(folder)) {
            if !path.is_empty() {
                path.push(":");
            }
            path.push(folder);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::clean;

    fn cleaned(ours: &[(&str, &str)]) -> Vec<String> {
        let ours = ours.iter().map(|(name, value)| (name.into(), value.into()));
        clean(ours)
            .into_iter()
            .map(|(name, value)| format!("{}={}", name.to_str().unwrap(), value.to_str().unwrap()))
            .collect()
    }

    const USUAL: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    #[test]
    fn what_is_not_named_is_not_handed_on() {
        let ours = [
            ("LANG", "de_DE.UTF-8"),
            ("LC_TIME", "C"),
            ("TZ", "UTC"),
            ("HOME", "/home/x"),
            ("USER", "x"),
            ("JAVA_HOME", "/opt/java"),
            ("HABEAT_LAB", "1"),
            ("LD_PRELOAD", "/tmp/evil.so"),
            ("HTTP_PROXY", "http://p"),
            ("TERM", "xterm"),
            ("LANGUAGE", "de"),
            ("XHABEAT_LAB", "1"),
            ("BASH_ENV", "/tmp/evil"),
        ];
        let kept = [
            "HABEAT_LAB=1",
            "HOME=/home/x",
            "JAVA_HOME=/opt/java",
            "LANG=de_DE.UTF-8",
            "LC_TIME=C",
            USUAL,
            "TZ=UTC",
            "USER=x",
        ];
        assert_eq!(cleaned(&ours), kept);
    }

    #[test]
    fn what_no_program_can_do_without_is_added() {
        assert_eq!(cleaned(&[]), ["HOME=/root", "LANG=C.UTF-8", USUAL]);
        let kept = cleaned(&[("LC_ALL", "C")]);
        assert_eq!(kept, ["HOME=/root", "LC_ALL=C", USUAL]);
    }

    #[test]
    fn the_folders_of_the_caller_come_first_and_the_usual_ones_are_not_missing() {
        let kept = cleaned(&[("PATH", "/opt/x/bin:/usr/bin:/bin")]);
        assert_eq!(
            kept[2],
            "PATH=/opt/x/bin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin"
        );
        assert_eq!(cleaned(&[("PATH", "")])[2], USUAL);
    }
}
