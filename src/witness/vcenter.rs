//! vCenter: what the hypervisor says of a virtual machine.

use super::{Deadline, Doubt, Testimony};
use crate::config::Vcenter;

/// Asks about `host`; returns the name it is known by, and what was said of it.
pub(super) fn ask(
    config: &Vcenter,
    host: &str,
    deadline: Deadline,
) -> Result<(String, Testimony), Doubt> {
    todo!("{host} {deadline:?} {config:?}")
}

/// Powers the VM of this name off, and returns once it is seen off on a connected host.
///
/// # Errors
/// When it is not certain that it is off.
pub fn power_off(config: &Vcenter, host: &str, deadline: Deadline) -> Result<(), Doubt> {
    todo!("{host} {deadline:?} {config:?}")
}
