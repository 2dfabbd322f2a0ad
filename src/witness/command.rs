//! A program of the admin's own: exit 0 is up, 1 is down, anything else is a doubt.

use super::{Deadline, Doubt, Testimony};

/// Asks about `host`; returns the name it is known by, and what was said of it.
pub(super) fn ask(
    argv: &[String],
    host: &str,
    deadline: Deadline,
) -> Result<(String, Testimony), Doubt> {
    todo!("{host} {deadline:?} {argv:?}")
}
