//! Rounds of looks at a set of targets: all at once, again and again, until one answers.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::look::{Glass, SLACK};
use super::{Answer, Connectivity, Look, Reach};
use crate::config::Target;

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
    glass: Glass,
    last: Vec<Option<Look>>,
    /// The first look, in any round, that could not be taken.
    unsure: Option<String>,
}

impl<'a> Watch<'a> {
    /// Makes ready to look.
    pub(super) fn new(targets: &'a [Target], glass: Glass) -> Self {
        Self {
            targets,
            glass,
            last: vec![None; targets.len()],
            unsure: None,
        }
    }

    /// Looks at every target once, at the same time.
    ///
    /// A single one is looked at on this thread, so that a run at rest starts none.
    pub(super) fn round(&mut self, wait: Wait) {
        if let [only] = self.targets {
            self.note(0, self.glass.look(only));
            return;
        }
        let (sender, receiver) = mpsc::channel();
        for (place, target) in self.targets.iter().cloned().enumerate() {
            let (reply, glass) = (sender.clone(), self.glass.clone());
            // Nobody listens any more once another target has answered.
            let started = thread::Builder::new().spawn(move || {
                let _ = reply.send((place, glass.look(&target)));
            });
            if let Err(err) = started {
                let why = format!("no thread could be started: {err}");
                let _ = sender.send((place, self.unseen(place, why)));
            }
        }
        drop(sender);
        let deadline = Instant::now() + self.glass.longest() + SLACK;
        let mut open: BTreeSet<usize> = (0..self.targets.len()).collect();
        while let Ok((place, look)) =
            receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.note(place, look);
            open.remove(&place);
            if wait == Wait::FirstAnswer && self.is_answered() {
                return;
            }
        }
        for place in open {
            self.note(place, self.unseen(place, "no result in time".to_owned()));
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
        self.answers().any(|answer| *answer == Answer::Answered)
    }

    /// Returns what all the looks come to. A single one that could not be taken is a doubt.
    pub(super) fn reach(&self) -> Reach {
        match &self.unsure {
            _ if self.is_answered() => Reach::Answers,
            Some(why) => Reach::Unknown(why.clone()),
            None if self.targets.is_empty() => Reach::Unknown("no probe target is given".into()),
            None => self.nobody_answers(),
        }
    }

    /// What our own side answers in the peer's place says nothing, as long as another target does.
    fn nobody_answers(&self) -> Reach {
        let mut ours = None;
        for answer in self.answers() {
            match answer {
                Answer::NoAnswer(_) => return Reach::Silent,
                Answer::Ours(why) => ours = ours.or(Some(why)),
                Answer::Answered | Answer::CouldNotProbe(_) => {}
            }
        }
        Reach::Unknown(match ours {
            Some(why) => format!("only our own side answers: {why}"),
            None => "no target was looked at".to_owned(),
        })
    }

    fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.last.iter().flatten().map(|look| &look.answer)
    }

    /// Returns what the looks say about ourselves, the targets being anchors. Looks that could
    /// not be taken are no proof of a connection.
    pub(super) fn connectivity(&self) -> Connectivity {
        match self.targets {
            [] => Connectivity::NotAsked,
            _ if self.is_answered() => Connectivity::Connected,
            _ => Connectivity::Isolated,
        }
    }

    /// Returns the last look at each target.
    pub(super) fn into_looks(self) -> Vec<Look> {
        self.last.into_iter().flatten().collect()
    }

    fn unseen(&self, place: usize, why: String) -> Look {
        let target = self.targets.get(place).map(Target::to_string);
        Look {
            target: target.unwrap_or_default(),
            answer: Answer::CouldNotProbe(why),
            left_out: Vec::new(),
        }
    }

    fn note(&mut self, place: usize, look: Look) {
        if let Answer::CouldNotProbe(why) = &look.answer {
            self.unsure
                .get_or_insert_with(|| format!("{}: {why}", look.target));
        }
        if let Some(last) = self.last.get_mut(place) {
            *last = Some(look);
        }
    }
}
