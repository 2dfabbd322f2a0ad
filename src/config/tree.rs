//! YAML text → a tree of our own. The only file that knows `serde_yaml`.
//!
//! The tree keeps what the text says: duplicate keys stay, and a scalar is its text, because
//! only the reader of a key knows whether `no`, `0123` or `1e5` is meant as a word or a number.
//! That takes two walks: the first learns the shape, the second fetches the text.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::limits::Limits;
use super::syntax::{Syntax, explain};

/// Opening brackets a file may hold. The parser looks at every open one again with each token,
/// so that a megabyte of `[` would keep it busy for many minutes.
const BRACKETS: usize = 1000;

/// One value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing, `~` or `null`.
    Null,
    /// A scalar, as written.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file, duplicates included.
    Map(Vec<(String, Node)>),
}

/// Reads the only document of `text`.
///
/// # Errors
/// When it is not YAML, has several documents or tags, nests too deep or unfolds too large.
pub(super) fn parse(text: &str) -> Result<Node, Syntax> {
    expect_few_brackets(text)?;
    let limits = Limits::default();
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(first) = documents.next() else {
        return Ok(Node::Null);
    };
    let shape = Shape(&limits).deserialize(first);
    let mut node = shape.map_err(|err| syntax(text, &err))?;
    if let Some(second) = documents.next() {
        return Err(second_document(second));
    }
    let fill = Fill {
        node: &mut node,
        limits: &limits,
    };
    fill.deserialize(serde_yaml::Deserializer::from_str(text))
        .map_err(|err| syntax(text, &err))?;
    Ok(node)
}

/// Returns the line of the value that lies at `path`: the index of the entry in each mapping or
/// sequence, from the root. For a mapping's entry it is the line of the key.
pub(super) fn locate(text: &str, path: &[usize]) -> Option<usize> {
    let document = serde_yaml::Deserializer::from_str(text);
    let found = Here(path).deserialize(document).err()?;
    found.location().map(|place| place.line())
}

fn expect_few_brackets(text: &str) -> Result<(), Syntax> {
    let Some((place, _)) = text.match_indices(['[', '{']).nth(BRACKETS) else {
        return Ok(());
    };
    let before = text.get(..place).unwrap_or_default();
    Err(Syntax {
        line: Some(before.matches('\n').count() + 1),
        message: format!("more than {BRACKETS} opening brackets; this is no config"),
    })
}

fn second_document(document: serde_yaml::Deserializer<'_>) -> Syntax {
    let found = Here(&[]).deserialize(document).err();
    Syntax {
        line: found.and_then(|err| err.location()).map(|at| at.line()),
        message: "a second document starts here; remove the `---` before it or, if there is none, \
                  indent this line like the first key of the file"
            .to_owned(),
    }
}

fn syntax(text: &str, err: &serde_yaml::Error) -> Syntax {
    let line = err.location().map(|at| at.line());
    explain(text, line, &err.to_string())
}

/// The scalars `serde_yaml` tells apart are one to us: their text comes with the second walk.
macro_rules! scalars {
    ($($visit:ident: $kind:ty),+) => {$(
        fn $visit<E>(self, _: $kind) -> Result<Node, E> {
            Ok(Node::Text(String::new()))
        }
    )+};
}

/// First walk: what is a scalar, a list, a mapping. The texts of scalars stay empty.
#[derive(Clone, Copy)]
struct Shape<'l>(&'l Limits);

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        self.0.take_value()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a list or a block")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128);
    scalars!(visit_u128: u128, visit_f64: f64, visit_str: &str);

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Node, A::Error> {
        let message = "YAML tags are not read; put a text that starts with ! in quotes";
        Err(de::Error::custom(message))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(Text(self.0))? {
            entries.push((key, map.next_value_seed(self)?));
        }
        Ok(Node::Map(entries))
    }
}

/// A scalar, as written.
struct Text<'l>(&'l Limits);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        self.0.take_text(text)
    }
}

/// Second walk: the texts of the scalars, into the shape of the first.
struct Fill<'n> {
    node: &'n mut Node,
    limits: &'n Limits,
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        match self.node {
            Node::Null => de::Deserialize::deserialize(from).map(|IgnoredAny| ()),
            Node::Text(text) => {
                *text = Text(self.limits).deserialize(from)?;
                Ok(())
            }
            Node::List(_) => from.deserialize_seq(self),
            Node::Map(_) => from.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the first walk met")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let limits = self.limits;
        if let Node::List(items) = self.node {
            for node in items {
                list.next_element_seed(Fill { node, limits })?;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let limits = self.limits;
        if let Node::Map(entries) = self.node {
            for (_, node) in entries {
                map.next_key::<IgnoredAny>()?;
                map.next_value_seed(Fill { node, limits })?;
            }
        }
        Ok(())
    }
}

/// A walk that fails at a path: `serde_yaml` gives no positions but those of errors.
struct Here<'p>(&'p [usize]);

impl<'de> DeserializeSeed<'de> for Here<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Here<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to stop here")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if let [index, rest @ ..] = self.0 {
            for _ in 0..*index {
                list.next_element::<IgnoredAny>()?;
            }
            list.next_element_seed(Here(rest))?;
        }
        Err(de::Error::custom("here"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let [index, rest @ ..] = self.0 {
            for _ in 0..*index {
                map.next_entry::<IgnoredAny, IgnoredAny>()?;
            }
            if rest.is_empty() {
                map.next_key_seed(Here(rest))?;
            } else {
                map.next_key::<IgnoredAny>()?;
                map.next_value_seed(Here(rest))?;
            }
        }
        Err(de::Error::custom("here"))
    }
}
