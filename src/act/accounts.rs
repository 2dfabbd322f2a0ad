//! Reads the lists that `carbonio` answers with, streaming, whatever their size.

mod operations;

use std::fs::File;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess};

use crate::act::envelope::loose::{As, Plain, Scalar, Shape};
use crate::act::envelope::{self, Payload, printable};

pub use self::operations::operations;

/// What the answer says of the whole set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replicas {
    /// Accounts in the answer.
    pub total: usize,
    /// Accounts without a replica that says `available: true`.
    pub none_available: usize,
    /// Accounts whose best available replica is behind (`sequence`).
    pub lagging: usize,
}

/// Reads `response.values[].accountName` from the answer of `getAccountStatus` in `output`, in
/// order, calling `each` per name (`accountName` in `response.values`
/// is what the ancestor reads, sps-habeat `modules/servermode/appserver.py`).
///
/// Only the last complete JSON answer counts, and nothing of it is told when it is an error. A
/// bad account in the middle shows when it is reached: after an error, forget what was told.
///
/// # Errors
/// When there is no complete JSON answer, when it reports an error, or when an account has no
/// usable name (empty, or with a control character such as a line break).
pub fn read(output: File, each: impl FnMut(&str)) -> Result<Replicas, String> {
    let mut accounts = Accounts {
        each,
        replicas: Replicas::default(),
        complaint: None,
    };
    envelope::read(output, &mut accounts)?;
    Ok(accounts.replicas)
}

/// Keeps the words for the person, and returns the error that ends the reading.
fn refuse<E: Error>(complaint: &mut Option<String>, why: String) -> E {
    let err = E::custom(&why);
    *complaint = Some(why);
    err
}

struct Accounts<F> {
    each: F,
    replicas: Replicas,
    complaint: Option<String>,
}

impl<F: FnMut(&str)> Payload for Accounts<F> {
    fn key(&self) -> &'static str {
        "values"
    }

    fn take<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<bool, D::Error> {
        As(Values(self)).deserialize(from)
    }

    fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}

struct Values<'a, F>(&'a mut Accounts<F>);

impl<'de, F: FnMut(&str)> Shape<'de> for Values<'_, F> {
    type Value = bool;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<bool, E> {
        if scalar == Scalar::Null {
            return Ok(false);
        }
        let why = "`values` in the answer is not a list".to_owned();
        Err(refuse(&mut self.0.complaint, why))
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element_seed(As(Account(&mut *self.0)))?.is_some() {}
        Ok(true)
    }
}

struct Account<'a, F>(&'a mut Accounts<F>);

impl<'de, F: FnMut(&str)> Shape<'de> for Account<'_, F> {
    type Value = ();

    fn scalar<E: Error>(self, _: Scalar) -> Result<(), E> {
        let number = self.0.replicas.total + 1;
        let why = format!("account {number} in the answer is not an object");
        Err(refuse(&mut self.0.complaint, why))
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut sequence, mut best) = (None, None, Best::default());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "accountName" => name = Some(map.next_value_seed(As(Plain))?),
                "sequence" => sequence = map.next_value_seed(As(Plain))?.number(),
                "replicas" => best = map.next_value_seed(As(ReplicaList))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let all = &mut self.0.replicas;
        all.total += 1;
        all.none_available += usize::from(!best.available);
        let behind = best
            .sequence
            .zip(sequence)
            .is_some_and(|(has, of)| has < of);
        all.lagging += usize::from(behind);
        match usable(name, all.total) {
            Ok(name) => (self.0.each)(&name),
            Err(why) => return Err(refuse(&mut self.0.complaint, why)),
        }
        Ok(())
    }
}

/// Returns the name if it can stand in a list file, one per line; `number` counts from 1.
fn usable(name: Option<Scalar>, number: usize) -> Result<String, String> {
    let name = match name {
        Some(Scalar::Text(name)) => name,
        Some(Scalar::Number(_) | Scalar::Truth(_) | Scalar::Odd) => {
            return Err(format!("the accountName of account {number} is not a text"));
        }
        Some(Scalar::Null) | None => {
            return Err(format!("account {number} in the answer has no accountName"));
        }
    };
    if name.trim().is_empty() {
        return Err(format!("the accountName of account {number} is empty"));
    }
    if name.chars().any(char::is_control) {
        let shown = printable(&name.escape_debug().to_string());
        return Err(format!(
            "the accountName of account {number} has a control character: \"{shown}\""
        ));
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

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Best, A::Error> {
        let mut best = Best::default();
        while let Some(replica) = list.next_element_seed(As(Replica))? {
            if replica.available {
                best.available = true;
                best.sequence = best.sequence.max(replica.sequence);
            }
        }
        Ok(best)
    }
}

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

#[cfg(test)]
mod tests;
