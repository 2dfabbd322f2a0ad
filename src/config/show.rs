//! The config as it counts: each value, and where it comes from. Secrets are hidden.

use std::path::Path;

use super::load::{self, File, Invalid};
use super::role::RoleKeys;
use super::table::{Block, Fallback, Form, Key, SITE, TOP, blocks};
use super::tree::{self, Node};
use super::{Config, scalar};
use crate::base::url::public_part;

/// Where the notes of a line begin, if there is room.
const NOTE_AT: usize = 48;

/// Keys whose values are never shown.
const SECRETS: [&str; 3] = ["token", "password", "api_token"];

/// Returns the whole config as YAML, with the source of each value behind it.
///
/// # Errors
/// As [`load::load`].
pub(crate) fn show<R>(path: &Path, roles: &'static [RoleKeys<R>]) -> Result<String, Invalid> {
    let file = load::open(path)?;
    let config = load::check(path, &file, roles)?.config;
    let mut page = Page {
        file: &file,
        config: &config,
        lines: Vec::new(),
    };
    let Node::Map(entries) = &file.root else {
        return Ok(String::new());
    };
    for key in TOP.keys {
        page.entry(&TOP, key, entries, &[], 0);
        if key.name == "local" {
            for site in [&config.own.name, &config.peer.name] {
                if let Some(place) = entries.iter().position(|(name, _)| name == site) {
                    page.block(site, &SITE, &entries[place].1, &[place], 0);
                }
            }
        }
    }
    Ok(page.lines.join("\n"))
}

struct Page<'a> {
    file: &'a File,
    config: &'a Config,
    lines: Vec<String>,
}

impl Page<'_> {
    fn block(&mut self, name: &str, block: &Block, node: &Node, at: &[usize], depth: usize) {
        let title = self.lines.len();
        self.lines.push(format!("{}{name}:", indent(depth)));
        let none = Vec::new();
        let entries = match node {
            Node::Map(entries) => entries,
            Node::Null | Node::Text(_) | Node::List(_) => &none,
        };
        for key in block.keys {
            self.entry(block, key, entries, at, depth + 1);
        }
        if self.lines.len() == title + 1 {
            self.lines.truncate(title);
        }
    }

    /// Adds what counts at a key of a block that lies `at`.
    fn entry(
        &mut self,
        block: &Block,
        key: &Key,
        entries: &[(String, Node)],
        at: &[usize],
        depth: usize,
    ) {
        let is_meant = |name: &str| {
            let alias = block.aliases.iter().find(|(alias, _)| *alias == name);
            name == key.name || alias.is_some_and(|(_, meant)| *meant == key.name)
        };
        let place = entries.iter().position(|(name, _)| is_meant(name));
        let place = place.map(|index| ([at, &[index]].concat(), &entries[index].1));
        // An empty account is one.
        let is_given = |node: &Node| key.form == Form::Account || !is_blank(node);
        let written = place.as_ref().filter(|(_, node)| is_given(node));
        let inner = blocks()
            .into_iter()
            .find(|it| it.path == block.dotted(key.name));
        if let (Form::Block, Some(inner)) = (key.form, inner) {
            let (at, node) = place.unwrap_or((at.to_vec(), &Node::Null));
            if is_written_or_used(key.name, node, self.config) {
                self.block(key.name, inner, node, &at, depth);
            }
            return;
        }
        if let Some((at, node)) = written {
            let line = tree::locate(self.file.text(), at);
            let line = line.map_or_else(String::new, |line| format!("line {line}"));
            self.line(key.name, &value(key.name, node), &line, depth);
            return;
        }
        match (key.fallback, self.derived(block, key)) {
            (Fallback::Is(_), Some(text)) => self.line(key.name, &text, "default", depth),
            (Fallback::Is(text), None) if key.form == Form::Command => {
                self.line(key.name, text, "default", depth);
            }
            (Fallback::Is(text), None) => self.line(key.name, &plain(text), "default", depth),
            (Fallback::Said(words), Some(text)) => {
                self.line(key.name, &text, &format!("default: {words}"), depth);
            }
            (Fallback::Said(_), None)
            | (Fallback::Required | Fallback::RequiredIf(_) | Fallback::Nothing, _) => {}
        }
    }

    /// Returns a default that depends on the rest of the config.
    fn derived(&self, block: &Block, key: &Key) -> Option<String> {
        match (block.path, key.name) {
            ("probe", "targets") => {
                let targets = self.config.probe.targets.iter();
                let shown: Vec<_> = targets.map(|it| plain(&it.to_string())).collect();
                Some(format!("[{}]", shown.join(", ")))
            }
            ("history", "file") => Some(plain(&self.config.history.file.display().to_string())),
            (_, _) => None,
        }
    }

    fn line(&mut self, name: &str, value: &str, source: &str, depth: usize) {
        let left = format!("{}{name}: {value}", indent(depth));
        self.lines.push(format!("{left:<NOTE_AT$}  # {source}"));
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// Whether a block is worth showing: those of witnesses that nobody asks are not.
fn is_written_or_used(name: &str, node: &Node, config: &Config) -> bool {
    let used = match name {
        "vcenter" | "hetrix" | "consul" => {
            config.witnesses.iter().any(|it| it.provider.name() == name)
        }
        "mesh" => config.role.block == Some(name),
        _ => true,
    };
    used || !is_blank(node)
}

fn is_blank(node: &Node) -> bool {
    match node {
        Node::Null => true,
        Node::Text(text) => scalar::is_leftover(text),
        Node::List(items) => items.is_empty(),
        Node::Map(entries) => entries.is_empty(),
    }
}

/// Returns the value of a key on one line.
fn value(name: &str, node: &Node) -> String {
    match node {
        Node::Null => plain(""),
        Node::Text(_) if SECRETS.contains(&name) => "\"[redacted]\"".to_owned(),
        Node::Text(text) if text.contains("://") => plain(&public_part(text)),
        Node::Text(text) => plain(text),
        Node::List(items) => {
            let shown: Vec<_> = items.iter().map(|item| value(name, item)).collect();
            format!("[{}]", shown.join(", "))
        }
        Node::Map(entries) => {
            let pair = |(name, node): &(String, Node)| format!("{name}: {}", value(name, node));
            let shown: Vec<_> = entries.iter().map(pair).collect();
            format!("{{{}}}", shown.join(", "))
        }
    }
}

/// Returns a text as YAML has it, in quotes where it must.
fn plain(text: &str) -> String {
    let harmless = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-' | '/');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(harmless) {
        return text.to_owned();
    }
    format!("{text:?}")
}
