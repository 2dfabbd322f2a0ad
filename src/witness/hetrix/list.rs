//! Finds one monitor in a list that comes in pages, holding one page at a time.
//!
//! The form of the list: HetrixTools API v3, `GET /uptime-monitors`
//! (<https://docs.hetrixtools.com/api/v3/>).

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::monitor::Monitor;
use super::{Doubt, DoubtKind};
use crate::base::rows::Rows;
use crate::clients::conversation::Conversation;
use crate::clients::http::{BODY_CAP, segment};

/// Monitors per page: the most that can be asked for.
const PER_PAGE: usize = 200;

/// The pages that are read: far more than an account may ask for in a minute.
const MOST_PAGES: u32 = 100;

/// The longest entry that is looked at. The one in the documentation has 1.6 KiB, with three of
/// twelve locations.
const LONGEST_ENTRY: usize = 64 << 10;

/// The monitor that is looked for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// By its id: 32 hexadecimal digits, in lower case.
    Id(String),
    /// By its exact name.
    Name(String),
}

impl Wanted {
    pub(super) fn of(host: &str) -> Self {
        if host.len() == 32 && host.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Self::Id(host.to_ascii_lowercase())
        } else {
            Self::Name(host.to_owned())
        }
    }

    /// The filter by name lets every name pass that has the wanted one somewhere in it.
    fn path(&self, page: u32) -> String {
        let filter = match self {
            Self::Id(id) => format!("id={id}"),
            Self::Name(name) => format!("name={}", segment(name)),
        };
        format!("/v3/uptime-monitors?{filter}&per_page={PER_PAGE}&page={page}")
    }

    fn is(&self, label: &Label) -> bool {
        match self {
            Self::Id(id) => label.id.eq_ignore_ascii_case(id),
            Self::Name(name) => label.name.as_ref() == Some(name),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "has the id {id}"),
            Self::Name(name) => write!(f, "is named exactly {name:?}"),
        }
    }
}

/// One answer.
#[derive(Debug, Deserialize)]
struct Page {
    #[serde(deserialize_with = "one_page")]
    monitors: Vec<Box<RawValue>>,
    meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Meta {
    pagination: Pagination,
}

#[derive(Debug, Deserialize)]
struct Pagination {
    current: u32,
    last: u32,
    next: Option<u32>,
}

/// What a monitor is told by. The rest of it is read only of the one that is wanted, so that an
/// odd entry elsewhere does no harm.
#[derive(Debug, Deserialize)]
struct Label {
    id: String,
    name: Option<String>,
}

/// Reads all pages, and returns the only monitor that fits.
pub(super) fn the_one(conversation: &Conversation<'_>, wanted: &Wanted) -> Result<Monitor, Doubt> {
    let mut found = None;
    for number in 1..=MOST_PAGES {
        let page = fetch(conversation, &wanted.path(number))?;
        for entry in &page.monitors {
            keep(&mut found, wanted, entry)?;
        }
        if !page.meta.pagination.goes_on_after(number)? {
            return found.ok_or_else(|| not_found(wanted));
        }
    }
    Err(too_many(wanted))
}

/// Reads one page while it comes in.
fn fetch(conversation: &Conversation<'_>, path: &str) -> Result<Page, Doubt> {
    conversation.fetch(path)?.streamed(BODY_CAP, PhantomData)
}

impl Pagination {
    /// Something between us and HetrixTools that drops the query would give one page for ever.
    fn goes_on_after(&self, number: u32) -> Result<bool, Doubt> {
        if self.current != number {
            let detail = format!("asked for page {number}, got page {}", self.current);
            return Err(Doubt::new(DoubtKind::BadAnswer, detail));
        }
        Ok(self.next.is_some() || number < self.last)
    }
}

/// Keeps `entry` if it fits. The list may move while it is read: one monitor may come twice.
fn keep(found: &mut Option<Monitor>, wanted: &Wanted, entry: &RawValue) -> Result<(), Doubt> {
    let label: Label = read(entry)?;
    if !wanted.is(&label) {
        return Ok(());
    }
    match found {
        Some(known) if known.id == label.id => Ok(()),
        Some(known) => {
            let detail = format!(
                "both {} and {} are monitors of which each {wanted}; use the id as `host`",
                known.id, label.id
            );
            Err(Doubt::new(DoubtKind::Ambiguous, detail))
        }
        None => {
            *found = Some(read(entry)?);
            Ok(())
        }
    }
}

fn read<'e, T: Deserialize<'e>>(entry: &'e RawValue) -> Result<T, Doubt> {
    let text = entry.get();
    let unexpected = |why: String| {
        let detail = format!("an entry of the list is not a monitor ({why})");
        Doubt::new(DoubtKind::BadAnswer, detail)
    };
    if text.len() > LONGEST_ENTRY {
        return Err(unexpected(format!("it has {} bytes", text.len())));
    }
    serde_json::from_str(text).map_err(|err| unexpected(err.to_string()))
}

fn not_found(wanted: &Wanted) -> Doubt {
    let detail = format!("no monitor {wanted}; a key of another account sees others");
    Doubt::new(DoubtKind::NotFound, detail)
}

fn too_many(wanted: &Wanted) -> Doubt {
    let detail = format!(
        "looking for the monitor that {wanted}, the list has more than {MOST_PAGES} pages; \
         use the id as `host`"
    );
    Doubt::new(DoubtKind::Unusable, detail)
}

/// Reads no more entries than were asked for: it is their number that takes memory.
fn one_page<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Box<RawValue>>, D::Error> {
    let mut entries = Vec::new();
    let rows = Rows::each(|entry| {
        entries.push(entry);
        Ok(())
    });
    rows.at_most(PER_PAGE, "monitors").deserialize(from)?;
    Ok(entries)
}
