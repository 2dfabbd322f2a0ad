//! A recipe as docs/proxies.md has it: what stands there is what is run here.

use std::fs;
use std::path::Path;

use serde_yaml::{Mapping, Value};

/// The addresses of the lab, in place of those of the document.
const ADDRESSES: [(&str, &str); 4] = [
    ("203.0.113.80", crate::stage::SERVICE),
    ("198.51.100.1", crate::stage::ROUTER),
    ("198.51.100.2", crate::stage::SITE_B),
    ("192.0.2.20", crate::stage::SITE_A),
];
/// The deadline of a command: the tests would wait for the document's whole one.
const DEADLINE: [&str; 2] = ["command: 10s", "command: 20s"];
/// Where `habeat.yml` stands whole; the other sections show what differs.
const WHOLE: &str = "BIRD 2";

/// One section of the document.
pub(crate) struct Recipe {
    /// The configuration of the BGP speaker in site B.
    pub(crate) speaker: String,
    /// `habeat.yml`.
    pub(crate) habeat: String,
    /// The groups that the drop-in gives to habeat's unit.
    pub(crate) groups: Option<String>,
}

/// A command of a list, as it is run.
pub(crate) type Words = Vec<String>;

impl Recipe {
    /// Reads the section under this heading.
    pub(crate) fn read(heading: &str) -> Self {
        let mut page = read("docs/proxies.md");
        for (documented, here) in ADDRESSES {
            page = page.replace(documented, here);
        }
        let section = section(&page, heading);
        let drop_in = block(section, "ini");
        Self {
            speaker: block(section, "text").unwrap().to_owned(),
            habeat: habeat(&page, section),
            groups: drop_in.map(|it| values(it, "SupplementaryGroups")[0].replace(' ', ",")),
        }
    }

    /// Returns one of the lists of `proxy_switch.bgp`.
    pub(crate) fn commands(&self, list: &str) -> Vec<Words> {
        let config: Value = serde_yaml::from_str(&self.habeat).unwrap();
        let list = &config["secondary"]["proxy_switch"]["bgp"][list];
        let commands = list.as_sequence().unwrap().iter();
        commands.map(words).collect()
    }
}

/// Returns the whole `habeat.yml`, with the blocks of this section in it.
fn habeat(page: &str, here: &str) -> String {
    let whole = block(section(page, WHOLE), "yaml").unwrap();
    let [documented, shorter] = DEADLINE;
    assert!(whole.contains(documented), "{whole}");
    let whole = whole.replace(documented, shorter);
    let mut whole: Mapping = serde_yaml::from_str(&whole).unwrap();
    let own: Mapping = serde_yaml::from_str(block(here, "yaml").unwrap()).unwrap();
    whole.extend(own);
    // The runs of a lab follow each other at once.
    let spacing = serde_yaml::from_str("{run_spacing: 0s, evidence_max_age: 5m}").unwrap();
    whole.insert("policy".into(), spacing);
    serde_yaml::to_string(&whole).unwrap()
}

/// Returns the capabilities that habeat's unit leaves, as `setpriv` wants them.
pub(crate) fn bounding_set() -> String {
    let unit = read("systemd/habeat.service");
    let lines = values(&unit, "CapabilityBoundingSet");
    let names = lines.iter().flat_map(|line| line.split(' '));
    let names = names.map(|name| name.strip_prefix("CAP_").unwrap().to_lowercase());
    names.fold("-all".to_owned(), |all, name| format!("{all},+{name}"))
}

fn words(command: &Value) -> Words {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    match command.as_sequence() {
        Some(words) => words.iter().map(word).collect(),
        None => ["/bin/sh".to_owned(), "-c".to_owned(), word(command)].into(),
    }
}

fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let lines = text.lines();
    lines
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .collect()
}

fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let after = page.split_once(&format!("\n## {heading}\n"));
    let (_, after) = after.unwrap_or_else(|| panic!("docs/proxies.md lacks {heading:?}"));
    after.split("\n## ").next().unwrap()
}

fn block<'a>(section: &'a str, language: &str) -> Option<&'a str> {
    let (_, after) = section.split_once(&format!("\n```{language}\n"))?;
    after.split("\n```").next()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}
