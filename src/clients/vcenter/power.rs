//! Fencing: powers a VM off, and believes it only when it is seen off.

use std::thread::sleep;
use std::time::Duration;

use ureq::http::Method;

use super::inventory::Vm;
use super::session::{self, Session};
use super::{OFF, Vcenter, look, refusal, the_only};
use crate::base::deadline::Deadline;
use crate::base::doubt::{Doubt, DoubtKind};

/// Between two looks at a VM that is going off.
const PAUSE: Duration = Duration::from_secs(1);

/// Powers the VM of this name off, and returns once it is seen off on a connected host.
///
/// It is ordered by vCenter's own name for it, after exactly one VM of this name was found.
///
/// # Errors
/// When it is not certain that it is off.
pub fn power_off(config: &Vcenter, host: &str, deadline: Deadline) -> Result<(), Doubt> {
    session::hold(config, deadline, |session| {
        let vm = the_only(session, host)?;
        match order(session, &vm) {
            Ok(()) => wait_until_off(session, host, &vm),
            // The order may have arrived all the same.
            Err(doubt) if is_breakdown(doubt.kind) => {
                must_be_off(session, host, &vm).map_err(|_| doubt)
            }
            Err(doubt) => Err(doubt),
        }
    })
}

/// What leaves open whether an order was obeyed.
fn is_breakdown(kind: DoubtKind) -> bool {
    matches!(
        kind,
        DoubtKind::Timeout | DoubtKind::Unreachable | DoubtKind::BadAnswer | DoubtKind::HttpStatus
    )
}

fn order(session: &mut Session<'_>, vm: &Vm) -> Result<(), Doubt> {
    let path = session.dialect().stop(&vm.id);
    let reply = session.send(&Method::POST, &path)?.whole()?;
    if matches!(reply.status, 200 | 204) {
        return Ok(());
    }
    let name = refusal::named(&reply).map(|(name, _)| name);
    match (reply.status, name.as_deref().unwrap_or_default()) {
        (_, "ALREADY_IN_DESIRED_STATE") => Ok(()),
        (_, "NOT_ALLOWED_IN_CURRENT_STATE") => {
            let hint = format!("{vm}; vCenter will not power it off in this state");
            let detail = refusal::explained(&reply, &hint).detail;
            Err(Doubt::new(DoubtKind::Unclear, detail))
        }
        (403, _) | (_, "UNAUTHORIZED") => {
            let user = session.user();
            let hint = format!("{user} needs VirtualMachine.Interact.PowerOff on {}", vm.id);
            let detail = refusal::explained(&reply, &hint).detail;
            Err(Doubt::new(DoubtKind::Denied, detail))
        }
        (_, _) => Err(refusal::of(&reply)),
    }
}

/// Looks until it is off. A look that fails is repeated while there is time, unless a later one
/// would fare no better.
fn wait_until_off(session: &mut Session<'_>, name: &str, vm: &Vm) -> Result<(), Doubt> {
    loop {
        let doubt = match must_be_off(session, name, vm) {
            Ok(()) => return Ok(()),
            Err(doubt) => doubt,
        };
        let hopeless = matches!(
            doubt.kind,
            DoubtKind::Denied | DoubtKind::Ambiguous | DoubtKind::NotFound | DoubtKind::Filtered
        );
        if hopeless || session.left() <= PAUSE {
            let detail = format!("ordered off, but not seen off: {}", doubt.detail);
            return Err(Doubt::new(doubt.kind, detail));
        }
        sleep(PAUSE);
    }
}

fn must_be_off(session: &mut Session<'_>, name: &str, vm: &Vm) -> Result<(), Doubt> {
    let now = look(session, name)?.now;
    if now.id == vm.id && now.power_state == OFF {
        return Ok(());
    }
    Err(Doubt::new(DoubtKind::Unclear, now.to_string()))
}
