//! What a promotion asks of the server: who is on a host, what is under way, and to promote.

use std::time::{Duration, Instant};

use crate::act::{Deeds, Tally, Tools, accounts, is_late, late, plain, step};
use crate::core::effect::{Order, Task};
use crate::core::event::{Finding, Listed, Ran};
use crate::core::story::Story;
use crate::plan::{Outcome, Stage, Step, Work};
use crate::store::AccountList;

/// Between two questions whether an operation is still under way.
const OPERATION_POLL: Duration = Duration::from_secs(2);

impl Tools<'_> {
    pub(super) fn promotion(
        &mut self,
        task: Task,
        stage: &Stage,
        order: &Order,
        story: &Story,
        deeds: &mut Deeds,
    ) -> Ran {
        let Work::Promote {
            host,
            list,
            promote,
            operations,
        } = &stage.work
        else {
            return plain(Outcome::BadOutput("it does not promote".into()));
        };
        match task {
            Task::Operations => self.operations(operations),
            Task::AwaitOperations => self.await_operations(operations, order),
            Task::List => self.list(host, list, story, deeds),
            Task::Promote => {
                if is_late(order) {
                    return late();
                }
                self.command(promote, order, deeds)
            }
            Task::Command(_) | Task::Sweep | Task::Prepare | Task::Recover | Task::Restore => {
                plain(Outcome::BadOutput("it does not promote".into()))
            }
        }
    }

    fn list(&mut self, host: &str, list: &Step, story: &Story, deeds: &mut Deeds) -> Ran {
        let opened = match self.accounts.take() {
            Some(opened) => Ok(opened),
            None => AccountList::open(&self.record, story),
        };
        let mut names = match opened {
            Ok(names) => names,
            Err(refusal) => {
                let why = format!("{:#}", refusal.error);
                return plain(Outcome::Unjournalled(why));
            }
        };
        log::info!(
            "step={} state=started deadline={}s",
            list.name,
            list.deadline.as_secs()
        );
        let mut listed = None;
        let (deed, _) = self.try_judged(list, &[], &mut |finished| match accounts::list(
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
        self.accounts = Some(names);
        let outcome = deed.outcome.clone();
        deeds.steps.push(deed);
        let Some(listed) = listed.filter(|_| outcome == Outcome::Ok) else {
            return plain(outcome);
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

    /// Asks how many promotions the server works on.
    fn operations(&self, operations: &Step) -> Ran {
        let (deed, finished) = self.try_variants(operations, &[]);
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
                    operations.name
                );
                plain(deed.outcome)
            }
        }
    }

    /// Asks until none is under way, or the order's time is over.
    fn await_operations(&self, operations: &Step, order: &Order) -> Ran {
        let within = order.within.unwrap_or(operations.deadline);
        let until = Instant::now() + within;
        loop {
            log::info!(
                "step={} state=waiting cause=\"a promotion is under way on the server\"",
                operations.name
            );
            let left = until.saturating_duration_since(Instant::now());
            self.pause(OPERATION_POLL.min(left));
            let ran = self.operations(operations);
            match ran.finding {
                Finding::Operations(under_way)
                    if under_way > 0 && !self.is_stopping() && Instant::now() < until => {}
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
