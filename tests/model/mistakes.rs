//! Mistakes that a machine like ours could have. Each is an adapter around the true one: it answers
//! an effect itself, changes one, or changes what the machine is told. The search must find each.

use habeat::base::command::Outcome;
use habeat::core::effect::{Effect, Task, Write};
use habeat::core::event::{Event, Finding, Ran, What};
use habeat::core::machine::{Setup, State, Turn, step};
use habeat::core::plan::PROMOTE_STEP;
use habeat::core::story::{Entry, Story, Told};
use habeat::core::{Phase, Promotion};
use habeat::observe::{Connectivity, Leader, Observation, Reach};
use habeat::witness::{Heard, Testimony, Voice, Weight};

use crate::apply::Machine;
use crate::properties::Property;
use crate::setup::Role;
use crate::system::{Call, Tale};
use crate::time::at;

pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) machine: Machine,
    pub(crate) property: Property,
}

pub(crate) const MISTAKES: [Mistake; 20] = [
    mistake(
        "the first empty list finishes",
        Role::Mailbox,
        first_list,
        Property::Finished,
    ),
    mistake(
        "a wait for orphans keeps the evidence",
        Role::Proxy,
        stale_confirm,
        Property::Evidence,
    ),
    mistake(
        "a slow list keeps the evidence",
        Role::Mailbox,
        stale_list,
        Property::Evidence,
    ),
    mistake(
        "no look between promotions",
        Role::Mailbox,
        stale_again,
        Property::Evidence,
    ),
    mistake(
        "one look is enough to begin",
        Role::Mailbox,
        one_look,
        Property::TwoLooks,
    ),
    mistake(
        "the fence outlives a sign of life",
        Role::FencedMailbox,
        lasting_fence,
        Property::Fence,
    ),
    mistake(
        "operations are asked for only where begun",
        Role::Mailbox,
        no_operations,
        Property::Alone,
    ),
    mistake(
        "the return forgets the flush",
        Role::Mailbox,
        no_flush,
        Property::Flushed,
    ),
    mistake(
        "a missing story is an empty one",
        Role::Mailbox,
        empty_story,
        Property::Intent,
    ),
    mistake(
        "orphans are only looked for before promotions",
        Role::ManualSite,
        no_orphans,
        Property::Alone,
    ),
    mistake(
        "the intent is not written",
        Role::Mailbox,
        no_intent,
        Property::Intent,
    ),
    mistake(
        "the gist is written before the end",
        Role::Proxy,
        early_gist,
        Property::Once,
    ),
    mistake(
        "unknown counts as dead",
        Role::Mailbox,
        unknown_is_dead,
        Property::Row,
    ),
    mistake(
        "a stop costs an attempt",
        Role::Mailbox,
        costly_stop,
        Property::Attempts,
    ),
    mistake(
        "a failure costs none",
        Role::Mailbox,
        free_failure,
        Property::Attempts,
    ),
    mistake(
        "run_spacing is ignored",
        Role::Mailbox,
        no_spacing,
        Property::Row,
    ),
    mistake(
        "block_period is ignored",
        Role::Mailbox,
        no_block,
        Property::Block,
    ),
    mistake(
        "a resumed return keeps the old story",
        Role::Proxy,
        old_story,
        Property::Finished,
    ),
    mistake(
        "a part of a sweep is the whole",
        Role::Mailbox,
        part_is_whole,
        Property::Finished,
    ),
    mistake(
        "one run alive is enough to return",
        Role::Proxy,
        hasty_return,
        Property::Return,
    ),
];

const fn mistake(name: &'static str, role: Role, machine: Machine, property: Property) -> Mistake {
    Mistake {
        name,
        role,
        machine,
        property,
    }
}

/// Answers an effect in place of the world.
fn answered(setup: &Setup, turn: Turn, now: u64, what: What) -> Turn {
    let at = at(now);
    let stop = false;
    let mut next = step(setup, turn.state, Event { at, stop, what });
    next.facts.splice(0..0, turn.facts);
    next
}

fn task(effect: &Effect) -> Option<Task> {
    match effect {
        Effect::Run(order) => Some(order.task),
        Effect::Recall
        | Effect::Observe
        | Effect::Write(_)
        | Effect::FindOrphans
        | Effect::AwaitOrphans(_)
        | Effect::EndOrphans
        | Effect::Wait(_)
        | Effect::End(_) => None,
    }
}

fn write(effect: &mut Effect) -> Option<&mut Write> {
    match effect {
        Effect::Write(write) => Some(write),
        _ => None,
    }
}

fn ran(finding: Finding) -> What {
    let outcome = Outcome::Ok;
    What::Ran(Ran { outcome, finding })
}

fn first_list(setup: &Setup, mut state: State, event: Event, _: &mut Tale) -> Turn {
    if let What::Ran(ran) = &event.what
        && let Finding::Listed(listed) = &ran.finding
        && listed.total == 0
    {
        let now = event.at.boot_ms;
        state.memory.story.listed.names = 2;
        let again = event.what.clone();
        let turn = step(setup, state, event);
        if !matches!(turn.effect, Effect::Wait(_)) {
            return turn;
        }
        let turn = answered(setup, turn, now, What::Waited);
        return answered(setup, turn, now, again);
    }
    step(setup, state, event)
}

/// What the machine sees again of its last look. The bits of `scratch`: how old the look is, and
/// what was done since.
const LOOKED: u64 = 1;
const WAITED: u64 = 2;
const LISTED: u64 = 4;
const PROMOTED: u64 = 8;

/// Looks are only taken where `is_real` says so of what was done since the last one.
fn looks_where(
    setup: &Setup,
    state: State,
    event: Event,
    tale: &mut Tale,
    is_spared: fn(u64) -> bool,
) -> Turn {
    let now = event.at.boot_ms;
    let observed = match &event.what {
        What::Observed { seen, since } => Some((seen.clone(), since.boot_ms)),
        _ => None,
    };
    let is_dead = observed.as_ref().is_some_and(|(seen, _)| **seen == dead());
    if observed.is_some() {
        tale.scratch = u64::from(is_dead) * LOOKED;
    }
    let turn = step(setup, state, event);
    tale.scratch |= match (&turn.effect, task(&turn.effect)) {
        (Effect::AwaitOrphans(_), _) => WAITED,
        (_, Some(Task::List)) => LISTED,
        (_, Some(Task::Promote)) => PROMOTED,
        _ => 0,
    };
    if turn.effect == Effect::Observe && tale.scratch & LOOKED != 0 && is_spared(tale.scratch) {
        let seen = Box::new(dead());
        let since = at(now);
        return answered(setup, turn, now, What::Observed { seen, since });
    }
    turn
}

fn dead() -> Observation {
    Observation {
        reach: Reach::Silent,
        looks: Vec::new(),
        connectivity: Connectivity::Connected,
        anchors: Vec::new(),
        heard: vec![Heard {
            witness: "w".into(),
            host: "mbox1".into(),
            testimony: Testimony::Down(Voice::Proven),
            weight: Weight::Full,
        }],
        leader: Leader::NotAsked,
    }
}

fn stale_confirm(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    looks_where(setup, state, event, tale, |done| done & WAITED != 0)
}

fn stale_list(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    looks_where(setup, state, event, tale, |done| {
        done & LISTED != 0 && done & PROMOTED == 0
    })
}

fn stale_again(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    looks_where(setup, state, event, tale, |done| done & PROMOTED != 0)
}

fn one_look(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    looks_where(setup, state, event, tale, |done| done == LOOKED)
}

fn lasting_fence(setup: &Setup, mut state: State, event: Event, _: &mut Tale) -> Turn {
    let before = state.memory.promotion.clone();
    let fenced = before.as_ref().and_then(|it| it.fenced.clone());
    let is_written = matches!(event.what, What::Written(Ok(())));
    if fenced.is_none() {
        return step(setup, state, event);
    }
    state.memory.promotion = before;
    let mut turn = step(setup, state, event);
    if is_written {
        keep(&mut turn.state.memory.promotion, fenced.clone());
    }
    if let Some(Write::Promotion(promotion)) = write(&mut turn.effect) {
        keep(promotion, fenced);
    }
    turn
}

fn keep(promotion: &mut Option<Promotion>, fenced: Option<habeat::base::clock::Now>) {
    if let Some(promotion) = promotion {
        promotion.fenced = fenced;
    }
}

fn no_operations(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let now = event.at.boot_ms;
    let turn = step(setup, state, event);
    let begun = turn.state.memory.story.begun.contains(PROMOTE_STEP);
    if task(&turn.effect) == Some(Task::Operations) && !begun {
        return answered(setup, turn, now, ran(Finding::Operations(0)));
    }
    turn
}

fn no_flush(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    let now = event.at.boot_ms;
    let turn = step(setup, state, event);
    let sees_life = tale
        .look
        .is_some_and(|(verdict, _)| verdict == crate::system::Verdict::Alive);
    if task(&turn.effect) == Some(Task::Sweep) && sees_life {
        return answered(setup, turn, now, ran(Finding::Swept { done: 0, undone: 0 }));
    }
    turn
}

fn empty_story(setup: &Setup, state: State, mut event: Event, _: &mut Tale) -> Turn {
    if let What::Recalled(memory) = &mut event.what
        && memory.told() == Told::Missing
        && let Some(promotion) = &memory.promotion
    {
        memory.story = Story::default();
        memory.story.add(Entry::Begun {
            epoch: promotion.epoch,
            at: event.at.clone(),
            previous: None,
            lost: false,
        });
    }
    step(setup, state, event)
}

fn no_orphans(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let now = event.at.boot_ms;
    let turn = step(setup, state, event);
    if turn.effect == Effect::FindOrphans {
        return answered(setup, turn, now, What::Orphans(Vec::new()));
    }
    turn
}

fn no_intent(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let now = event.at.boot_ms;
    let mut turn = step(setup, state, event);
    let was_there = turn.state.memory.promotion.is_some();
    match write(&mut turn.effect) {
        Some(Write::Promotion(Some(_))) if !was_there => {
            answered(setup, turn, now, What::Written(Ok(())))
        }
        _ => turn,
    }
}

fn early_gist(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let mut turn = step(setup, state, event);
    let promotion = turn.state.memory.promotion.clone();
    let is_promoted = turn.state.memory.is_promoted();
    let was_unfinished = promotion
        .as_ref()
        .is_some_and(|it| it.phase == Phase::Unfinished);
    if let Some(write) = write(&mut turn.effect) {
        match write {
            Write::Promotion(Some(it)) if was_unfinished && it.phase == Phase::Finished => {
                *write = Write::Gist;
            }
            Write::Gist if is_promoted => *write = Write::Promotion(promotion),
            _ => {}
        }
    }
    turn
}

fn unknown_is_dead(setup: &Setup, state: State, mut event: Event, _: &mut Tale) -> Turn {
    if let What::Observed { seen, .. } = &mut event.what
        && matches!(seen.heard.as_slice(), [one] if matches!(one.testimony, Testimony::Unknown(_)))
        && seen.reach == Reach::Silent
    {
        **seen = dead();
    }
    step(setup, state, event)
}

/// Changes the attempts that are written at the end of a run.
fn with_attempts(
    setup: &Setup,
    state: State,
    event: Event,
    tale: &mut Tale,
    change: fn(u32, u32, bool) -> u32,
) -> Turn {
    let stopped = tale.stopped;
    let is_written = matches!(event.what, What::Written(Ok(())));
    let before = state.memory.promotion.as_ref().map(|it| it.attempts);
    let mut turn = step(setup, state, event);
    if is_written && tale.scratch > 0 {
        if let Some(promotion) = &mut turn.state.memory.promotion {
            promotion.attempts = u32::try_from(tale.scratch - 1).unwrap();
        }
        tale.scratch = 0;
    }
    if let (Some(Write::Promotion(Some(promotion))), Some(before)) =
        (write(&mut turn.effect), before)
        && tale.call == Call::Run
        && promotion.phase == Phase::Unfinished
    {
        promotion.attempts = change(before, promotion.attempts, stopped);
        tale.scratch = u64::from(promotion.attempts) + 1;
    }
    turn
}

fn costly_stop(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    with_attempts(setup, state, event, tale, |before, now, stopped| {
        if stopped { now.max(before) } else { now }
    })
}

fn free_failure(setup: &Setup, state: State, event: Event, tale: &mut Tale) -> Turn {
    with_attempts(setup, state, event, tale, |before, now, stopped| {
        if before == now && !stopped {
            now.saturating_sub(1)
        } else {
            now
        }
    })
}

fn no_spacing(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let mut setup = setup.clone();
    setup.policy.run_spacing = crate::time::ms(0);
    step(&setup, state, event)
}

fn no_block(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let mut setup = setup.clone();
    setup.policy.block_period = crate::time::ms(0);
    step(&setup, state, event)
}

fn old_story(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let now = event.at.boot_ms;
    let mut turn = step(setup, state, event);
    let phase = turn.state.memory.promotion.as_ref().map(|it| it.phase);
    let begins = matches!(
        write(&mut turn.effect),
        Some(Write::Journal(Entry::Begun { .. }))
    );
    if begins && phase == Some(Phase::Returning) {
        let story = turn.state.memory.story.clone();
        let mut turn = answered(setup, turn, now, What::Written(Ok(())));
        turn.state.memory.story = story;
        return turn;
    }
    turn
}

fn part_is_whole(setup: &Setup, state: State, mut event: Event, _: &mut Tale) -> Turn {
    if let What::Ran(ran) = &mut event.what
        && let Finding::Swept { undone, .. } = &mut ran.finding
    {
        *undone = 0;
    }
    step(setup, state, event)
}

fn hasty_return(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    let mut setup = setup.clone();
    setup.policy.recover_runs = 1;
    step(&setup, state, event)
}
