//! The stage that powers the judged VM off, and sees it off.

use std::time::{Duration, Instant};

use crate::act::{Deed, End, StageEnd, Tools};
use crate::config::Vcenter;
use crate::plan::Outcome;
use crate::store::Event;
use crate::witness::{Deadline, vcenter};

/// The name of the only step.
const STEP: &str = "power-off";

/// Runs the stage.
pub(super) fn run(config: &Vcenter, host: &str, within: Duration, tools: &Tools<'_>) -> StageEnd {
    let started = Instant::now();
    let end = if tools.is_stopping() {
        Err(End::Stopped)
    } else {
        power_off(config, host, within, tools).map_err(End::Incomplete)
    };
    let (outcome, end) = match end {
        Ok(()) => (Outcome::Ok, End::Complete),
        Err(End::Incomplete(why)) => (Outcome::BadOutput(why.clone()), End::Incomplete(why)),
        Err(end) => (Outcome::Skipped("asked to stop".into()), end),
    };
    let deed = Deed {
        step: STEP,
        outcome,
        took: started.elapsed(),
        complaint: None,
    };
    super::report(&deed);
    StageEnd {
        steps: vec![deed],
        end,
    }
}

fn power_off(
    config: &Vcenter,
    host: &str,
    within: Duration,
    tools: &Tools<'_>,
) -> Result<(), String> {
    let step = STEP.to_owned();
    tools.note(&Event::Before { step: step.clone() })?;
    let done = vcenter::power_off(config, host, Deadline::after(within));
    let outcome = match &done {
        Ok(()) => "ok".to_owned(),
        Err(doubt) => doubt.to_string(),
    };
    tools.note(&Event::After { step, outcome })?;
    done.map_err(|doubt| format!("{host} could not be powered off by its vCenter: {doubt}"))
}
