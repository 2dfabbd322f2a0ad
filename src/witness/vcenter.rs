//! vCenter: what the hypervisor says of a virtual machine.
//!
//! It knows better than anybody whether a VM runs, as long as the VM's host reports to it.

use super::{Case, Doubt, DoubtKind, Loss, Provider, Question, Testimony, Voice};
use crate::clients::vcenter::{OFF, ON, SUSPENDED, Sight, Vcenter, see};
use crate::config::Stands;

impl Provider for Vcenter {
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt> {
        let sight = see(self, question.host, question.deadline)?;
        Ok((question.host.to_owned(), testimony(&sight)?))
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

/// Its `down` is proven: exactly one VM of that name, off, on a host that reports.
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
