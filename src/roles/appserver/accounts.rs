//! Reads the lists that `carbonio` answers with, streaming, whatever their size.

mod operations;
mod rows;

use serde::de::Error;

pub use self::operations::{Operations, operations};
use self::rows::Accounts;
use crate::act::{envelope, judge};
use crate::base::command::{Finished, Outcome};
use crate::store::AccountList;

/// Names that cannot be used and are written to the log one by one, at the most.
const NAMES_LOGGED: usize = 20;

/// What the answer says of the whole set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listed {
    /// Accounts in the answer.
    pub total: usize,
    /// Accounts whose name cannot be used: it is missing, empty, no text, or has a control
    /// character such as a line break.
    pub unusable: usize,
    /// Accounts without a replica that says `available: true`.
    pub without_replica: usize,
    /// Accounts whose best available replica is behind (`sequence`).
    pub lagging: usize,
    /// Names that were not on the list before, and now durably are.
    pub new: usize,
}

/// Judges an answer of `getAccountStatus` about the accounts of `host` and puts their names on the
/// list, in one pass. Only the last complete JSON answer counts.
///
/// An account whose name cannot be used costs only itself: it is counted, and told in the log.
///
/// # Errors
/// What the command came to, if that is no account list of that host; the list is then as before.
pub fn list(
    finished: &Finished,
    host: &str,
    accounts: &mut AccountList,
) -> Result<Listed, Outcome> {
    judge::sound(finished)?;
    let output = finished.stdout.as_ref();
    let output = output.ok_or_else(|| Outcome::BadOutput("it cannot be read back".to_owned()))?;
    let mut rows = Accounts::new(host, Some(accounts));
    let read = envelope::read(output, &mut rows);
    let (mut listed, unusable) = (rows.listed, rows.unusable);
    let kept = read.and_then(|()| {
        accounts
            .keep()
            .map_err(|err| format!("the account list cannot be written: {err}"))
    });
    listed.new = kept.map_err(|why| {
        accounts.forget();
        Outcome::BadOutput(why)
    })?;
    for why in unusable {
        log::warn!("account=unusable cause={why:?} consequence=\"left out of what follows\"");
    }
    Ok(listed)
}

/// Counts the accounts of `host` in an answer of `getAccountStatus`.
///
/// # Errors
/// As [`list`].
pub fn count(finished: &Finished, host: &str) -> Result<usize, Outcome> {
    judge::sound(finished)?;
    let output = finished.stdout.as_ref();
    let output = output.ok_or_else(|| Outcome::BadOutput("it cannot be read back".to_owned()))?;
    let mut rows = Accounts::new(host, None);
    let read = envelope::read(output, &mut rows).map_err(Outcome::BadOutput);
    read.map(|()| rows.listed.total)
}

/// Keeps the words for the person, and returns the error that ends the reading.
fn refuse<E: Error>(complaint: &mut Option<String>, why: String) -> E {
    let err = E::custom(&why);
    *complaint = Some(why);
    err
}

#[cfg(test)]
mod tests;
