//! What the documents say, held against the code and the files.
#![expect(
    clippy::disallowed_methods,
    reason = "a test starts the programs that read our files"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory;
use habeat::base::refusal::TABLE;
use habeat::cli::Cli;
use habeat::core::REASONS;
use habeat::witness::DoubtKind;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|e| panic!("cannot list {}: {e}", folder.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry
            .unwrap_or_else(|e| panic!("cannot list {}: {e}", folder.display()))
            .path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn markdown() -> Vec<PathBuf> {
    let top = ["README.md", "CHANGELOG.md"].map(|name| root().join(name));
    [&top[..], &files_below(&root().join("docs"), ".md")].concat()
}

/// Returns the lines outside of code blocks.
fn prose(text: &str) -> Vec<&str> {
    let mut inside = false;
    text.lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
        .collect()
}

/// Returns the code blocks marked `language`.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(&opening)
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .collect()
}

/// Returns the anchors of a page: its headings, as GitHub writes them.
fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .iter()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let kept = line
                .trim_start_matches('#')
                .trim()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

/// Returns the targets of the links of a page, without inline code.
fn links(text: &str) -> Vec<String> {
    prose(text)
        .iter()
        .flat_map(|line| {
            let outside = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            outside
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next().map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Returns what is wrong with a link, if anything.
fn fault(page: &Path, link: &str) -> Option<String> {
    if link.starts_with("https://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let folder = page.parent()?;
    let target = if file.is_empty() {
        page.to_owned()
    } else {
        folder.join(file)
    };
    if !target.exists() {
        return Some(format!("{}: {link}: no such file", page.display()));
    }
    let known = anchor.is_empty() || anchors(&read(&target)).contains(anchor);
    (!known).then(|| format!("{}: {link}: no such heading", page.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    let mut faults = Vec::new();
    for page in markdown() {
        for link in links(&read(&page)) {
            seen += 1;
            faults.extend(fault(&page, &link));
        }
    }
    assert!(seen > 50, "found only {seen} links");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_link_test_sees_a_dead_link() {
    let page = root().join("docs/index.md");
    for (link, dead) in [
        ("runbook.md#cut", false),
        ("runbook.md#nowhere", true),
        ("nowhere.md", true),
    ] {
        assert_eq!(fault(&page, link).is_some(), dead, "{link}");
    }
}

#[test]
fn the_runbook_has_a_paragraph_for_each_code_and_none_for_others() {
    let text = read("docs/runbook.md");
    let written: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let doubts = DoubtKind::ALL.map(|kind| format!("witness-{}", kind.code()));
    let exits = TABLE.map(|(code, _)| format!("exit-{}", code.number()));
    let situations = [
        "state-unusable",
        "no-boot-id",
        "timer-silent",
        "promote-by-hand",
        "after-a-promotion",
        "no-accounts",
        "not-ready",
    ];
    let due: BTreeSet<&str> = REASONS
        .iter()
        .copied()
        .chain(doubts.iter().map(String::as_str))
        .chain(exits.iter().map(String::as_str))
        .chain(situations)
        .collect();
    assert_eq!(written, due);
}

#[test]
fn each_paragraph_of_the_runbook_says_something() {
    let text = read("docs/runbook.md");
    for paragraph in text.split("\n### ").skip(1) {
        let (code, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        assert!(rest.trim().len() > 60, "{code}: {rest}");
    }
}

#[test]
fn the_manual_page_knows_every_verb_and_flag() {
    let page = read("docs/man/habeat.8");
    let mut command = Cli::command();
    command.build();
    let mut seen = 0;
    let verbs: Vec<_> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
        .collect();
    for verb in &verbs {
        let line = format!("\n.It Cm {}\n", verb.get_name());
        assert!(page.contains(&line), "no entry for {}", verb.get_name());
    }
    for flag in std::iter::once(&command)
        .chain(verbs.iter().copied())
        .flat_map(clap::Command::get_arguments)
        .filter(|flag| !flag.is_hide_set())
    {
        if let Some(long) = flag.get_long() {
            seen += 1;
            let written = page.lines().any(|line| {
                line.starts_with(".It Fl") && line.split(' ').any(|word| word == format!("-{long}"))
            });
            assert!(written, "no entry for --{long}");
        }
        if let Some(short) = flag.get_short() {
            let written = page.lines().any(|line| {
                line.starts_with(".It Fl") && line.split(' ').any(|word| word == short.to_string())
            });
            assert!(written, "no entry for -{short}");
        }
    }
    assert!(verbs.len() >= 3 && seen >= 6, "{} {seen}", verbs.len());
}

#[test]
fn the_manual_page_knows_no_verb_or_flag_that_is_not_there() {
    let page = read("docs/man/habeat.8");
    let mut command = Cli::command();
    command.build();
    let all: Vec<&clap::Command> = std::iter::once(&command)
        .chain(command.get_subcommands())
        .collect();
    for line in page.lines() {
        if let Some(verb) = line.strip_prefix(".It Cm ") {
            assert!(all.iter().any(|known| known.get_name() == verb), "{verb}");
        }
        let Some(flags) = line.strip_prefix(".It Fl ") else {
            continue;
        };
        for long in flags.split(' ').filter_map(|word| word.strip_prefix('-')) {
            let known = all
                .iter()
                .flat_map(|known| known.get_arguments())
                .any(|flag| flag.get_long() == Some(long));
            assert!(known, "--{long} is described and does not exist");
        }
    }
}

#[test]
fn the_exit_codes_of_the_manual_page_are_those_of_the_code() {
    let page = read("docs/man/habeat.8");
    let section = page
        .split(".Sh EXIT STATUS")
        .nth(1)
        .and_then(|rest| rest.split(".Sh ").next())
        .unwrap_or_default();
    let written: Vec<(&str, &str)> = section
        .split("\n.It ")
        .skip(1)
        .filter_map(|item| item.split_once('\n'))
        .map(|(number, meaning)| (number, meaning.lines().next().unwrap_or_default()))
        .collect();
    let numbers = TABLE.map(|(code, _)| code.number().to_string());
    let due: Vec<(&str, &str)> = numbers
        .iter()
        .map(String::as_str)
        .zip(TABLE.iter().map(|(_, meaning)| *meaning))
        .collect();
    assert_eq!(written, due);
}

#[test]
fn mandoc_finds_nothing_wrong_with_the_manual_pages() {
    let pages = [
        files_below(&root().join("docs/man"), ".8"),
        files_below(&root().join("docs/man"), ".5"),
    ]
    .concat();
    assert!(!pages.is_empty());
    for page in pages {
        let output = Command::new("mandoc")
            .args(["-Tlint", "-Wwarning"])
            .arg(&page)
            .output()
            .unwrap_or_else(|e| panic!("cannot start mandoc (see docs/testing.md): {e}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

/// systemd 239 and 245, which RHEL 8 and Ubuntu 20.04 have, do not know `systemctl show -P`.
#[test]
fn no_page_asks_systemctl_for_what_an_older_one_does_not_know() {
    let pages = [
        markdown(),
        files_below(&root().join("docs/man"), ".8"),
        files_below(&root().join("docs/man"), ".5"),
    ]
    .concat();
    assert!(pages.len() > 15, "{pages:?}");
    for page in pages {
        assert!(!read(&page).contains("show -P"), "{}", page.display());
    }
}

#[test]
fn no_source_cites_a_page_that_is_not_here() {
    let sources = [
        files_below(&root().join("src"), ".rs"),
        files_below(&root().join("tests"), ".rs"),
    ]
    .concat();
    assert!(sources.len() > 100, "{}", sources.len());
    for source in sources {
        let text = read(&source);
        for word in text.split(['`', ' ', '(', ')', ',', '\n', '"', ';', '\\']) {
            let is_page = word.starts_with("docs/") && word.contains(".md");
            let page = word.split('#').next().unwrap_or_default();
            let page = page.trim_end_matches(['.', ':']);
            if is_page && !page.contains(['{', '*']) {
                assert!(root().join(page).exists(), "{}: {word}", source.display());
            }
            let outside = ["research", "seeds"].map(|folder| format!("{folder}/"));
            assert!(
                !outside.iter().any(|folder| word.starts_with(folder)),
                "{}: {word}",
                source.display()
            );
        }
    }
}

/// Returns the crates named in a table of `Cargo.toml`.
fn crates(manifest: &str, table: &str) -> BTreeSet<String> {
    manifest
        .split(&format!("\n[{table}]\n"))
        .nth(1)
        .unwrap_or_default()
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_crate_has_its_reason_and_every_reason_its_crate() {
    let manifest = read("Cargo.toml");
    let mut due = crates(&manifest, "dependencies");
    assert!(due.contains("clap"), "{due:?}");
    due.extend(crates(&manifest, "dev-dependencies"));
    let page = read("docs/dependencies.md");
    let written: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(written, due);
}

#[test]
fn the_commands_of_the_readme_are_there_to_be_run() {
    let readme = read("README.md");
    let shell = blocks(&readme, "sh");
    assert_eq!(shell[..2], ["cargo run --release -- drill", "tests/run"]);
    let mut command = Cli::command();
    command.build();
    assert!(command.find_subcommand("drill").is_some());
    assert!(root().join("tests/run").exists(), "tests/run is missing");
    assert_eq!(installed(shell[2]), 7, "{}", shell[2]);
}

/// Requires that what a block of commands installs is there, and counts it.
fn installed(block: &str) -> usize {
    let mut installed = 0;
    for line in block.lines().filter(|line| line.starts_with("install")) {
        let sources = line
            .split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1)
            .filter(|word| word.contains('/') && !word.starts_with(['/', '-']));
        for source in sources.filter(|source| !source.starts_with("target/")) {
            installed += 1;
            assert!(root().join(source).exists(), "{source}: {line}");
        }
    }
    installed
}

#[test]
fn what_several_roles_need_is_there_to_be_installed() {
    let page = read("docs/configuration.md");
    let section = page
        .split("\n## Several roles on one node\n")
        .nth(1)
        .unwrap_or_default();
    let sources: Vec<usize> = blocks(section, "sh").into_iter().map(installed).collect();
    assert_eq!(sources, [6, 1], "{section}");
}

/// Returns the rows of the tables below this heading, without their heads.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let below = page.split(&format!("\n## {heading}\n")).nth(1);
    let section = below.and_then(|rest| rest.split("\n## ").next());
    let lines = section.unwrap_or_default().lines();
    let rows = lines.skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|')).collect()
}

/// Each row of what we claim ends with the test that holds it.
#[test]
fn every_claim_names_a_test_that_is_there() {
    for (page, headings) in [
        (
            "docs/differences.md",
            &["Kept", "Fail-open cases", "Changed on purpose"][..],
        ),
        ("docs/security.md", &["Threat model"]),
    ] {
        let text = read(page);
        for heading in headings {
            let rows = rows(&text, heading);
            assert!(rows.len() >= 7, "{page}: {heading}: {}", rows.len());
            for row in rows {
                let cell = row.trim_end_matches([' ', '|']).rsplit(" | ").next();
                let names = names_in(cell.unwrap_or_default());
                let told = cell == Some("the same") || cell.is_some_and(|it| it.contains(".rs`"));
                assert!(told || !names.is_empty(), "{page}: no test: {row}");
                for (file, test) in names {
                    assert!(is_there(file, test), "{page}: {file} has no test {test}");
                }
            }
        }
    }
}

fn names_in(cell: &str) -> Vec<(&str, &str)> {
    let words = cell.split('`').filter_map(|word| word.split_once("::"));
    words.filter(|(file, _)| file.ends_with(".rs")).collect()
}

/// An attribute of its own may stand before a test: one that needs a peer is ignored.
fn is_there(file: &str, test: &str) -> bool {
    let source = read(file);
    let before = source.split(&format!("fn {test}()")).next();
    let last = before.and_then(|text| text.rsplit("\n\n").next());
    before != Some(&source) && last.is_some_and(|it| it.contains("#[test]"))
}

#[test]
fn a_claim_without_its_test_would_be_seen() {
    assert!(is_there(
        "tests/docs.rs",
        "a_claim_without_its_test_would_be_seen"
    ));
    assert!(!is_there("tests/docs.rs", "rows"));
    assert!(!is_there("tests/docs.rs", "nothing_of_that_name"));
    let page = "\n## A\n\n| a | b |\n|---|---|\n| 1 | `x.rs::y` |\n\n| 2 |\n";
    assert_eq!(rows(page, "A"), ["| 1 | `x.rs::y` |"]);
    assert_eq!(names_in("`x.rs::y` and z"), [("x.rs", "y")]);
}
