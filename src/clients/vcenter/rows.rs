//! A list, read row by row: a server that ignores our filter sends all it has.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};

use super::dialect::Dialect;
use crate::base::doubt::Doubt;
use crate::base::rows::Rows;
use crate::clients::conversation::Answer;

/// The most that is read of one list. 10 000 VMs take about 2 MB.
const CAP: u64 = 16 << 20;

/// Hands every row to `take`, and keeps none.
pub(super) fn read<R: DeserializeOwned>(
    answer: Answer,
    dialect: Dialect,
    take: &mut dyn FnMut(R),
) -> Result<(), Doubt> {
    let rows = Rows::each(|row| {
        take(row);
        Ok(())
    });
    match dialect {
        Dialect::Api => answer.streamed(CAP, rows),
        Dialect::Rest => answer.streamed(CAP, Wrapped(rows)),
    }
}

/// `{"value": […]}`
struct Wrapped<T>(T);

impl<'de, T: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Wrapped<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, T: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Wrapped<T> {
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
