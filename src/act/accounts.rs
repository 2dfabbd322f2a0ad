//! Reads the answer of `getAccountStatus`, streaming, whatever its size.

use std::fs::File;

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

/// Reads `response.values[].accountName` from `output`, in order, calling `each` per name.
///
/// # Errors
/// When there is no complete JSON answer, when it reports an error, or when an account has no
/// usable name (empty, or with a control character such as a line break).
pub fn read(output: File, each: impl FnMut(&str)) -> Result<Replicas, String> {
    let _ = (output, each);
    todo!()
}
