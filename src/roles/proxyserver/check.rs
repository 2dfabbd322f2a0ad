//! Whether the programs of the switch are there: found out now, not in the outage.

use super::Proxyserver;
use crate::roles::check::Findings;
use crate::roles::check::programs::commands;

/// Notes which are missing.
pub(crate) fn look(proxyserver: &Proxyserver, found: &mut Findings) {
    commands("activate", &proxyserver.activate, found);
    commands("verify", &proxyserver.verify, found);
    commands("deactivate", &proxyserver.deactivate, found);
}
