//! The step that powers the judged VM off, and sees it off.

use std::time::Instant;

use crate::act::step::report;
use crate::act::{Deed, Deeds, Tools, is_late, late, plain};
use crate::core::effect::Order;
use crate::core::event::Ran;
use crate::plan::{Outcome, Stage, Work};
use crate::witness::{Deadline, vcenter};

impl Tools<'_> {
    pub(super) fn power_off(&self, stage: &Stage, order: &Order, deeds: &mut Deeds) -> Ran {
        let Work::PowerOff {
            vcenter,
            hosts,
            deadline,
        } = &stage.work
        else {
            return plain(Outcome::BadOutput("it powers nothing off".into()));
        };
        if self.is_stopping() {
            return plain(Outcome::Skipped("asked to stop".into()));
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
            step: stage.name,
            outcome: outcome.clone(),
            took: started.elapsed(),
            complaint: None,
        };
        report(&deed);
        deeds.steps.push(deed);
        plain(outcome)
    }
}
