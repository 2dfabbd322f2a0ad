//! What the machine has to know of a config.

use crate::config::Config;
use crate::core::machine::Setup;
use crate::roles::Book;

pub(super) fn of(config: &Config, book: &Book) -> Setup {
    let (role, timeouts) = (&config.role, &config.timeouts);
    Setup {
        policy: config.policy.clone(),
        host: config.peer.host(),
        plans: book.plans.clone(),
        is_privileged: role.user.is_none() || rustix::process::geteuid().is_root(),
        orphan_patience: role.patience,
        promote_budget: timeouts.promote,
        require_replica: config.carbonio.require_replica,
    }
}
