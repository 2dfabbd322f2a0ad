//! What is shipped and what is documented of the config is what the loader reads.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use habeat::config::load::known_keys;
use habeat::config::{Loaded, load};

/// What a fragment of a document is put into; a block of the fragment takes the place of its own.
const AROUND: [(&str, &str); 3] = [
    (
        "local",
        "local: {whoami: secondary, dc_check: primary, role: appserver}\n",
    ),
    (
        "primary",
        "primary: {appserver_ip: 192.0.2.10, appserver_vmname: mbx1.example.com}\n",
    ),
    (
        "secondary",
        "secondary: {appserver_ip: 198.51.100.10, appserver_vmname: mbx2.example.com}\n",
    ),
];

/// Where the documents put secrets; in a test they lie in a file that is there.
const SECRETS: &str = "/etc/hamon/";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Loads a text as a file of root's own, with a secret in every file that it names.
fn load_text(text: &str) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let prefix = format!("{}/", folder.path().display());
    for word in text.split_whitespace() {
        if let Some(name) = word.strip_prefix(SECRETS) {
            fs::write(folder.path().join(name), "a-secret").unwrap();
        }
    }
    let file = folder.path().join("habeat.yml");
    fs::write(&file, text.replace(SECRETS, &prefix)).unwrap();
    load(&file).map_err(|invalid| invalid.to_string())
}

/// Removes the "#" of every key that is shown with its default or an example.
fn uncommented(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let indent = line.len() - line.trim_start().len();
        match line.trim_start().strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_alphanumeric() || c == '-') => {
                format!("{}{rest}", &line[..indent])
            }
            Some(_) | None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_configs_shipped_load_as_they_are_and_with_every_key_in_use() {
    for name in ["config/habeat.yml", "config/habeat.example.yml"] {
        let text = read(name);
        for text in [text.clone(), uncommented(&text)] {
            if let Err(invalid) = load_text(&text) {
                panic!("{name}: {invalid}\n{text}");
            }
        }
    }
    let example = read("config/habeat.example.yml");
    assert_ne!(
        uncommented(&example),
        example,
        "the example shows no key behind a #"
    );
}

/// Returns every fenced YAML block of a document.
fn blocks(text: &str) -> Vec<String> {
    let parts = text.split("```yaml\n").skip(1);
    parts
        .filter_map(|part| part.split_once("```").map(|(block, _)| block.to_owned()))
        .collect()
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|it| it == "md") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_yaml_block_of_the_documents_is_a_config_or_a_part_of_one() {
    let mut seen = 0;
    let mut all = documents(&root().join("docs"));
    all.push(root().join("README.md"));
    for path in all {
        for block in blocks(&fs::read_to_string(&path).unwrap()) {
            let has = |key: &str| {
                block
                    .lines()
                    .any(|line| line.starts_with(&format!("{key}:")))
            };
            let around = AROUND.iter().filter(|(key, _)| !has(key));
            let text: String = around
                .map(|(_, text)| *text)
                .chain([block.as_str()])
                .collect();
            if let Err(invalid) = load_text(&text) {
                panic!("{}: {invalid}\n{block}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} blocks were found");
}

#[test]
fn every_key_is_in_the_manual_the_configuration_page_and_the_example() {
    let keys = known_keys();
    assert!(keys.len() > 60, "only {} keys are known", keys.len());
    for name in [
        "docs/man/habeat.yml.5",
        "docs/configuration.md",
        "config/habeat.example.yml",
    ] {
        let text = read(name);
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let words: std::collections::HashSet<&str> = text.split(word).collect();
        let missing: Vec<&String> = keys
            .iter()
            .filter(|key| !words.contains(key.rsplit('.').next().unwrap_or(key)))
            .collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
    }
}
