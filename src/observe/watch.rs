//! Rounds of looks at a set of targets: all at once, again and again, until one answers.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::look::look;
use super::{Answer, Look, Reach, Standing};
use crate::config::Target;

/// How long after its deadline a look may still report, on a machine under load.
pub(super) const SLACK: Duration = Duration::from_secs(1);

/// Whom a round waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// One answer is enough.
    FirstAnswer,
    /// Every target is to be heard.
    Everyone,
}

/// The looks at a set of targets so far.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    targets: &'a [Target],
    timeout: Duration,
    last: Vec<Option<Answer>>,
    /// The first look, in any round, that could not be taken.
    unsure: Option<String>,
}

impl<'a> Watch<'a> {
    /// Makes ready to look; `timeout` is the deadline of one look.
    pub(super) fn new(targets: &'a [Target], timeout: Duration) -> Self {
        Self {
            targets,
            timeout,
            last: vec![None; targets.len()],
            unsure: None,
        }
    }

    /// Looks at every target once, at the same time.
    ///
    /// A single one is looked at on this thread, so that a run at rest starts none.
    pub(super) fn round(&mut self, wait: Wait) {
        if let [only] = self.targets {
            self.note(0, look(only, self.timeout));
            return;
        }
        let (sender, receiver) = mpsc::channel();
        for (place, target) in self.targets.iter().cloned().enumerate() {
            let (reply, timeout) = (sender.clone(), self.timeout);
            // Nobody listens any more once another target has answered.
            let started = thread::Builder::new().spawn(move || {
                let _ = reply.send((place, look(&target, timeout)));
            });
            if let Err(err) = started {
                let why = format!("no thread could be started: {err}");
                let _ = sender.send((place, Answer::CouldNotProbe(why)));
            }
        }
        drop(sender);
        let deadline = Instant::now() + self.timeout + SLACK;
        let mut open: BTreeSet<usize> = (0..self.targets.len()).collect();
        while let Ok((place, answer)) =
            receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.note(place, answer);
            open.remove(&place);
            if wait == Wait::FirstAnswer && self.is_answered() {
                return;
            }
        }
        for place in open {
            self.note(place, Answer::CouldNotProbe("no result in time".to_owned()));
        }
    }

    /// Looks up to `rounds` times more, `interval` apart, until one target answers.
    pub(super) fn keep_looking(&mut self, rounds: u32, interval: Duration) {
        for _ in 0..rounds {
            if self.is_answered() {
                return;
            }
            thread::sleep(interval);
            self.round(Wait::FirstAnswer);
        }
    }

    /// Whether some target answered in its last look.
    pub(super) fn is_answered(&self) -> bool {
        self.last.contains(&Some(Answer::Answered))
    }

    /// Returns what all the looks come to. A single one that could not be taken is a doubt.
    pub(super) fn reach(&self) -> Reach {
        match &self.unsure {
            _ if self.is_answered() => Reach::Answers,
            Some(why) => Reach::Unknown(why.clone()),
            None if self.targets.is_empty() => Reach::Unknown("no probe target is given".into()),
            None => Reach::Silent,
        }
    }

    /// Returns what the looks say about ourselves, the targets being anchors. Looks that could
    /// not be taken are no proof of a connection.
    pub(super) fn standing(&self) -> Standing {
        match self.targets {
            [] => Standing::NotAsked,
            _ if self.is_answered() => Standing::Connected,
            _ => Standing::Isolated,
        }
    }

    /// Returns the last look at each target.
    pub(super) fn into_looks(self) -> Vec<Look> {
        let pairs = self.targets.iter().zip(self.last);
        pairs
            .filter_map(|(target, answer)| {
                let target = target.to_string();
                answer.map(|answer| Look { target, answer })
            })
            .collect()
    }

    fn note(&mut self, place: usize, answer: Answer) {
        if let (Answer::CouldNotProbe(why), Some(target)) = (&answer, self.targets.get(place)) {
            self.unsure
                .get_or_insert_with(|| format!("{target}: {why}"));
        }
        if let Some(last) = self.last.get_mut(place) {
            *last = Some(answer);
        }
    }
}
