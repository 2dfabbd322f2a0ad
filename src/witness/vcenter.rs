//! vCenter: what the hypervisor says of a virtual machine.
//!
//! It knows better than anybody whether a VM runs, as long as the VM's host reports to it; after
//! that it goes on showing the last state it knew, with nothing in the list that would tell. So the
//! VM is asked for twice: by its name, and by its name among the connected hosts. Only a VM that
//! is found both times has a live state (filters of "list", vSphere Automation API, vCenter: VM).

use super::{Case, Deadline, Doubt, DoubtKind, Loss, Provider, Question, Testimony, Voice};
use crate::config::{Stands, Vcenter};

mod dialect;
mod inventory;
mod power;
mod refusal;
mod rows;
mod session;

pub use power::power_off;

use inventory::{Vm, Where};
use session::Session;

/// The power states of a VM (vSphere Automation API, `Power.State`). Newer versions may have more.
const ON: &str = "POWERED_ON";
const OFF: &str = "POWERED_OFF";
const SUSPENDED: &str = "SUSPENDED";

impl Provider for Vcenter {
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt> {
        ask(self, question.host, question.deadline)
    }

    /// It sees the hosts of the judged site only over the line that is cut, or not at all; of those
    /// it does not see it shows the last state.
    fn would_say(&self, case: &Case<'_>) -> Testimony {
        match (case.loss, case.stands) {
            (Loss::Site | Loss::SiteAlone, _) | (Loss::Line | Loss::Ourselves, Stands::InOwn) => {
                let detail = "its host is not connected";
                Testimony::Unknown(Doubt::new(DoubtKind::Unclear, detail))
            }
            (Loss::Host | Loss::Line | Loss::Ourselves, _) => case.seen_from_outside(),
        }
    }
}

/// Asks about `host`; returns the name it is known by, and what was said of it.
///
/// Its `down` is proven: exactly one VM of that name, off, on a host that reports.
fn ask(config: &Vcenter, host: &str, deadline: Deadline) -> Result<(String, Testimony), Doubt> {
    let sight = session::hold(config, deadline, |session| look(session, host))?;
    Ok((host.to_owned(), testimony(&sight)?))
}

/// One VM on a connected host, seen twice.
#[derive(Debug)]
struct Sight {
    /// As it was before the hosts were asked for.
    before: Vm,
    /// As it is, on a host that was connected just now.
    now: Vm,
}

/// Looks at the VM of this name.
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

fn testimony(sight: &Sight) -> Result<Testimony, Doubt> {
    let Sight { before, now } = sight;
    let unclear = |detail| Err(Doubt::new(DoubtKind::Unclear, detail));
    match now.power_state.as_str() {
        ON => Ok(Testimony::Up),
        OFF if before.power_state == OFF => Ok(Testimony::Down(Voice::Proven)),
        OFF => unclear(format!("{now}, but was {} just before", before.power_state)),
        SUSPENDED => unclear(format!(
            "{now}: it does not run, but goes on where it stopped once it is resumed"
        )),
        _ => unclear(format!("{now}: a state we do not know")),
    }
}

#[cfg(test)]
mod tests;
