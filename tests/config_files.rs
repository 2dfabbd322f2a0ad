//! The shipped configs and the documents tell the truth about the loader: what they show loads,
//! and what the loader knows they name.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says where"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use habeat::config::table::{Block, Fallback, Form, blocks};
use habeat::config::{Invalid, Problem};
use habeat::roles::{Loaded, load};
use serde_yaml::{Mapping, Value};

const SMALLEST: &str = "
local: {whoami: secondary, dc_check: primary, role: appserver}
primary: {appserver_ip: 192.0.2.1, appserver_vmname: mbx1.example.com}
secondary: {appserver_ip: 198.51.100.1, appserver_vmname: mbx2.example.com}
";

/// Every key, as `block.key`.
fn known_keys() -> Vec<String> {
    let keys = |block: &'static Block| block.names().map(|name| block.dotted(name));
    blocks().into_iter().flat_map(keys).collect()
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text_of(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

/// Loads a text as a private file.
fn load_text(text: &str) -> Result<Loaded, Invalid> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("habeat.yml");
    std::fs::write(&file, with_real_token_files(text, folder.path())).unwrap();
    load(&file)
}

/// The token files of the examples exist on no machine that runs these tests.
fn with_real_token_files(text: &str, folder: &Path) -> String {
    let token = folder.join("token");
    std::fs::write(&token, "abc").unwrap();
    text.replace("/etc/hamon/consul.token", token.to_str().unwrap())
}

/// Removes the `#` of every commented-out key; a comment has a blank behind it.
fn uncommented(text: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        match bare.strip_prefix('#') {
            Some(key) if !key.is_empty() && !key.starts_with(' ') => {
                format!("{}{key}\n", &line[..indent])
            }
            Some(_) | None => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

#[test]
fn the_shipped_configs_load_as_they_are_and_with_every_key_uncommented() {
    for name in ["config/habeat.yml", "config/habeat.example.yml"] {
        for text in [text_of(project(name)), uncommented(&text_of(project(name)))] {
            let loaded = load_text(&text).unwrap_or_else(|err| panic!("{name}: {err}\n{text}"));
            assert_eq!(loaded.config.own.name, "secondary");
        }
    }
}

#[test]
fn the_shipped_config_with_its_two_proposals_has_no_warnings() {
    let loaded = load_text(&uncommented(&text_of(project("config/habeat.yml")))).unwrap();
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_example_shows_the_real_defaults() {
    let example = text_of(project("config/habeat.example.yml"));
    let shown = load_text(&uncommented(&example)).unwrap();
    let real = load_text(SMALLEST).unwrap();
    let plain = |Loaded { config, role, .. }: &Loaded| {
        let looks = &config.probe;
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            config.files,
            role,
            (looks.attempts, looks.interval, looks.timeout),
            config.policy,
            config.witnesses.first(),
            config.carbonio,
            config.timeouts,
            config.history
        )
    };
    assert_eq!(plain(&shown), plain(&real));
}

/// Returns the keys of a config as `block.key`, sites as `SITE`, targets as `TARGET`.
fn keys_in(value: &Value, block: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, inner) in map {
                let name = match key.as_str().unwrap() {
                    "primary" | "secondary" if block.is_empty() => "SITE",
                    name => name,
                };
                let path = [block, name].join(if block.is_empty() { "" } else { "." });
                keys_in(inner, &path, found);
                found.insert(path);
            }
        }
        Value::Sequence(items) => {
            let block = if block == "witnesses" {
                "WITNESS"
            } else {
                "TARGET"
            };
            for item in items {
                keys_in(item, block, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {}
    }
}

#[test]
fn every_key_is_in_the_example_and_no_other() {
    let example = uncommented(&text_of(project("config/habeat.example.yml")));
    let mut found = BTreeSet::new();
    keys_in(&serde_yaml::from_str(&example).unwrap(), "", &mut found);
    found.remove("SITE");
    assert_eq!(found, BTreeSet::from_iter(known_keys()));
}

#[test]
fn every_key_is_in_the_manual_and_no_other() {
    let mut block = String::new();
    let mut found = BTreeSet::new();
    for line in text_of(project("docs/man/habeat.yml.5")).lines() {
        if let Some(name) = line.strip_prefix(".Ss ") {
            block = if name == "Top level" {
                String::new()
            } else {
                format!("{name}.")
            };
        } else if let Some(names) = line.strip_prefix(".It Cm ") {
            found.extend(names.split(" , ").map(|name| format!("{block}{name}")));
        }
    }
    assert_eq!(found, BTreeSet::from_iter(known_keys()));
}

#[test]
fn every_key_is_in_the_documentation_and_no_other() {
    let mut block = String::new();
    let mut found = BTreeSet::new();
    for line in text_of(project("docs/configuration.md")).lines() {
        let heading = line
            .strip_prefix("## ")
            .or_else(|| line.strip_prefix("### "));
        if let Some(name) = heading.filter(|name| !name.contains(' ')) {
            block = name.to_owned();
            if name.starts_with(|it: char| it.is_lowercase()) && !name.contains('.') {
                found.insert(name.to_owned());
            }
        } else if let Some((name, _)) = line.strip_prefix("| `").and_then(|it| it.split_once('`')) {
            let is_key_row = line.matches('|').count() == 5;
            found.extend(is_key_row.then(|| format!("{block}.{name}")));
        }
    }
    assert_eq!(found, BTreeSet::from_iter(known_keys()));
}

/// Returns the rows of each block's table in the reference.
fn rows_of(page: &str) -> BTreeMap<String, Vec<String>> {
    let mut block = String::new();
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in page.lines() {
        let heading = line.trim_start_matches('#').trim_start();
        if line.starts_with('#') {
            heading.clone_into(&mut block);
        } else if line.starts_with("| `") && line.matches('|').count() == 5 {
            rows.entry(block.clone()).or_default().push(line.to_owned());
        }
    }
    rows
}

#[test]
fn the_reference_is_the_table_of_keys() {
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for block in blocks().into_iter().filter(|it| !it.path.is_empty()) {
        let row = |key: &habeat::config::table::Key| {
            format!(
                "| `{}` | {} | {} | {} |",
                key.name, key.form, key.fallback, key.prose
            )
        };
        let rows = expected.entry(block.path.to_owned()).or_default();
        rows.extend(block.keys.iter().map(row));
    }
    let mut page = rows_of(&text_of(project("docs/configuration.md")));
    page.retain(|block, _| expected.contains_key(block));
    for (block, rows) in expected {
        let shown = page.remove(&block).unwrap_or_default();
        let [rows, shown] = [rows, shown].map(|it| it.join("\n"));
        assert_eq!(
            shown, rows,
            "docs/configuration.md, {block}: the left is the page"
        );
    }
}

/// Returns what the manual says of each key.
fn entries_of(manual: &str) -> BTreeMap<String, String> {
    let mut block = String::new();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut keys: Vec<String> = Vec::new();
    for line in manual.lines() {
        if let Some(name) = line.strip_prefix(".Ss ") {
            block = if name == "Top level" {
                String::new()
            } else {
                format!("{name}.")
            };
        } else if let Some(names) = line.strip_prefix(".It Cm ") {
            keys = names
                .split(" , ")
                .map(|name| format!("{block}{name}"))
                .collect();
        }
        for key in &keys {
            let text = found.entry(key.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

#[test]
fn the_manual_says_each_default_that_the_table_has() {
    let manual = entries_of(&text_of(project("docs/man/habeat.yml.5")));
    for block in blocks() {
        for key in block.keys {
            let path = block.dotted(key.name);
            let said = manual
                .get(&path)
                .unwrap_or_else(|| panic!("{path} is not in the manual"));
            let words = |text: &str| text.replace(['[', ']', ','], "");
            match key.fallback {
                Fallback::Is(text) => {
                    assert!(words(said).contains(&words(text)), "{path}: {text}: {said}");
                }
                Fallback::Required if !block.path.is_empty() => {
                    assert!(said.contains("Required"), "{path}: {said}");
                }
                Fallback::Required
                | Fallback::RequiredIf(_)
                | Fallback::Nothing
                | Fallback::Said(_) => {}
            }
        }
    }
}

/// A default that the table promises and the reader does not keep would be a lie.
#[test]
fn each_default_of_the_table_is_the_readers() {
    let real = format!("{:?}", load_text(SMALLEST).unwrap().config);
    for block in blocks() {
        for key in block.keys {
            let Fallback::Is(text) = key.fallback else {
                continue;
            };
            let mut config: Mapping = serde_yaml::from_str(SMALLEST).unwrap();
            let path = block.dotted(key.name);
            let value: Value = if key.form == Form::Command {
                serde_yaml::from_str(text).unwrap()
            } else {
                text.into()
            };
            put(&mut config, &path.split('.').collect::<Vec<_>>(), value);
            let given = load_text(&serde_yaml::to_string(&config).unwrap())
                .unwrap()
                .config;
            assert_eq!(format!("{given:?}"), real, "{path}: {text}");
        }
    }
}

#[test]
fn the_misspelling_that_is_read_is_documented() {
    for name in [
        "config/habeat.example.yml",
        "docs/configuration.md",
        "docs/man/habeat.yml.5",
    ] {
        assert!(text_of(project(name)).contains("deativate"), "{name}");
    }
}

/// Returns the documents that may show a config.
fn documents() -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(project("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect();
    found.extend(Some(project("README.md")).filter(|path| path.exists()));
    found.sort();
    found
}

/// Returns the blocks fenced as `yaml`.
fn yaml_blocks(text: &str) -> Vec<String> {
    let fenced = text.split("```yaml\n").skip(1);
    fenced
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// Puts a fragment over the smallest config, key by key.
fn merged(fragment: &Value) -> String {
    let mut whole: Mapping = serde_yaml::from_str(SMALLEST).unwrap();
    for (name, block) in fragment.as_mapping().expect("a fragment has keys") {
        match (whole.get_mut(name), block) {
            (Some(Value::Mapping(below)), Value::Mapping(above)) => below.extend(above.clone()),
            (_, _) => drop(whole.insert(name.clone(), block.clone())),
        }
    }
    serde_yaml::to_string(&whole).unwrap()
}

#[test]
fn every_config_in_the_documents_loads() {
    let mut seen = 0;
    for path in documents() {
        for block in yaml_blocks(&text_of(&path)) {
            let at = path.display();
            let value: Value =
                serde_yaml::from_str(&block).unwrap_or_else(|err| panic!("{at}: {err}\n{block}"));
            let is_whole = value
                .get("local")
                .is_some_and(|it| it.get("role").is_some());
            let text = if is_whole { block } else { merged(&value) };
            load_text(&text).unwrap_or_else(|err| panic!("{at}: {err}\n{text}"));
            seen += 1;
        }
    }
    assert!(seen >= 4, "only {seen} blocks were found");
}

/// Puts `value` at a path of keys, making the blocks on the way.
fn put(map: &mut Mapping, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(map.insert((*name).into(), value)),
        [name, rest @ ..] => {
            let inner = map
                .entry((*name).into())
                .or_insert(Value::Mapping(Mapping::new()));
            put(inner.as_mapping_mut().expect("a block"), rest, value);
        }
    }
}

/// What is said when a value that nobody can read stands at `key`.
fn told_of_nonsense_at(key: &str) -> Vec<Problem> {
    let nonsense = Value::Mapping(Mapping::from_iter([("unreadable".into(), 1.into())]));
    let mut config: Mapping = serde_yaml::from_str(SMALLEST).unwrap();
    if let Some(name) = key.strip_prefix("TARGET.") {
        let target = Mapping::from_iter([(name.into(), nonsense)]);
        config.insert(
            "anchors".into(),
            Value::Sequence(vec![Value::Mapping(target)]),
        );
    } else if let Some(name) = key.strip_prefix("WITNESS.") {
        let kind = match name {
            "argv" => "command",
            "url" | "status" | "regexp" | "down_regexp" | "ca_file" => "http",
            _ => "consul",
        };
        let mut witness = Mapping::from_iter([("provider".into(), kind.into())]);
        witness.insert(name.into(), nonsense);
        config.insert(
            "witnesses".into(),
            Value::Sequence(vec![Value::Mapping(witness)]),
        );
    } else {
        let key = key.replace("SITE", "primary");
        put(&mut config, &key.split('.').collect::<Vec<_>>(), nonsense);
    }
    match load_text(&serde_yaml::to_string(&config).unwrap()) {
        Ok(loaded) => loaded.warnings,
        Err(invalid) => invalid.errors,
    }
}

/// A key that is known but that nothing reads would be a promise without a keeper.
#[test]
fn nonsense_at_any_key_is_noticed() {
    for key in known_keys() {
        let told = told_of_nonsense_at(&key);
        let tail = key.split_once('.').map_or(key.as_str(), |(_, tail)| tail);
        let noticed = told
            .iter()
            .any(|problem| problem.key.contains(tail) && problem.line.is_some());
        assert!(noticed, "{key}: {told:?}");
    }
}
