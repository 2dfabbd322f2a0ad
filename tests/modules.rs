//! The one-way street of the modules: config, observe, core, act, report; a stage may use an earlier
//! one, never a later one, and the core does no I/O. Read from the sources, without their tests.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module may use those before it.
const ORDER: &[&str] = &[
    "base", "clients", "config", "witness", "observe", "core", "store", "act", "roles", "report",
    "cli", "app", "verbs", "drill", "main",
];
/// Modules that may use less than the order allows, and what that is.
const ONLY: &[(&str, &[&str])] = &[("base", &[]), ("clients", &["base"])];
/// What the core does without: words of the standard library and of crates that reach outside.
const OUTSIDE: &[&str] = &[
    "fs",
    "env",
    "thread",
    "Instant",
    "SystemTime",
    "TcpStream",
    "UdpSocket",
    "TcpListener",
    "ToSocketAddrs",
    "UnixStream",
    "rustix",
    "ureq",
    "fs2",
    "stdin",
    "stdout",
    "stderr",
    "File",
];

/// A source file: the module it belongs to, its path below `src`, its text without comments.
struct Source {
    module: String,
    path: PathBuf,
    code: String,
}

fn sources() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![top.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let inside = path.strip_prefix(&top).expect("below src").to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !is_test(&inside) {
                let text = fs::read_to_string(&path).expect("a text");
                let first = inside.components().next().expect("a name");
                let first = Path::new(first.as_os_str()).with_extension("");
                found.push(Source {
                    module: first.display().to_string(),
                    path: inside,
                    code: without_comments(&text),
                });
            }
        }
    }
    found
}

fn is_test(path: &Path) -> bool {
    let mut parts = path.iter().filter_map(|part| part.to_str());
    parts.any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
}

/// Words in comments use nothing.
fn without_comments(text: &str) -> String {
    let lines = text.lines();
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// Returns the modules that stand after `crate::` (`habeat::` in the program), in groups too.
fn used(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for root in ["crate::", "habeat::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(heads(group)),
                None => found.extend(words(rest).next().map(str::to_owned)),
            }
        }
    }
    found
}

/// Returns the first word of each entry of a group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut entries = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            ',' if depth == 0 => entries.push(String::new()),
            _ if depth == 0 => entries.last_mut().expect("one").push(c),
            _ => {}
        }
    }
    let first = |entry: &String| words(entry).next().map(str::to_owned);
    entries.iter().filter_map(first).collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty())
}

fn may_use(module: &str, other: &str) -> bool {
    let rank = |name: &str| {
        let rank = ORDER.iter().position(|known| *known == name);
        rank.unwrap_or_else(|| panic!("the module {name} has no place in the order"))
    };
    let only = ONLY.iter().find(|(name, _)| *name == module);
    rank(other) < rank(module) && only.is_none_or(|(_, allowed)| allowed.contains(&other))
}

#[test]
fn each_module_uses_only_what_stands_before_it() {
    let mut wrong = Vec::new();
    let sources = sources();
    assert!(sources.len() > 100, "only {} sources", sources.len());
    let modules: BTreeSet<_> = sources.iter().map(|it| it.module.as_str()).collect();
    for source in sources.iter().filter(|source| source.module != "lib") {
        let module = source.module.as_str();
        for other in used(&source.code) {
            let other = other.as_str();
            // Not every word after `crate::` is a module: some are items of the crate itself.
            if other == module || !modules.contains(other) || may_use(module, other) {
                continue;
            }
            wrong.push(format!("{} uses {other}", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "against the order:\n{}", wrong.join("\n"));
}

#[test]
fn the_core_reaches_nothing_outside_itself() {
    let sources = sources();
    let core: Vec<_> = sources.iter().filter(|it| it.module == "core").collect();
    assert!(core.len() > 1, "no core");
    for source in core {
        let outside = words(&source.code).find(|word| OUTSIDE.contains(word));
        assert_eq!(outside, None, "{}", source.path.display());
        let starts = source.code.contains("std::process");
        assert!(!starts, "{} uses std::process", source.path.display());
        // Our own type of that name is data.
        assert!(
            !source.code.contains("std::process"),
            "{}",
            source.path.display()
        );
    }
}

#[test]
fn what_stands_in_a_group_or_behind_a_path_is_seen() {
    let seen = |code| used(code).into_iter().collect::<Vec<_>>();
    assert_eq!(seen("use crate::act::{a, b};"), ["act"]);
    assert_eq!(
        seen("use crate::{act::{x, y}, base, app as z};"),
        ["act", "app", "base"]
    );
    assert_eq!(
        seen("let a = habeat::app::run(crate::cli::B);"),
        ["app", "cli"]
    );
    assert_eq!(seen("use my_crate::act;"), [""; 0]);
    assert!(may_use("act", "core") && !may_use("core", "act") && !may_use("clients", "clients"));
}
