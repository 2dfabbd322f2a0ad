//! The only place that knows about time: what it makes of the moments of a state, and why nothing
//! is lost by that.
//!
//! The machine reads the clock in four comparisons: the age of a look against `evidence_max_age`, of
//! the last counted run against `run_spacing` and `STREAK_LASTS`, of the last promotion against
//! `block_period`, and what is left of the promotion's budget. All of them compare an *age*, and
//! none of them looks at the wall. So between runs, when only memory is left,
//!
//! - "now" becomes a constant, and with it all that was remembered moves: ages stay as they are;
//! - each age becomes the lower edge of its bucket, the edges being the thresholds. Two ages in one
//!   bucket get the same answers now. They could get different ones later, after the same wait; but
//!   the waits that are offered (soon, the timer, hours, a day) end on either side of each
//!   threshold from the lower edge, so each answer that the true age could get later is still given;
//! - what is only written down (`since`, `started`, `finished`, why it failed, …) is dropped.
//!
//! Within a run nothing is rounded: it has few events, and its clock only moves where something is
//! slow.

use std::time::Duration;

use habeat::base::clock::Now;
use habeat::core::story::Story;
use habeat::core::{Memory, Phase, STREAK_LASTS};

pub(crate) const SPACING: u64 = 50_000;
pub(crate) const MAX_AGE: u64 = 30_000;
pub(crate) const BLOCK: u64 = 3_600_000;
pub(crate) const BUDGET: u64 = 60_000;
/// Whatever is slow takes longer than evidence may be old; two of it, longer than the budget.
pub(crate) const SLOW: u64 = 31_000;

const BOOT: &str = "this";

/// When the next run comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Later {
    Soon,
    ByTimer,
    Hours,
    Day,
    Reboot,
}

impl Later {
    pub(crate) fn wait(self) -> u64 {
        match self {
            Self::Soon => 10_000,
            Self::ByTimer => 60_000,
            Self::Hours => 7_200_000,
            Self::Day | Self::Reboot => day(),
        }
    }
}

pub(crate) fn day() -> u64 {
    u64::try_from(STREAK_LASTS.as_millis()).unwrap()
}

/// How long this machine has been up when a run begins: longer than any threshold. A reboot is a day
/// that ends what a killed run left: both end each row, and after both the block is over.
pub(crate) const UPTIME: u64 = 864_000_000;

pub(crate) fn at(ms: u64) -> Now {
    Now {
        wall: 0,
        boot_ms: ms,
        boot_id: BOOT.into(),
    }
}

/// Moves what is remembered so that the time `now` becomes the time `to`, each age rounded down.
pub(crate) struct Shift {
    pub(crate) now: u64,
    pub(crate) to: u64,
}

impl Shift {
    /// Returns the moment so that its age is the lower edge of its bucket.
    pub(crate) fn ms(&self, moment: u64, edges: &[u64]) -> u64 {
        let age = self.now.saturating_sub(moment);
        let edge = edges.iter().rev().find(|edge| **edge <= age);
        self.to.saturating_sub(edge.copied().unwrap_or(0))
    }

    fn moment(&self, moment: &mut Now, edges: &[u64]) {
        moment.boot_ms = self.ms(moment.boot_ms, edges);
    }

    /// A row is only asked whether it is long enough, and one that is a day old is none.
    fn row(&self, runs: &mut u32, last: &mut Option<Now>) {
        *runs = (*runs).min(ENOUGH);
        let age = last.as_ref().map(|it| self.now.saturating_sub(it.boot_ms));
        if age.is_none_or(|age| age >= day()) {
            (*runs, *last) = (0, None);
        }
        if let Some(last) = last {
            self.moment(last, &[SPACING]);
        }
    }

    fn block(&self, moment: &mut Option<Now>) {
        if let Some(moment) = moment {
            self.moment(moment, &[BLOCK]);
        }
    }

    pub(crate) fn memory(&self, memory: &mut Memory) {
        let now = || Some(at(self.to));
        if let Some(suspicion) = &mut memory.suspicion {
            suspicion.since = None;
            self.row(&mut suspicion.dead_streak, &mut suspicion.last);
        }
        if let Some(promotion) = &mut memory.promotion {
            self.row(&mut promotion.alive_streak, &mut promotion.alive_last);
            promotion.fenced = promotion.fenced.take().and_then(|_| now());
            promotion.failback = promotion.failback.take().and_then(|_| now());
            // Only a file that was touched is asked for these.
            if promotion.phase != Phase::Finished || promotion.started.is_some() {
                promotion.started = now();
                promotion.acknowledged = None;
            }
            promotion.acknowledged.as_mut().map(String::clear);
            (promotion.finished, promotion.failure) = (None, None);
        }
        if let Some(module) = &mut memory.module {
            self.row(&mut module.alive_streak, &mut module.alive_last);
            module.failback = module.failback.take().and_then(|_| now());
        }
        if memory.story.epoch == 0 && memory.promotion.is_none() {
            // Nothing is asked of a journal that tells of no promotion, but who may still run.
            let children = std::mem::take(&mut memory.story.children);
            memory.story = Story::default();
            memory.story.children = children;
        }
        self.block(&mut memory.story.began);
        self.block(&mut memory.story.ended);
        self.block(&mut memory.story.previous);
        number(memory);
    }
}

const ENOUGH: u32 = 2;

/// Epochs are only compared: they become the smallest numbers that compare the same.
fn number(memory: &mut Memory) {
    let promotion = memory.promotion.as_mut().map(|it| &mut it.epoch);
    match promotion {
        Some(epoch) if *epoch == memory.story.epoch => {
            *epoch = (*epoch).min(1);
            memory.story.epoch = *epoch;
        }
        Some(epoch) if *epoch > memory.story.epoch => {
            memory.story.epoch = memory.story.epoch.min(1);
            *epoch = memory.story.epoch + 1;
        }
        Some(epoch) => {
            *epoch = (*epoch).min(1);
            memory.story.epoch = *epoch + 1;
        }
        None => memory.story.epoch = memory.story.epoch.min(1),
    }
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
