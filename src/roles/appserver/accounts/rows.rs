//! The rows of an account list. `accountName` in `response.values` is what the ancestor reads
//! (sps-habeat, `modules/servermode/appserver.py`).

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Listed, NAMES_LOGGED, refuse};
use crate::act::envelope::loose::{As, Plain, Scalar, Shape};
use crate::act::envelope::{Payload, printable};
use crate::base::rows::Rows;
use crate::store::AccountList;

/// `response.values[]` of the answer of `getAccountStatus`, put on the list as it is read.
pub(super) struct Accounts<'a> {
    /// What the list was asked about: a name, or several with commas between.
    host: &'a str,
    /// Where usable names go; `None` = they are only counted.
    accounts: Option<&'a mut AccountList>,
    pub(super) listed: Listed,
    /// Why names cannot be used, of the first of them.
    pub(super) unusable: Vec<String>,
    complaint: Option<String>,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(host: &'a str, accounts: Option<&'a mut AccountList>) -> Self {
        Self {
            host,
            accounts,
            listed: Listed::default(),
            unusable: Vec::new(),
            complaint: None,
        }
    }

    /// Counts a row; puts its name on the list, if it can be used.
    fn add(&mut self, row: &Row) -> Result<(), String> {
        let listed = &mut self.listed;
        listed.total += 1;
        let number = listed.total;
        let asked = |said: &str| self.host.split(',').any(|asked| same(said, asked));
        if let Some(host) = row.host.as_deref().filter(|host| !asked(host)) {
            return Err(format!(
                "the account list is not about the host asked for: account {number} is on {}, not \
                 on {}",
                printable(host),
                self.host
            ));
        }
        listed.without_replica += usize::from(!row.best.available);
        let behind = row.best.sequence.zip(row.sequence);
        listed.lagging += usize::from(behind.is_some_and(|(has, of)| has < of));
        match usable(row.name.as_ref()) {
            Ok(name) => match &mut self.accounts {
                Some(accounts) => accounts
                    .add(name)
                    .map_err(|err| format!("the account list cannot be written: {err}")),
                None => Ok(()),
            },
            Err(why) => {
                listed.unusable += 1;
                if self.unusable.len() < NAMES_LOGGED {
                    self.unusable
                        .push(format!("the accountName of account {number} {why}"));
                }
                Ok(())
            }
        }
    }
}

impl Payload for Accounts<'_> {
    fn key(&self) -> &'static str {
        "values"
    }

    fn forget(&mut self) {
        if let Some(accounts) = &mut self.accounts {
            accounts.forget();
        }
        self.listed = Listed::default();
        self.unusable.clear();
    }

    fn take<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<bool, D::Error> {
        As(Values(self)).deserialize(from)
    }

    fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}

/// Whether two names are of one server: in any case, and one of them may be without its domain.
fn same(said: &str, asked: &str) -> bool {
    let plain = |name: &str| name.trim().trim_end_matches('.').to_ascii_lowercase();
    let (said, asked) = (plain(said), plain(asked));
    let short = |short: &str, long: &str| {
        long.split_once('.')
            .is_some_and(|(label, _)| label == short)
    };
    said == asked || short(&said, &asked) || short(&asked, &said)
}

struct Values<'a, 'b>(&'a mut Accounts<'b>);

impl<'de> Shape<'de> for Values<'_, '_> {
    type Value = bool;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<bool, E> {
        if scalar == Scalar::Null {
            return Ok(false);
        }
        let why = "`values` in the answer is not a list".to_owned();
        Err(refuse(&mut self.0.complaint, why))
    }

    fn list<A: SeqAccess<'de>>(self, list: A) -> Result<bool, A::Error> {
        let accounts = self.0;
        let add = |row: Option<Row>| {
            let added = match row {
                Some(row) => accounts.add(&row),
                None => {
                    let number = accounts.listed.total + 1;
                    Err(format!("account {number} in the answer is not an object"))
                }
            };
            added.inspect_err(|why| accounts.complaint = Some(why.clone()))
        };
        Rows::read_by(As(Account), add).visit_seq(list)?;
        Ok(true)
    }
}

/// What is read of one account.
#[derive(Default)]
struct Row {
    name: Option<Scalar>,
    host: Option<String>,
    sequence: Option<i64>,
    best: Best,
}

/// An account; none if it is no object.
#[derive(Clone, Copy)]
struct Account;

impl<'de> Shape<'de> for Account {
    type Value = Option<Row>;

    fn scalar<E: Error>(self, _: Scalar) -> Result<Option<Row>, E> {
        Ok(None)
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Row>, A::Error> {
        let mut row = Row::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "accountName" => row.name = Some(scalar(&map.next_value::<Box<RawValue>>()?)),
                "accountMailHost" => row.host = map.next_value_seed(As(Plain))?.text(),
                "sequence" => row.sequence = map.next_value_seed(As(Plain))?.number(),
                "replicas" => row.best = map.next_value_seed(As(ReplicaList))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(row))
    }
}

/// Reads a value that may be a string of what is no text (half a surrogate pair).
fn scalar(raw: &RawValue) -> Scalar {
    let mut json = serde_json::Deserializer::from_str(raw.get());
    As(Plain).deserialize(&mut json).unwrap_or(Scalar::Odd)
}

/// Returns the name if it can stand in a list file, one per line.
fn usable(name: Option<&Scalar>) -> Result<&str, String> {
    let name = match name {
        Some(Scalar::Text(name)) => name,
        Some(Scalar::Number(_) | Scalar::Truth(_) | Scalar::Odd) => {
            return Err("is not a text".to_owned());
        }
        Some(Scalar::Null) | None => return Err("is missing".to_owned()),
    };
    if name.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if name.chars().any(char::is_control) {
        let shown = printable(&name.escape_debug().to_string());
        return Err(format!("has a control character: \"{shown}\""));
    }
    Ok(name)
}

/// The best that the available replicas of an account have.
#[derive(Debug, Default, PartialEq, Eq)]
struct Best {
    available: bool,
    sequence: Option<i64>,
}

struct ReplicaList;

impl<'de> Shape<'de> for ReplicaList {
    type Value = Best;

    fn scalar<E: Error>(self, _: Scalar) -> Result<Best, E> {
        Ok(Best::default())
    }

    fn list<A: SeqAccess<'de>>(self, list: A) -> Result<Best, A::Error> {
        let mut best = Best::default();
        let keep = |replica: Best| {
            if replica.available {
                best.available = true;
                best.sequence = best.sequence.max(replica.sequence);
            }
            Ok(())
        };
        Rows::read_by(As(Replica), keep).visit_seq(list)?;
        Ok(best)
    }
}

#[derive(Clone, Copy)]
struct Replica;

impl<'de> Shape<'de> for Replica {
    type Value = Best;

    fn scalar<E: Error>(self, _: Scalar) -> Result<Best, E> {
        Ok(Best::default())
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Best, A::Error> {
        let mut replica = Best::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "available" => replica.available = map.next_value_seed(As(Plain))?.is_true(),
                "sequence" => replica.sequence = map.next_value_seed(As(Plain))?.number(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(replica)
    }
}
