//! A list, read row by row: a server that ignores our filter sends all it has.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess,
    SeqAccess, Visitor,
};

use super::dialect::Dialect;
use crate::base::doubt::Doubt;
use crate::clients::conversation::Answer;

/// The most that is read of one list. 10 000 VMs take about 2 MB.
const CAP: u64 = 16 << 20;

/// Hands every row to `take`, and keeps none.
pub(super) fn read<R: DeserializeOwned>(
    answer: Answer,
    dialect: Dialect,
    take: &mut dyn FnMut(R),
) -> Result<(), Doubt> {
    match dialect {
        Dialect::Api => answer.streamed(CAP, Rows(take)),
        Dialect::Rest => answer.streamed(CAP, Wrapped(Rows(take))),
    }
}

/// `[…]`
struct Rows<'f, R>(&'f mut dyn FnMut(R));

impl<'de, R: Deserialize<'de>> DeserializeSeed<'de> for Rows<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, R: Deserialize<'de>> Visitor<'de> for Rows<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(row) = list.next_element()? {
            (self.0)(row);
        }
        Ok(())
    }
}

/// `{"value": […]}`
struct Wrapped<'f, R>(Rows<'f, R>);

impl<'de, R: Deserialize<'de>> DeserializeSeed<'de> for Wrapped<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, R: Deserialize<'de>> Visitor<'de> for Wrapped<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list in \"value\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut rows = Some(self.0);
        while let Some(key) = map.next_key::<String>()? {
            if key != "value" {
                map.next_value::<IgnoredAny>()?;
            } else if let Some(rows) = rows.take() {
                map.next_value_seed(rows)?;
            } else {
                return Err(A::Error::duplicate_field("value"));
            }
        }
        match rows {
            None => Ok(()),
            Some(_) => Err(A::Error::missing_field("value")),
        }
    }
}
