//! The stage that promotes: list, promote, list again until no account is left.
//!
//! What the promoting command says of itself is not believed; the list is.

use std::time::{Duration, Instant};

use crate::act::accounts::{self, Replicas};
use crate::act::{End, StageEnd, Tally, Tools};
use crate::plan::{Outcome, Step};
use crate::store::Event;

/// Between two questions whether an operation is still under way.
const OPERATION_POLL: Duration = Duration::from_secs(2);
/// What the name of a promotion among the operations contains (research: not documented).
const OPERATION_NAME: &str = "promot";

/// Runs the stage.
pub(super) fn run(
    [list, promote, operations]: [&Step; 3],
    tools: &mut Tools<'_>,
    tally: &mut Tally,
) -> StageEnd {
    let mut steps = Vec::new();
    let end = match promote_all([list, promote, operations], tools, tally, &mut steps) {
        Ok(()) => End::Complete,
        Err(end) => end,
    };
    StageEnd { steps, end }
}

fn promote_all(
    [list, promote, operations]: [&Step; 3],
    tools: &mut Tools<'_>,
    tally: &mut Tally,
    steps: &mut Vec<super::Deed>,
) -> Result<(), End> {
    let asked_before = tools
        .ledger
        .as_ref()
        .is_some_and(|ledger| ledger.story.begun.contains(promote.name));
    if asked_before {
        await_operations(operations, promote.deadline, tools)?;
    }
    let replicas = list_accounts(list, tools, steps)?;
    tally.without_replica = replicas.none_available;
    tally.lagging = replicas.lagging;
    tally.left = replicas.total;
    log::info!(
        "accounts={} without_replica={} lagging={}",
        replicas.total,
        replicas.none_available,
        replicas.lagging
    );
    if tools.is_without_accounts() {
        log::warn!(
            "step={} accounts=0 cause=\"they are promoted already, or the peer's \
             appserver_vmname is not its name in Carbonio\"",
            list.name
        );
    }
    while tally.left > 0 {
        let (deed, _) = tools.run(promote);
        let outcome = deed.outcome.clone();
        steps.push(deed);
        match outcome {
            Outcome::Stopped | Outcome::Skipped(_) => return Err(End::Stopped),
            Outcome::Ok
            | Outcome::Exit(_)
            | Outcome::Signal(_)
            | Outcome::TimedOut
            | Outcome::SpawnFailed(_)
            | Outcome::Unjournalled(_)
            | Outcome::BadOutput(_) => {}
        }
        let left = list_accounts(list, tools, steps)?.total;
        let before = std::mem::replace(&mut tally.left, left);
        log::info!("accounts_left={left} accounts_before={before}");
        // A command that failed or moved nothing is not tried again at once.
        if left > 0 && (left >= before || outcome != Outcome::Ok) {
            return Err(End::Incomplete(format!(
                "{left} of {} accounts are still on the dead host ({}: {outcome})",
                replicas.total, promote.name
            )));
        }
    }
    Ok(())
}

fn list_accounts(
    list: &Step,
    tools: &mut Tools<'_>,
    steps: &mut Vec<super::Deed>,
) -> Result<Replicas, End> {
    let (deed, finished) = tools.run(list);
    let outcome = deed.outcome.clone();
    steps.push(deed);
    match (outcome, finished.and_then(|finished| finished.stdout)) {
        (Outcome::Ok, Some(output)) => {
            let mut listing = String::new();
            let replicas = accounts::read(output, |name| {
                listing.push_str(name);
                listing.push('\n');
            });
            let replicas = replicas.map_err(|why| incomplete(list, &why))?;
            remember(&listing, tools).map_err(|why| incomplete(list, &why))?;
            Ok(replicas)
        }
        (Outcome::Stopped | Outcome::Skipped(_), _) => Err(End::Stopped),
        (outcome, _) => Err(incomplete(list, &outcome.to_string())),
    }
}

fn incomplete(step: &Step, why: &str) -> End {
    End::Incomplete(format!("{}: {why}", step.name))
}

/// Makes the names durable before anything is done to them: a flush after a kill needs them, and
/// the server no longer tells.
fn remember(listing: &str, tools: &mut Tools<'_>) -> Result<(), String> {
    let Some(ledger) = &mut tools.ledger else {
        return Ok(());
    };
    let before = ledger.accounts.count();
    ledger
        .accounts
        .extend(listing)
        .map_err(|error| format!("the account list could not be written: {error}"))?;
    if ledger.accounts.count() == before {
        return Ok(());
    }
    let extent = ledger.accounts.extent();
    tools.note(&Event::Listed(extent))
}

/// Waits while the server still works on a promotion that an earlier, killed run asked for.
///
/// A server that cannot say is not waited for: the list decides, and a second request for the
/// accounts that are left is what the vendor's pages ask for after a crash.
fn await_operations(operations: &Step, deadline: Duration, tools: &Tools<'_>) -> Result<(), End> {
    let until = Instant::now() + deadline;
    loop {
        let (deed, finished) = tools.try_variants(operations, &[]);
        let running = match (deed.outcome, finished.stdout) {
            (Outcome::Stopped | Outcome::Skipped(_), _) => return Err(End::Stopped),
            (Outcome::Ok, Some(output)) => accounts::operations(output),
            (outcome, _) => Err(outcome.to_string()),
        };
        match running {
            Ok(names) if names.iter().any(|name| is_promotion(name)) => {}
            Ok(_) => return Ok(()),
            Err(why) => {
                log::warn!(
                    "step={} outcome={why:?} consequence=\"not waited for\"",
                    operations.name
                );
                return Ok(());
            }
        }
        if Instant::now() >= until {
            return Err(incomplete(
                operations,
                "a promotion is still under way on the server",
            ));
        }
        log::info!(
            "step={} state=waiting cause=\"a promotion is under way\"",
            operations.name
        );
        tools.pause(OPERATION_POLL);
    }
}

fn is_promotion(name: &str) -> bool {
    name.to_ascii_lowercase().contains(OPERATION_NAME)
}
