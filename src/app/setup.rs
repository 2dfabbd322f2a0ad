//! What the machine has to know of a config.

use crate::config::{Config, Duty};
use crate::core::machine::Setup;
use crate::roles::Book;

pub(super) fn of(config: &Config, book: &Book) -> Setup {
    let timeouts = &config.timeouts;
    // The programs refuse any user but their own, and only root can become that user.
    let (user, orphan_patience) = match &config.duty {
        Duty::Appserver(_) => (config.carbonio.user.as_ref(), timeouts.promote),
        // Its commands run as habeat itself.
        Duty::Proxyserver(_) => (None, timeouts.command),
        Duty::Consulserver(mesh) => (mesh.owner.as_ref(), timeouts.command),
    };
    Setup {
        policy: config.policy.clone(),
        host: config.peer.host(),
        plans: book.plans.clone(),
        is_privileged: user.is_none() || rustix::process::geteuid().is_root(),
        orphan_patience,
        promote_budget: timeouts.promote,
        require_replica: config.carbonio.require_replica,
    }
}
