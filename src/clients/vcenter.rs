//! vCenter: shows a virtual machine as it is, and powers one off.
//!
//! It goes on showing the last state it knew of a VM whose host no longer reports, with nothing in
//! the list that would tell. So the VM is asked for twice: by its name, and by its name among the
//! connected hosts. Only a VM that is found both times has a live state (filters of "list", vSphere
//! Automation API, vCenter: VM).

use std::path::PathBuf;

use crate::base::deadline::Deadline;
use crate::base::doubt::{Doubt, DoubtKind};
use crate::base::secret::Secret;

mod dialect;
mod inventory;
mod power;
mod refusal;
mod rows;
mod session;

pub use power::power_off;

use inventory::{Vm, Where};
use session::Session;

/// How to ask vCenter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vcenter {
    /// `https://HOST[:PORT]`, without a path.
    pub base_url: String,
    /// Who asks.
    pub username: String,
    /// Their password.
    pub password: Secret,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// The power states of a VM (vSphere Automation API, `Power.State`). Newer versions may have more.
pub(crate) const ON: &str = "POWERED_ON";
pub(crate) const OFF: &str = "POWERED_OFF";
pub(crate) const SUSPENDED: &str = "SUSPENDED";

/// One VM on a connected host, seen twice.
#[derive(Debug)]
pub(crate) struct Sight {
    /// As it was before the hosts were asked for.
    pub(crate) before: Vm,
    /// As it is, on a host that was connected just now.
    pub(crate) now: Vm,
}

/// Looks at the VM of this name, in a session of its own.
///
/// # Errors
/// When not exactly one VM of this name is on a connected host.
pub(crate) fn see(vcenter: &Vcenter, name: &str, deadline: Deadline) -> Result<Sight, Doubt> {
    session::hold(vcenter, deadline, |session| look(session, name))
}

fn look(session: &mut Session<'_>, name: &str) -> Result<Sight, Doubt> {
    let before = the_only(session, name)?;
    let hosts = inventory::connected(session)?;
    let mut found = inventory::find(session, name, Where::On(&hosts))?.into_iter();
    let now = match (found.next(), found.next()) {
        (Some(one), None) => one,
        (Some(one), Some(other)) => return Err(ambiguous(name, &one, &other)),
        (None, _) => return Err(out_of_sight(&before, hosts.len())),
    };
    if now.id != before.id {
        let detail = format!("{before}; its name went to {} while we looked", now.id);
        return Err(Doubt::new(DoubtKind::Unclear, detail));
    }
    Ok(Sight { before, now })
}

/// Finds the one VM of this name, wherever it is.
fn the_only(session: &mut Session<'_>, name: &str) -> Result<Vm, Doubt> {
    let mut found = inventory::find(session, name, Where::Anywhere)?.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => Err(ambiguous(name, &one, &other)),
        (None, _) => {
            let user = session.user();
            let detail = format!("no VM is named {name}, or {user} has no right to see it");
            Err(Doubt::new(DoubtKind::NotFound, detail))
        }
    }
}

/// vCenter keeps names apart per folder only.
fn ambiguous(name: &str, one: &Vm, other: &Vm) -> Doubt {
    let detail = format!(
        "{} and {} are both named {name} (and perhaps more)",
        one.id, other.id
    );
    Doubt::new(DoubtKind::Ambiguous, detail)
}

fn out_of_sight(vm: &Vm, hosts: usize) -> Doubt {
    let detail = if hosts == 0 {
        format!("{vm} as last known; no host is connected, or we have no right to see the hosts")
    } else {
        format!(
            "{vm} as last known; it is on no connected host that we may see (of {hosts}): its host \
             is NOT_RESPONDING or DISCONNECTED, or we have no right to see it"
        )
    };
    Doubt::new(DoubtKind::Unclear, detail)
}

#[cfg(test)]
pub(crate) mod tests;
