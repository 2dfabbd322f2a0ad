//! The real world with the fake one beside it. In every trouble the table knows, both agents must
//! give the same answers: so the fake cannot drift from what it plays.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cases::Trouble;
use crate::consul::Cluster;
use crate::fake::Fake;
use crate::http::Answer;
use crate::play::{Place, World};

/// Gossip and catalog of the real cluster notice a trouble at different moments; and a client that
/// was up before the servers had a leader goes on with the ACL rules of old for a while, in which
/// a question without a token is refused. Both take a minute at the most on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The two whom habeat asks about.
const NODES: [&str; 2] = ["agent-mbox1-example-com", "agent-mbox2-example-com"];

const UNKNOWN_TOKEN: &str = "00000000-0000-4000-8000-000000000001";

/// Both worlds.
pub(crate) struct Twins {
    real: Cluster,
    fake: Fake,
}

impl Twins {
    /// Starts both.
    pub(crate) fn start() -> Self {
        let (real, fake) = (Cluster::start(), Fake::start());
        let twins = Self { real, fake };
        twins.compare("no trouble");
        twins
    }

    fn compare(&self, when: &str) {
        let start = Instant::now();
        loop {
            let (real, fake) = (testimony(&self.real), testimony(&self.fake));
            if real == fake {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "in {when} a real agent says {real:#?}, and the fake {fake:#?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl World for Twins {
    fn suffer(&mut self, trouble: Trouble) {
        self.real.suffer(trouble);
        self.fake.suffer(trouble);
        self.compare(&format!("{trouble:?}"));
    }

    fn mend(&mut self) {
        self.real.mend();
        self.fake.mend();
    }

    fn place(&self) -> Place {
        self.real.place()
    }

    fn command(&self, program: &str) -> Command {
        self.real.command(program)
    }

    fn ask(&self, path: &str, token: Option<&str>) -> Answer {
        self.real.ask(path, token)
    }
}

/// Asks all that habeat may ask, with each kind of token; returns what matters of the answers.
/// All at once, because without a leader each takes seconds.
fn testimony(world: &(impl World + Sync)) -> Vec<String> {
    let place = world.place();
    let mut questions: Vec<(_, _, Digest)> = vec![("/v1/status/leader".to_owned(), None, leader)];
    for token in [Some(place.token), None, Some(UNKNOWN_TOKEN)] {
        questions.push(("/v1/agent/members".to_owned(), token, members));
        for node in NODES {
            let path = format!("/v1/health/node/{node}?consistent");
            questions.push((path, token, checks));
        }
    }
    std::thread::scope(|scope| {
        let asked: Vec<_> = questions
            .iter()
            .map(|(path, token, digest)| scope.spawn(|| digest(&world.ask(path, *token))))
            .collect();
        let told = asked.into_iter().map(|asked| asked.join().unwrap());
        told.collect()
    })
}

/// What matters of an answer.
type Digest = fn(&Answer) -> String;

fn leader(answer: &Answer) -> String {
    let known = match answer.body.as_str() {
        None => "none told",
        Some("") => "none",
        Some(_) => "known",
    };
    format!("leader {}: {known}", answer.status)
}

fn members(answer: &Answer) -> String {
    let said = list(&answer.body, "Name", "Status");
    format!("members {}: {said:?}", answer.status)
}

fn checks(answer: &Answer) -> String {
    let said = list(&answer.body, "CheckID", "Status");
    format!("checks {}: {said:?}", answer.status)
}

/// Returns two fields of each object of an array, sorted; `None` when it is no array.
fn list(body: &Value, key: &str, value: &str) -> Option<Vec<String>> {
    let line = |entry: &Value| format!("{} {}", entry[key], entry[value]);
    let mut lines: Vec<_> = body.as_array()?.iter().map(line).collect();
    lines.sort();
    Some(lines)
}
