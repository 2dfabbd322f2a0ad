use std::time::{Duration, Instant};

use super::Leash;
use crate::base::command::Outcome;

const DEADLINE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(10);

/// What happens to a command, in order.
enum Event {
    /// The runner looks, this many seconds after the start.
    At(u64),
    /// As `At`, and we are asked to stop.
    StopAt(u64),
}
use Event::{At, StopAt};

/// Plays `events` on a command without a group, which then ends as `ended` at second `at`.
fn play(events: &[Event], ended: Option<&Outcome>, at: u64) -> Option<Outcome> {
    let start = Instant::now();
    let second = |second| start + Duration::from_secs(second);
    let mut leash = Leash::new(None, start, DEADLINE, GRACE);
    for event in events {
        match event {
            At(when) => leash.pull(second(*when), false),
            StopAt(when) => leash.pull(second(*when), true),
        };
    }
    leash.outcome(ended, second(at))
}

/// A name, what happened, how the leader ended, the second of the look, the outcome.
type Life = (
    &'static str,
    &'static [Event],
    Option<Outcome>,
    u64,
    Option<Outcome>,
);

const OK: Option<Outcome> = Some(Outcome::Ok);
const EXIT: Option<Outcome> = Some(Outcome::Exit(143));

const LIVES: &[Life] = &[
    ("running", &[At(1)], None, 1, None),
    ("ended well", &[At(1)], OK, 2, Some(Outcome::Ok)),
    ("ended badly", &[At(1)], EXIT, 2, Some(Outcome::Exit(143))),
    (
        "ended before the late look",
        &[At(1)],
        OK,
        99,
        Some(Outcome::Ok),
    ),
    ("deadline", &[At(60)], None, 61, None),
    (
        "deadline, then 0",
        &[At(60)],
        OK,
        61,
        Some(Outcome::TimedOut),
    ),
    ("killed, not yet reaped", &[At(60), At(70)], None, 71, None),
    (
        "killed, never reaped",
        &[At(60), At(70)],
        None,
        72,
        Some(Outcome::TimedOut),
    ),
    (
        "stop, then 0 by itself",
        &[StopAt(5)],
        OK,
        6,
        Some(Outcome::Ok),
    ),
    (
        "stop, then failure",
        &[StopAt(5)],
        EXIT,
        6,
        Some(Outcome::Stopped),
    ),
    (
        "stop, told, then 0",
        &[StopAt(5), StopAt(15)],
        OK,
        16,
        Some(Outcome::Stopped),
    ),
    (
        "stop, killed, never reaped",
        &[StopAt(5), StopAt(15), StopAt(17)],
        None,
        19,
        Some(Outcome::Stopped),
    ),
];

#[test]
fn how_a_command_ends_depends_on_what_it_was_told_before() {
    for (name, events, ended, at, expected) in LIVES {
        assert_eq!(&play(events, ended.as_ref(), *at), expected, "{name}");
    }
}

#[test]
fn each_signal_has_its_time() {
    let start = Instant::now();
    let after = |leash: &Leash| (leash.next() - start).as_secs();
    let second = |second| start + Duration::from_secs(second);

    let mut timed = Leash::new(None, start, DEADLINE, GRACE);
    assert_eq!(after(&timed), 60);
    assert!(!timed.pull(second(59), false), "nothing is due");
    assert!(timed.pull(second(60), false), "SIGTERM is due");
    assert_eq!(after(&timed), 70);
    assert!(timed.pull(second(70), false), "SIGKILL is due");
    assert!(
        !timed.pull(second(71), false),
        "nothing comes after SIGKILL"
    );

    let mut stopped = Leash::new(None, start, DEADLINE, GRACE);
    assert!(!stopped.pull(second(5), true), "it may end by itself");
    assert_eq!(after(&stopped), 15);
    assert!(stopped.pull(second(15), true), "SIGTERM is due");
    assert_eq!(after(&stopped), 17);
}

#[test]
fn being_asked_to_stop_never_lengthens_a_deadline() {
    let start = Instant::now();
    let mut leash = Leash::new(None, start, DEADLINE, GRACE);
    leash.pull(start + Duration::from_secs(55), true);
    assert_eq!(leash.next(), start + DEADLINE);
}

#[test]
fn an_endless_deadline_is_no_overflow() {
    let start = Instant::now();
    let leash = Leash::new(None, start, Duration::MAX, Duration::MAX);
    assert!(leash.next() > start + Duration::from_secs(24 * 3600));
}
