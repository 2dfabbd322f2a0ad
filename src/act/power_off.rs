//! The stage that powers the judged VM off, and sees it off.

use std::time::{Duration, Instant};

use crate::act::step::report;
use crate::act::{Deed, End, StageEnd, Tools};
use crate::config::Vcenter;
use crate::plan::Outcome;
use crate::store::Event;
use crate::witness::{Deadline, vcenter};

/// The name of the only step.
const STEP: &str = "power-off";

/// Runs the stage.
pub(super) fn run(
    config: &Vcenter,
    hosts: &[String],
    within: Duration,
    tools: &Tools<'_>,
) -> StageEnd {
    let started = Instant::now();
    let end = power_off(config, hosts, within, tools).map_or_else(|end| end, |()| End::Complete);
    let outcome = match &end {
        End::Complete => Outcome::Ok,
        End::FenceFailed(why) => Outcome::BadOutput(why.clone()),
        End::Incomplete(why) | End::NotReady(why) | End::GivenUp(why) => {
            Outcome::Unjournalled(why.clone())
        }
        End::Stopped => Outcome::Skipped("asked to stop".into()),
    };
    let deed = Deed {
        step: STEP,
        outcome,
        took: started.elapsed(),
        complaint: None,
    };
    report(&deed);
    StageEnd {
        steps: vec![deed],
        end,
    }
}

fn power_off(
    config: &Vcenter,
    hosts: &[String],
    within: Duration,
    tools: &Tools<'_>,
) -> Result<(), End> {
    if tools.is_stopping() {
        return Err(End::Stopped);
    }
    let step = STEP.to_owned();
    let before = Event::Before { step: step.clone() };
    tools.note(&before).map_err(End::Incomplete)?;
    let deadline = Deadline::after(within);
    let done = hosts.iter().try_for_each(|host| {
        vcenter::power_off(config, host, deadline)
            .map_err(|doubt| format!("{host} could not be powered off by its vCenter: {doubt}"))
    });
    let outcome = match &done {
        Ok(()) => "ok".to_owned(),
        Err(why) => why.clone(),
    };
    let noted = tools.note(&Event::After { step, outcome });
    done.map_err(End::FenceFailed)?;
    noted.map_err(End::Incomplete)
}
