//! What is checked: the plans of the roles, by their names and kinds, and a policy of small numbers.

use habeat::config::{OnReturn, Policy, Quorum, Share, Takeover};
use habeat::core::machine::Setup;
use habeat::core::plan::{ACTIVATE, Class, Command, OnFailure, Plans, StagePlan, Work};

use crate::time::{BLOCK, BUDGET, MAX_AGE, SPACING, ms};

pub(crate) const FENCE: &str = "fence";
pub(crate) const PROMOTE: &str = "promote";
pub(crate) const FLUSH: &str = "flush-cache";
pub(crate) const DEACTIVATE: &str = "deactivate";
pub(crate) const RECOVER: &str = "recover-mesh";
pub(crate) const STOP_MODULE: &str = "stop-module";
pub(crate) const START_MODULE: &str = "start-module";

/// Which of the bounded worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Mailbox,
    FencedMailbox,
    Proxy,
    ManualSite,
    Mesh,
}

impl Role {
    pub(crate) fn has_accounts(self) -> bool {
        matches!(self, Self::Mailbox | Self::FencedMailbox)
    }

    pub(crate) fn setup(self) -> Setup {
        let takeover = match self {
            Self::Mailbox => vec![promote(), flush()],
            Self::FencedMailbox => vec![fence(), promote(), flush()],
            Self::Proxy => vec![fence(), activate()],
            Self::ManualSite => Vec::new(),
            Self::Mesh => vec![stage(RECOVER, Work::Recover, OnFailure::Stop)],
        };
        let plans = Plans {
            takeover,
            back: (self == Self::Proxy).then(|| switch(DEACTIVATE, Class::Undo)),
            back_by_itself: true,
            module: (self == Self::ManualSite).then(|| {
                [
                    switch(STOP_MODULE, Class::Reversible),
                    switch(START_MODULE, Class::Undo),
                ]
            }),
            restore: (self == Self::Mesh)
                .then(|| stage("restore-mesh", Work::Restore, OnFailure::Stop)),
        };
        Setup {
            policy: policy(self),
            host: "mbox1".into(),
            plans,
            is_privileged: true,
            orphan_patience: ms(1000),
            promote_budget: ms(BUDGET),
            require_replica: Share::ALL,
        }
    }
}

fn policy(role: Role) -> Policy {
    let manual = role == Role::ManualSite;
    Policy {
        run_spacing: ms(SPACING),
        evidence_max_age: ms(MAX_AGE),
        takeover: if manual {
            Takeover::Manual
        } else {
            Takeover::Automatic
        },
        stop_module: manual,
        quorum: Quorum::All,
        confirm_runs: 2,
        recover_runs: 2,
        block_period: ms(BLOCK),
        max_attempts: 2,
        on_return: OnReturn::Role,
    }
}

fn stage(name: &'static str, work: Work, on_failure: OnFailure) -> StagePlan {
    StagePlan {
        name,
        work,
        on_failure,
    }
}

fn command(step: &'static str, id: &str, class: Class) -> Command {
    Command {
        step,
        id: id.into(),
        class,
    }
}

fn switch(name: &'static str, class: Class) -> StagePlan {
    let work = Work::Commands(vec![command(name, name, class)]);
    stage(name, work, OnFailure::Stop)
}

fn promote() -> StagePlan {
    stage(PROMOTE, Work::Accounts, OnFailure::Stop)
}

fn flush() -> StagePlan {
    stage(FLUSH, Work::Sweep, OnFailure::GoOn)
}

fn fence() -> StagePlan {
    let work = Work::Commands(vec![
        command("fence-command", "off", Class::Irreversible),
        command("fence-verify", "is-off", Class::Query),
    ]);
    stage(FENCE, work, OnFailure::Latch)
}

fn activate() -> StagePlan {
    let work = Work::Commands(vec![
        command(ACTIVATE, "route", Class::Reversible),
        command(ACTIVATE, "dns", Class::Reversible),
        command("verify", "proof", Class::Query),
    ]);
    stage(ACTIVATE, work, OnFailure::Stop)
}
