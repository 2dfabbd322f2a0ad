//! Who is served, and by whom: a TCP client that never stops asking.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What it prints for a question that had no answer in time.
const LATE: &str = "-";
/// What it prints when there was no way to who answers, or nobody there.
const REFUSED: &str = "!";

/// One question: when it was over, and what the answer was.
#[derive(Clone)]
struct Asked {
    at: Instant,
    answer: String,
}

/// The client at work.
pub(crate) struct Client {
    process: Child,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What a part of the story was like for the client.
pub(crate) struct Spell {
    /// The longest time from one answer to the next.
    longest_gap: Duration,
    late: usize,
    /// How many questions found no way, or nobody.
    pub(crate) refused: usize,
    questions: usize,
}

impl fmt::Display for Spell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = self.longest_gap.as_secs_f64();
        let lost = self.late + self.refused;
        write!(
            f,
            "longest gap {gap:.3} s, {lost} of {} questions without an answer",
            self.questions
        )
    }
}

impl Client {
    /// Starts it, by a command that asks.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&asked);
        thread::spawn(move || {
            for answer in lines.map_while(Result::ok) {
                let at = Instant::now();
                book.lock().unwrap().push(Asked { at, answer });
            }
        });
        Self { process, asked }
    }

    /// Returns who answered, without repeats: in the order in which the traffic moved.
    pub(crate) fn served_by(&self) -> Vec<String> {
        let mut by: Vec<_> = answers(&self.asked())
            .map(|asked| asked.answer.clone())
            .collect();
        by.dedup();
        by
    }

    /// Returns when this one answered first after `since`.
    pub(crate) fn first_answer(&self, by: &str, since: Instant) -> Option<Instant> {
        let asked = self.asked();
        let mut of = asked.iter().filter(|it| it.answer == by && it.at > since);
        of.next().map(|it| it.at)
    }

    /// Returns how it was from `since` until now. The gap that `since` falls into counts whole.
    pub(crate) fn spell(&self, since: Instant) -> Spell {
        let asked = self.asked();
        let before = answers(&asked).take_while(|it| it.at < since).last();
        let after = answers(&asked).filter(|it| it.at >= since);
        let times: Vec<_> = before.into_iter().chain(after).map(|it| it.at).collect();
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        let within = || asked.iter().filter(|it| it.at >= since);
        Spell {
            longest_gap: gaps.max().unwrap_or_default(),
            late: within().filter(|it| it.answer == LATE).count(),
            refused: within().filter(|it| it.answer == REFUSED).count(),
            questions: within().count(),
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn answers(asked: &[Asked]) -> impl Iterator<Item = &Asked> {
    let asked = asked.iter();
    asked.filter(|it| it.answer != LATE && it.answer != REFUSED)
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            eprintln!("could not end the client: {error}");
        }
    }
}
