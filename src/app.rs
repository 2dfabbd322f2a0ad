//! The run: what the machine asks for is done, until it says that the run is over.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::anyhow;

use crate::base::clock::Now;
use crate::base::refusal::{Code, Refusal};
use crate::config::Config;
use crate::core::Promotion;
use crate::core::effect::{Effect, End, Ending, Fact};
use crate::core::event::{Errand, Event, What};
use crate::core::machine::{Setup, State, step};
use crate::report::{asker, history, lines, record::Parts, record::Report};
use crate::roles::{self, Book, Loaded, RoleConfig};
use crate::store::{Foreign, RunLock};

mod dry;
mod real;
mod setup;

use dry::Dry;
use real::Real;

/// Does what the machine asks for.
trait World {
    /// Does it; returns what came of it.
    fn carry_out(&mut self, effect: Effect, state: &State) -> Result<What, Refusal>;
    /// Tells people what the machine tells.
    fn tell(&mut self, fact: Fact, state: &State);
    /// Whether we were asked to stop.
    fn is_stopping(&self) -> bool;
}

/// Takes the machine from its first event to its end.
fn drive(
    setup: &Setup,
    errand: Errand,
    world: &mut impl World,
) -> Result<(State, Ending), Refusal> {
    let mut state = State::default();
    let mut what = What::Asked(errand);
    loop {
        let (at, stop) = (Now::read(), world.is_stopping());
        let turn = step(setup, state, Event { at, stop, what });
        state = turn.state;
        for fact in turn.facts {
            world.tell(fact, &state);
        }
        what = match turn.effect {
            Effect::End(ending) => return Ok((state, *ending)),
            effect @ (Effect::Recall
            | Effect::Observe
            | Effect::Write(_)
            | Effect::FindOrphans
            | Effect::AwaitOrphans(_)
            | Effect::EndOrphans
            | Effect::Run(_)
            | Effect::Wait(_)) => world.carry_out(effect, &state)?,
        };
    }
}

/// Makes one run.
///
/// # Errors
/// When it could not be made at all: another run, no privilege, config or state unusable.
pub fn run(path: &Path, errand: Errand, stop: &Arc<AtomicBool>) -> Result<Report, Refusal> {
    let asked_by = asked_by(&errand);
    let (config, role) = load(path)?;
    let _lock = RunLock::take(&config.files)?;
    let (book, now) = (Book::of(&config, role), Now::read());
    let mut world = Real::new(&config, &book, Foreign::Move, stop);
    let (state, ending) = drive(&setup::of(&config, &book), errand, &mut world)?;
    let ending = world.sound(ending)?;
    let report = Report::of_run(
        Parts {
            config: &config,
            role: &book.role,
            now: &now,
            seen: world.seen()?,
            decision: decided(&state)?,
            memory: state.shown(),
            asked_by: asked_by.as_deref(),
        },
        &world.deeds,
        ending.code,
    );
    lines::conclusion(&report, &ending.end);
    remember(&config, &report);
    Ok(report)
}

/// Shows what a run would do. Touches nothing.
///
/// # Errors
/// As [`run`].
pub fn dry_run(path: &Path, errand: Errand) -> Result<Report, Refusal> {
    let asked_by = asked_by(&errand);
    let (config, role) = load(path)?;
    let (book, now) = (Book::of(&config, role), Now::read());
    let stop = Arc::default();
    let mut world = Dry::new(&book, Real::new(&config, &book, Foreign::Leave, &stop));
    let may_promote = errand == Errand::Run;
    // Whoever may not run it may still see what it would be.
    let setup = Setup {
        is_privileged: true,
        ..setup::of(&config, &book)
    };
    let (state, ending) = drive(&setup, errand, &mut world)?;
    let ending = world.real.sound(ending)?;
    let parts = Parts {
        config: &config,
        role: &book.role,
        now: &now,
        seen: world.real.seen()?,
        decision: decided(&state)?,
        memory: &world.memory,
        asked_by: asked_by.as_deref(),
    };
    let on_promotion = (may_promote && !world.memory.is_promoted()).then_some(&*book.takeover);
    let would_run = std::mem::take(&mut world.would_run);
    Ok(Report::of_dry_run(
        parts,
        would_run,
        on_promotion,
        ending.code,
    ))
}

/// Takes down an operator's word; returns what to tell them.
///
/// # Errors
/// As [`run`].
pub fn take_down(path: &Path, errand: Errand) -> Result<Option<Box<Promotion>>, Refusal> {
    let (config, role) = load(path)?;
    let _lock = RunLock::take(&config.files)?;
    let book = Book::of(&config, role);
    let stop = Arc::default();
    let mut world = Real::new(&config, &book, Foreign::Move, &stop);
    let (_, ending) = drive(&setup::of(&config, &book), errand, &mut world)?;
    let end = world.sound(ending)?.end;
    let End::Acknowledged(promotion) = end else {
        let why = anyhow!("an operator's word came to {end:?}");
        return Err(Refusal::bug(why));
    };
    Ok(promotion)
}

fn decided(state: &State) -> Result<&crate::core::Decision, Refusal> {
    let decision = state.run.decision.as_ref();
    decision.ok_or_else(|| Refusal::bug(anyhow!("the run ended without a decision")))
}

/// Says in the log, and returns, who asked for it; `None` when it is the timer's.
fn asked_by(errand: &Errand) -> Option<String> {
    match errand {
        Errand::Run | Errand::Ack(_) | Errand::Retry(_) => None,
        Errand::Failback => {
            let who = asker::asker();
            log::warn!("failback=asked by={who:?}");
            Some(who)
        }
    }
}

/// Loads the config. What is odd about it is told by `habeat check`, not anew every five minutes.
fn load(path: &Path) -> Result<(Config, RoleConfig), Refusal> {
    let Loaded {
        config,
        role,
        warnings,
    } = roles::load(path)?;
    if !warnings.is_empty() {
        log::info!(
            "config={} warnings={} next=\"habeat check\"",
            path.display(),
            warnings.len()
        );
    }
    for warning in warnings {
        log::debug!("config={} {warning}", path.display());
    }
    Ok((config, role))
}

/// The history is a convenience: a run that cannot write it says so and goes on.
fn remember(config: &Config, report: &Report) {
    if let Err(error) = history::append(&config.history, report) {
        log::warn!(
            "cannot write the history file {}: {error}; going on without it",
            config.history.file.display()
        );
    }
}

impl Real<'_> {
    /// Returns the ending of a run that was one.
    ///
    /// # Errors
    /// Why it could not be made at all.
    fn sound(&mut self, ending: Ending) -> Result<Ending, Refusal> {
        match &ending.end {
            End::NotWritten(why) => Err(self
                .refusal
                .take()
                .unwrap_or_else(|| Refusal::unusable(anyhow!("{why}")))),
            End::OtherHost(source) => Err(self.other_host(source)),
            End::NoPrivilege => Err(Refusal {
                code: Code::Privilege,
                error: anyhow!(
                    "only root can work as, or for, another user, as this config asks for: run \
                     habeat as root"
                ),
            }),
            End::Bug(why) => Err(Refusal::bug(anyhow!("{why}"))),
            End::Complete
            | End::Incomplete(_)
            | End::FenceFailed(_)
            | End::NotReady(_)
            | End::GivenUp(_)
            | End::Withheld(_)
            | End::Changed(_)
            | End::NoAccounts
            | End::Stopped
            | End::Acknowledged(_) => Ok(ending),
        }
    }
}
