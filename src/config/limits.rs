//! What a config may unfold to. Aliases can make a small file large.

use std::cell::Cell;

use serde::de;

/// Values a config may hold, aliases unfolded. A full one has about a hundred.
const VALUES: usize = 10_000;

/// Bytes of text a config may hold, aliases unfolded: twice the largest file.
const BYTES: usize = 2 << 20;

/// What may still be read before the file counts as a bomb.
pub(super) struct Limits {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            values: Cell::new(VALUES),
            bytes: Cell::new(BYTES),
        }
    }
}

impl Limits {
    /// Counts one more value.
    pub(super) fn take_value<E: de::Error>(&self) -> Result<(), E> {
        let Some(left) = self.values.get().checked_sub(1) else {
            return Err(E::custom(format!("more than {VALUES} values")));
        };
        self.values.set(left);
        Ok(())
    }

    /// Counts a text, and returns it.
    pub(super) fn take_text<E: de::Error>(&self, text: &str) -> Result<String, E> {
        let Some(left) = self.bytes.get().checked_sub(text.len()) else {
            return Err(E::custom("the aliases unfold to too much text"));
        };
        self.bytes.set(left);
        Ok(text.to_owned())
    }
}
