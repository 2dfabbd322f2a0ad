//! Reads JSON whose types are not promised: numbers and booleans may be strings, anything may be
//! missing or null, and what is not known is passed over. Nothing is kept that was not asked for.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The largest whole number that a JSON number with a fraction part still holds exactly (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value that is neither an object nor a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    Number(i64),
    Truth(bool),
    Null,
    /// Anything else: a fraction, a number beyond 64 bits, an object or list where none belongs.
    Odd,
}

impl Scalar {
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Truth(_) | Self::Null | Self::Odd => None,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Text(text) => text.trim().eq_ignore_ascii_case("true"),
            Self::Number(_) | Self::Null | Self::Odd => false,
        }
    }

    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Truth(_) | Self::Null | Self::Odd => None,
        }
    }
}

/// What to make of a JSON value, by its kind. By default, objects and lists are passed over.
pub(crate) trait Shape<'de>: Sized {
    type Value;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<Self::Value, E>;

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.scalar(Scalar::Odd)
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.scalar(Scalar::Odd)
    }
}

/// Reads a value as the given shape.
#[derive(Clone, Copy)]
pub(crate) struct As<S>(pub(crate) S);

/// The scalar itself.
pub(crate) struct Plain;

impl Shape<'_> for Plain {
    type Value = Scalar;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<Scalar, E> {
        Ok(scalar)
    }
}

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for As<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for As<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<S::Value, E> {
        self.0.scalar(Scalar::Truth(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<S::Value, E> {
        self.0.scalar(Scalar::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<S::Value, E> {
        let number = i64::try_from(number);
        self.0.scalar(number.map_or(Scalar::Odd, Scalar::Number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<S::Value, E> {
        let whole = number.fract() == 0.0 && number.abs() <= EXACT;
        self.0.scalar(if whole {
            Scalar::Number(number as i64)
        } else {
            Scalar::Odd
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<S::Value, E> {
        self.0.scalar(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<S::Value, E> {
        self.0.scalar(Scalar::Text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<S::Value, E> {
        self.0.scalar(Scalar::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<S::Value, A::Error> {
        self.0.object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<S::Value, A::Error> {
        self.0.list(list)
    }
}
