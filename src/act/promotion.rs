//! The stage that promotes: list, promote, list again until no account is left.
//!
//! What the promoting command says of itself is not believed; the list is.

use std::time::{Duration, Instant};

use crate::act::accounts::{self, Listed};
use crate::act::step::Hand;
use crate::act::{End, StageEnd, Tally, Tools};
use crate::plan::{Outcome, Step};
use crate::store::Event;

/// Between two questions whether an operation is still under way.
const OPERATION_POLL: Duration = Duration::from_secs(2);

/// Runs the stage.
pub(super) fn run(
    host: &str,
    [list, promote, operations]: [&Step; 3],
    tools: &mut Tools<'_>,
    tally: &mut Tally,
) -> StageEnd {
    let mut steps = Vec::new();
    let end = match promote_all(host, [list, promote, operations], tools, tally, &mut steps) {
        Ok(()) => End::Complete,
        Err(end) => end,
    };
    StageEnd { steps, end }
}

fn promote_all(
    host: &str,
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
    let listed = list_accounts(host, list, tools, steps)?;
    tally.without_replica = listed.without_replica;
    tally.lagging = listed.lagging;
    tally.left = listed.total;
    log::info!(
        "accounts={} without_replica={} lagging={} unusable={}",
        listed.total,
        listed.without_replica,
        listed.lagging,
        listed.unusable
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
        let left = list_accounts(host, list, tools, steps)?.total;
        let before = std::mem::replace(&mut tally.left, left);
        log::info!("accounts_left={left} accounts_before={before}");
        // A command that failed or moved nothing is not tried again at once.
        if left > 0 && (left >= before || outcome != Outcome::Ok) {
            return Err(End::Incomplete(format!(
                "{left} of {} accounts are still on the dead host ({}: {outcome})",
                listed.total, promote.name
            )));
        }
    }
    Ok(())
}

/// Lists the accounts. Their names are durable before anything is done to them: a flush after a
/// kill needs them, and the server no longer tells.
fn list_accounts(
    host: &str,
    list: &Step,
    tools: &mut Tools<'_>,
    steps: &mut Vec<super::Deed>,
) -> Result<Listed, End> {
    if let Err(deed) = tools.begin(list) {
        let outcome = deed.outcome.to_string();
        steps.push(deed);
        return Err(incomplete(list, &outcome));
    }
    let Some(ledger) = &mut tools.ledger else {
        return Err(incomplete(list, "there is no account list"));
    };
    let mut listed = None;
    let hand = Hand {
        runner: &tools.runner,
        variant: &tools.variant,
        children: tools.children,
    };
    let (deed, _) = hand.try_variants(list, &[], &mut |finished| match accounts::list(
        finished,
        host,
        &mut ledger.accounts,
    ) {
        Ok(all) => {
            listed = Some(all);
            Outcome::Ok
        }
        Err(outcome) => outcome,
    });
    let extent = ledger.accounts.extent();
    tools.end(&deed);
    let outcome = deed.outcome.clone();
    steps.push(deed);
    match (outcome, listed) {
        (Outcome::Ok, Some(listed)) if listed.new == 0 => Ok(listed),
        (Outcome::Ok, Some(listed)) => tools
            .note(&Event::Listed(extent))
            .map(|()| listed)
            .map_err(|why| incomplete(list, &why)),
        (Outcome::Stopped | Outcome::Skipped(_), _) => Err(End::Stopped),
        (outcome, _) => Err(incomplete(list, &outcome.to_string())),
    }
}

fn incomplete(step: &Step, why: &str) -> End {
    End::Incomplete(format!("{}: {why}", step.name))
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
            (Outcome::Ok, Some(output)) => accounts::operations(&output),
            (outcome, _) => Err(outcome.to_string()),
        };
        match running {
            Ok(running) if running.promoting > 0 => {}
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
