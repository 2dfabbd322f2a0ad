//! HetrixTools: what an outside monitor says of a service, seen from the internet.

use super::{Deadline, Doubt, Testimony};
use crate::config::Hetrix;

/// Asks about `host`; returns the name it is known by, and what was said of it.
pub(super) fn ask(
    config: &Hetrix,
    host: &str,
    deadline: Deadline,
) -> Result<(String, Testimony), Doubt> {
    todo!("{host} {deadline:?} {config:?}")
}
