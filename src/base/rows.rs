//! A JSON list, read row by row: each row is handed on as it is read, and none is kept.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// A list of rows. `S` reads one, by default its own type; `F` takes it, and may refuse it.
pub(crate) struct Rows<S, F> {
    row: S,
    take: F,
    /// Rows that are read, at the most, and what they are called.
    most: Option<(usize, &'static str)>,
}

impl<R, F: FnMut(R) -> Result<(), String>> Rows<PhantomData<R>, F> {
    /// A list of which each row is of the type that `take` takes.
    pub(crate) fn each(take: F) -> Self {
        Self::read_by(PhantomData, take)
    }
}

impl<S, F> Rows<S, F> {
    /// A list of which each row is read by `row`.
    pub(crate) fn read_by(row: S, take: F) -> Self {
        Self {
            row,
            take,
            most: None,
        }
    }

    /// The same, refused once it has more rows: for a `take` that keeps them.
    pub(crate) fn at_most(self, rows: usize, called: &'static str) -> Self {
        Self {
            most: Some((rows, called)),
            ..self
        }
    }
}

impl<'de, S, F> DeserializeSeed<'de> for Rows<S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(S::Value) -> Result<(), String>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, S, F> Visitor<'de> for Rows<S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(S::Value) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some((rows, called)) => write!(f, "a list of at most {rows} {called}"),
            None => f.write_str("a list"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut count = 0;
        while let Some(row) = list.next_element_seed(self.row)? {
            if self.most.is_some_and(|(rows, _)| count == rows) {
                return Err(A::Error::invalid_length(count + 1, &self));
            }
            count += 1;
            (self.take)(row).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// A list, or `null` for one without rows.
pub(crate) struct OrNull<T>(pub(crate) T);

impl<'de, T: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for OrNull<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_option(self)
    }
}

impl<'de, T: DeserializeSeed<'de, Value = ()>> Visitor<'de> for OrNull<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.0.deserialize(from)
    }
}

#[cfg(test)]
mod tests;
