//! A page that says whether the peer is up.

use super::{Deadline, Doubt, Testimony};
use crate::config::HttpWitness;

/// Asks about `host`; returns the name it is known by, and what was said of it.
pub(super) fn ask(
    config: &HttpWitness,
    host: &str,
    deadline: Deadline,
) -> Result<(String, Testimony), Doubt> {
    todo!("{host} {deadline:?} {config:?}")
}
