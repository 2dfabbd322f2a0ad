//! The step that powers the judged VM off, and sees it off.

use std::time::{Duration, Instant};

use crate::act::step::report;
use crate::act::{Deed, Deeds, Tools, is_late, late};
use crate::base::command::Outcome;
use crate::base::deadline::Deadline;
use crate::clients::vcenter::{self, Vcenter};
use crate::core::effect::Order;
use crate::core::event::Ran;

/// The judged VMs are powered off by their vCenter, and seen off on a connected host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerOff {
    /// Who does it.
    pub vcenter: Vcenter,
    /// The names of the VMs.
    pub hosts: Vec<String>,
    /// For all of it.
    pub deadline: Duration,
}

impl Tools {
    pub(crate) fn power_off(&self, what: &PowerOff, order: &Order, deeds: &mut Deeds) -> Ran {
        let PowerOff {
            vcenter,
            hosts,
            deadline,
        } = what;
        if self.is_stopping() {
            return Outcome::Skipped("asked to stop".into()).into();
        }
        if is_late(order) {
            return late();
        }
        let started = Instant::now();
        let deadline = Deadline::after(*deadline);
        let done = hosts.iter().try_for_each(|host| {
            vcenter::power_off(vcenter, host, deadline)
                .map_err(|doubt| format!("{host} could not be powered off by its vCenter: {doubt}"))
        });
        let outcome = done.map_or_else(Outcome::BadOutput, |()| Outcome::Ok);
        let deed = Deed {
            step: order.stage,
            outcome: outcome.clone(),
            took: started.elapsed(),
            complaint: None,
        };
        report(&deed);
        deeds.steps.push(deed);
        outcome.into()
    }
}
