//! A cursor over the tree. Whatever it cannot read it notes, and goes on with the default, so
//! that one look at the file tells everything that is wrong with it.

use std::fmt::Display;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::keys;
use super::notes::{Note, Notes};
use super::scalar::{self, Zero};
use super::suggest::{or_known, quoted};
use super::syntax::run_together;
use super::table::Block;
use super::tree::Node;

/// One key of the file and what stands there; `Null` when it is not given.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    notes: &'a Notes,
    /// The key path, such as `local.provider`.
    pub(crate) key: String,
    /// Of a key that is not given, where its block lies.
    at: Vec<usize>,
    node: &'a Node,
}

/// A block of keys.
pub(crate) struct Section<'a> {
    /// The block itself.
    pub(crate) field: Field<'a>,
    entries: &'a [(String, Node)],
}

impl<'a> Field<'a> {
    /// Returns the top of the file.
    pub(super) fn root(node: &'a Node, notes: &'a Notes) -> Self {
        Self {
            notes,
            key: String::new(),
            at: Vec::new(),
            node,
        }
    }

    /// Notes what makes the file unusable.
    pub(crate) fn error(&self, message: impl Into<String>) {
        self.notes.add_error(self.note(message));
    }

    /// Notes what is odd.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.notes.add_warning(self.note(message));
    }

    fn note(&self, message: impl Into<String>) -> Note {
        Note {
            at: self.at.clone(),
            key: self.key.clone(),
            message: message.into(),
        }
    }

    fn expected(&self, what: &str) {
        let found = match self.node {
            Node::Null => "nothing".to_owned(),
            Node::Text(text) => quoted(text),
            Node::List(items) => match items.as_slice() {
                [Node::Text(text)] if text.parse::<Ipv6Addr>().is_ok() => {
                    format!("a list; write an IPv6 address without brackets: {text}")
                }
                [_, ..] | [] => "a list".to_owned(),
            },
            Node::Map(_) => "a block of keys".to_owned(),
        };
        self.error(format!("expected {what}, found {found}"));
    }

    /// Whether nothing is given, or only a placeholder that somebody left.
    pub(crate) fn is_blank(&self) -> bool {
        match self.node {
            Node::Null => true,
            Node::Text(text) => scalar::is_leftover(text),
            Node::List(items) => items.is_empty(),
            Node::Map(entries) => entries.is_empty(),
        }
    }

    /// Whether a block of keys stands here.
    pub(crate) fn is_block(&self) -> bool {
        matches!(self.node, Node::Map(_))
    }

    /// Whether a list stands here.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node, Node::List(_))
    }

    /// Returns the text as written, an empty one too; `None` when it is no text.
    pub(crate) fn raw(&self) -> Option<&'a str> {
        match self.node {
            Node::Text(text) => Some(text),
            Node::Null => None,
            Node::List(_) | Node::Map(_) => {
                self.expected("a text");
                None
            }
        }
    }

    /// Returns the text, without the blanks around it; an empty one counts as not given.
    pub(crate) fn text(&self) -> Option<&'a str> {
        self.raw().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Returns the text; a placeholder that somebody left counts as not given.
    pub(crate) fn value(&self) -> Option<&'a str> {
        self.text().filter(|text| !scalar::is_leftover(text))
    }

    /// Returns what stands here as `read` understands it; a placeholder counts as not given.
    pub(crate) fn parsed<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.value().and_then(|text| self.read(text, read))
    }

    /// Returns what stands here as `read` understands it; a placeholder too must make sense.
    pub(crate) fn literal<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.text().and_then(|text| self.read(text, read))
    }

    fn read<T>(&self, text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(text).map_err(|message| self.error(message)).ok()
    }

    /// Returns a YAML 1.1 boolean.
    pub(crate) fn boolean(&self, default: bool) -> bool {
        let Some(text) = self.text() else {
            return default;
        };
        scalar::boolean(text).unwrap_or_else(|| {
            self.expected("true or false");
            default
        })
    }

    /// Returns a whole number that is at least `least` and, if there is a limit, at most `most`.
    pub(crate) fn number<T>(&self, default: T, least: T, most: Option<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let Some(text) = self.text() else {
            return default;
        };
        let fits = |it: &T| *it >= least && most.is_none_or(|most| *it <= most);
        if let Some(number) = text.parse().ok().filter(fits) {
            return number;
        }
        match most {
            Some(most) => self.expected(&format!("a whole number from {least} to {most}")),
            None => self.expected(&format!("a whole number, {least} or more")),
        }
        default
    }

    /// Returns a time span.
    pub(crate) fn duration(&self, default: Duration, zero: Zero) -> Duration {
        let Some(text) = self.text() else {
            return default;
        };
        scalar::duration(text, zero).unwrap_or_else(|message| {
            self.error(message);
            default
        })
    }

    /// Returns what one of a few words stands for; case does not count.
    pub(crate) fn choice<T: Copy>(&self, default: T, words: &[(&str, T)]) -> T {
        let Some(text) = self.text() else {
            return default;
        };
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map_or_else(
            || {
                let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                let hint = or_known(text, &known);
                self.error(format!("unknown value {}; {hint}", quoted(text)));
                default
            },
            |(_, meant)| *meant,
        )
    }

    /// Returns the absolute path of a file.
    pub(crate) fn path(&self, default: &str) -> PathBuf {
        self.literal(scalar::file_path)
            .unwrap_or_else(|| default.into())
    }

    /// Returns the entries of a list; a placeholder counts as none.
    pub(crate) fn items(&self) -> Vec<Field<'a>> {
        match self.node {
            Node::List(items) => (items.iter().enumerate())
                .map(|(index, node)| self.child(index, format!("{}[{index}]", self.key), node))
                .collect(),
            Node::Text(_) | Node::Map(_) if !self.is_blank() => {
                self.expected("a list");
                Vec::new()
            }
            Node::Text(_) | Node::Map(_) | Node::Null => Vec::new(),
        }
    }

    fn child(&self, index: usize, key: String, node: &'a Node) -> Field<'a> {
        let mut at = self.at.clone();
        at.push(index);
        Field {
            notes: self.notes,
            key,
            at,
            node,
        }
    }

    /// Returns the block that stands here; a placeholder counts as an empty one.
    pub(crate) fn block(&self) -> Section<'a> {
        let entries: &[(String, Node)] = match self.node {
            Node::Map(entries) => entries,
            Node::Text(text) if !self.is_blank() && run_together(text).is_some() => {
                self.error(run_together(text).unwrap_or_default());
                &[]
            }
            Node::Text(_) | Node::List(_) if !self.is_blank() => {
                self.expected("a block of keys");
                &[]
            }
            Node::Text(_) | Node::List(_) | Node::Null => &[],
        };
        Section {
            field: self.clone(),
            entries,
        }
    }

    /// Returns the block that stands here, and notes every key it should not have.
    pub(crate) fn section(&self, keys: &Block) -> Section<'a> {
        let section = self.block();
        section.expect_only(keys, &[]);
        section
    }
}

impl<'a> Section<'a> {
    /// Returns a key's field, whether it is given or not.
    pub(crate) fn get(&self, name: &str) -> Field<'a> {
        let key = match self.field.key.as_str() {
            "" => name.to_owned(),
            block => format!("{block}.{name}"),
        };
        match self.find(name) {
            Some((index, node)) => self.field.child(index, key, node),
            None => Field {
                key,
                node: &Node::Null,
                ..self.field.clone()
            },
        }
    }

    fn find(&self, name: &str) -> Option<(usize, &'a Node)> {
        let mut entries = self.entries.iter().enumerate();
        entries.find_map(|(index, (key, node))| (key == name).then_some((index, node)))
    }

    /// Whether the key is there, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Returns the keys, as written.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|(key, _)| key.as_str())
    }

    /// Notes unknown keys, keys given twice, and misspellings that count.
    pub(crate) fn expect_only(&self, keys: &Block, others: &[&str]) {
        let mut seen = std::collections::HashSet::new();
        for (index, (name, node)) in self.entries.iter().enumerate() {
            let shown: String = name.escape_debug().take(60).collect();
            let key = self.get(&shown).key;
            let field = self.field.child(index, key, node);
            if !seen.insert(name.as_str()) {
                field.error("given twice in this block; keep one");
            } else if let Some((_, meant)) = keys.aliases.iter().find(|(it, _)| it == name) {
                if self.has(meant) {
                    field.error(format!("given together with {meant:?}; keep {meant:?}"));
                } else {
                    field.warn(format!("read as {meant:?}; write it so"));
                }
            } else if !keys.has(name.as_str()) && !others.contains(&name.as_str()) {
                field.error(keys::unknown(keys, name, others));
            }
        }
    }
}
