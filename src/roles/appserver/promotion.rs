//! What a promotion asks of the server: who is on a host, what is under way, and to promote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::accounts;
use crate::act::{Deeds, Step, Tally, Tools, step};
use crate::base::command::{Outcome, Runner};
use crate::core::effect::{Order, Task};
use crate::core::event::{Finding, Listed, Ran};
use crate::core::story::Story;
use crate::roles::run::unfit;
use crate::store::AccountList;

/// Between two questions whether an operation is still under way.
const OPERATION_POLL: Duration = Duration::from_secs(2);

/// Between two looks at how far a promotion is, at the most; and how many there are at least, if it
/// takes all its time.
const PROGRESS: Duration = Duration::from_secs(30);
const PROGRESS_LOOKS: u32 = 10;

/// The steps of a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSteps {
    /// The dead host, as the server names it.
    pub host: String,
    /// Lists the accounts that are still on the dead host.
    pub list: Step,
    /// Promotes them.
    pub promote: Step,
    /// Lists the operations under way, asked before anything is promoted.
    pub operations: Step,
}

/// Asks, or promotes.
pub(crate) fn run(
    promotion: &AccountSteps,
    order: &Order,
    tools: &mut Tools,
    story: &Story,
    deeds: &mut Deeds,
) -> Ran {
    match order.task {
        Task::Operations => promotion.operations(tools),
        Task::AwaitOperations => promotion.await_operations(order, tools),
        Task::List => promotion.list(tools, story, deeds),
        Task::Promote => promotion.promote(order, tools, deeds),
        Task::Command(_) | Task::Sweep | Task::Prepare | Task::Recover | Task::Restore => {
            unfit(order)
        }
    }
}

impl AccountSteps {
    fn list(&self, tools: &mut Tools, story: &Story, deeds: &mut Deeds) -> Ran {
        let (host, list) = (&self.host, &self.list);
        let opened = match tools.accounts.take() {
            Some(opened) => Ok(opened),
            None => AccountList::open(&tools.record, story),
        };
        let mut names = match opened {
            Ok(names) => names,
            Err(refusal) => {
                let why = format!("{:#}", refusal.error);
                return Outcome::Unjournalled(why).into();
            }
        };
        log::info!(
            "step={} state=started deadline={}s",
            list.name,
            list.deadline.as_secs()
        );
        let mut listed = None;
        let (deed, _) = tools.try_judged(list, &[], &mut |finished| match accounts::list(
            finished, host, &mut names,
        ) {
            Ok(all) => {
                listed = Some(all);
                Outcome::Ok
            }
            Err(outcome) => outcome,
        });
        step::report(&deed);
        let extent = names.extent();
        tools.accounts = Some(names);
        let outcome = deed.outcome.clone();
        deeds.steps.push(deed);
        let Some(listed) = listed.filter(|_| outcome == Outcome::Ok) else {
            return outcome.into();
        };
        let tally = deeds.accounts.get_or_insert_with(|| Tally {
            without_replica: listed.without_replica,
            lagging: listed.lagging,
            ..Tally::default()
        });
        tally.total = extent.names;
        tally.left = listed.total;
        let listed = Listed {
            total: listed.total,
            unusable: listed.unusable,
            without_replica: listed.without_replica,
            lagging: listed.lagging,
            extent,
        };
        Ran {
            outcome,
            finding: Finding::Listed(listed),
        }
    }

    /// Promotes, and meanwhile shows how far it is.
    fn promote(&self, order: &Order, tools: &Tools, deeds: &mut Deeds) -> Ran {
        let within = order.within.unwrap_or(self.promote.deadline);
        let every = (within / PROGRESS_LOOKS).min(PROGRESS);
        let over = Arc::new(AtomicBool::new(false));
        // It ends at once with the promotion: nobody waits for a list that nobody needs.
        let runner = Runner {
            stop: Arc::clone(&over),
            grace: Duration::ZERO,
            ..tools.runner.clone()
        };
        let variant = tools.variant.load(Ordering::Relaxed);
        thread::scope(|scope| {
            let (end, ended) = mpsc::channel::<()>();
            let watch = move || self.watch(&runner, variant, every, &ended);
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, watch) {
                log::warn!("no thread shows how far the promotion is: {error}");
            }
            let ran = tools.command(&self.promote, order, deeds);
            over.store(true, Ordering::Relaxed);
            drop(end);
            ran
        })
    }

    /// Tells now and then how many accounts are left, until `ended` hangs up. It decides nothing.
    fn watch(&self, runner: &Runner, variant: usize, every: Duration, ended: &Receiver<()>) {
        let variants = &self.list.variants;
        let Some(argv) = variants.get(variant).or(variants.first()) else {
            return;
        };
        while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
            let listed = runner.run(argv, self.list.deadline);
            if let Ok(left) = accounts::count(&listed, &self.host) {
                log::info!(
                    "step={} state=working accounts_left={left}",
                    self.promote.name
                );
            }
        }
    }

    /// Asks how many promotions the server works on.
    fn operations(&self, tools: &Tools) -> Ran {
        let (deed, finished) = tools.try_variants(&self.operations, &[]);
        let found = match (&deed.outcome, finished.stdout) {
            (Outcome::Ok, Some(output)) => accounts::operations(&output),
            (outcome, _) => Err(outcome.to_string()),
        };
        match found {
            Ok(found) => Ran {
                outcome: deed.outcome,
                finding: Finding::Operations(found.promoting),
            },
            Err(why) => {
                log::warn!(
                    "step={} outcome={why:?} consequence=\"not waited for\"",
                    self.operations.name
                );
                deed.outcome.into()
            }
        }
    }

    /// Asks until none is under way, or the order's time is over.
    fn await_operations(&self, order: &Order, tools: &Tools) -> Ran {
        let within = order.within.unwrap_or(self.operations.deadline);
        let until = Instant::now() + within;
        loop {
            log::info!(
                "step={} state=waiting cause=\"a promotion is under way on the server\"",
                self.operations.name
            );
            let left = until.saturating_duration_since(Instant::now());
            tools.pause(OPERATION_POLL.min(left));
            let ran = self.operations(tools);
            match ran.finding {
                Finding::Operations(under_way)
                    if under_way > 0 && !tools.is_stopping() && Instant::now() < until => {}
                // It has not ended because it cannot be asked for a moment.
                Finding::Nothing if !tools.is_stopping() && Instant::now() < until => {}
                Finding::Operations(_)
                | Finding::Nothing
                | Finding::Late
                | Finding::Listed(_)
                | Finding::Swept { .. }
                | Finding::Recovery(..) => return ran,
            }
        }
    }
}
