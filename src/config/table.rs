//! Every key of `habeat.yml`, in one table: what it is called, what form it has, what stands for it
//! when it is not given, what it means. The reader's known keys, the schema, `config show` and the
//! key pages come from here.

use super::scalar::Zero;

mod acting;
mod evidence;
mod sites;
mod top;

pub(crate) use acting::{CARBONIO, FENCE, HISTORY, MESH, POLICY, TIMEOUTS};
pub(crate) use evidence::{COMMAND, CONSUL, HETRIX, PAGE, PROBE, TARGET, VCENTER, WITNESS};
pub(crate) use sites::{BGP, LOCAL, SITE, SWITCH};
pub(crate) use top::TOP;

/// The keys of one kind of block.
#[derive(Debug)]
pub struct Block {
    /// Where the block lies, as the documentation writes it; empty for the top level.
    pub path: &'static str,
    /// Its keys, in the order of the documentation.
    pub keys: &'static [Key],
    /// Misspellings that count: as written, and what they stand for.
    pub aliases: &'static [(&'static str, &'static str)],
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub form: Form,
    /// What counts when nothing stands there.
    pub fallback: Fallback,
    /// What it means, in Markdown.
    pub prose: &'static str,
}

/// What may stand at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// The name of a site's block.
    Site,
    /// The name of a site's block, or `third`.
    Place,
    /// A name or an address.
    Host,
    /// A name or an address, and perhaps a port.
    HostPort,
    /// A list of names or addresses.
    Hosts,
    /// The name of a user, or nothing.
    Account,
    /// The absolute path of a file.
    Path,
    /// A boolean of YAML 1.1.
    Boolean,
    /// A whole number with its bounds.
    Number(u32, Option<u32>),
    /// A number above 0, at most 1.
    Share,
    /// A time span.
    Span(Zero),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A regular expression.
    Regexp,
    /// An `http(s)://` address.
    Url,
    /// A command.
    Command,
    /// A list of commands.
    Commands,
    /// A list of probe targets.
    Targets,
    /// A list of witnesses.
    Witnesses,
    /// `all`, `majority` or a number.
    Quorum,
    /// A block with keys of its own.
    Block,
}

/// What counts when nothing stands at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing can.
    Required,
    /// Nothing can, under this condition.
    RequiredIf(&'static str),
    /// Nothing.
    Nothing,
    /// This value.
    Is(&'static str),
    /// What these words say.
    Said(&'static str),
}

const fn block(path: &'static str, keys: &'static [Key]) -> Block {
    let aliases = &[];
    Block {
        path,
        keys,
        aliases,
    }
}

const fn key(name: &'static str, form: Form, fallback: Fallback, prose: &'static str) -> Key {
    Key {
        name,
        form,
        fallback,
        prose,
    }
}

/// Returns every block, in the order of the documentation. The block of a site is called `SITE`,
/// a target's `TARGET`, and an entry of `witnesses` has several, called `WITNESS`.
pub fn blocks() -> [&'static Block; 19] {
    [
        &TOP, &LOCAL, &SITE, &SWITCH, &BGP, &CONSUL, &VCENTER, &HETRIX, &PROBE, &TARGET, &POLICY,
        &WITNESS, &COMMAND, &PAGE, &CARBONIO, &TIMEOUTS, &FENCE, &MESH, &HISTORY,
    ]
}

impl Block {
    /// Returns the names of the keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }

    /// Returns the key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Whether there is a key of this name.
    pub fn has(&self, name: &str) -> bool {
        self.key(name).is_some()
    }

    /// Returns the path of a key, as the documentation writes it.
    pub fn dotted(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

impl std::fmt::Display for Form {
    /// As the documentation says it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text | Self::Secret => "text",
            Self::Site => "name of a block",
            Self::Place => "name of a site, or `third`",
            Self::Host => "host",
            Self::HostPort => "host, `:PORT` may follow",
            Self::Hosts => "list of hosts",
            Self::Account => "name, or empty",
            Self::Path => "path",
            Self::Boolean => "boolean",
            Self::Number(least, None) => return write!(f, "{least} or more"),
            Self::Number(least, Some(most)) => return write!(f, "{least} to {most}"),
            Self::Share => "above 0, at most 1",
            Self::Span(Zero::Allowed) => "time span, zero too",
            Self::Span(Zero::Refused) => "time span",
            Self::Words(words) => {
                let shown: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                return f.write_str(&shown.join(", "));
            }
            Self::Regexp => "regular expression",
            Self::Url => "`http://…`, `https://…`",
            Self::Command => "command",
            Self::Commands => "list of commands",
            Self::Targets => "list of [targets](#target)",
            Self::Witnesses => "list of [witnesses](#witness)",
            Self::Quorum => "`all`, `majority` or a number",
            Self::Block => "block",
        })
    }
}

impl std::fmt::Display for Fallback {
    /// As the documentation says it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Required => f.write_str("required"),
            Self::RequiredIf(when) => write!(f, "required {when}"),
            Self::Nothing => f.write_str("none"),
            Self::Is(value) => write!(f, "`{value}`"),
            Self::Said(words) => f.write_str(words),
        }
    }
}
