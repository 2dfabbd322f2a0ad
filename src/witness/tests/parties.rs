//! Every provider that speaks HTTP, before every hostile server. A provider has one line here.
//!
//! Each is first heard to say down: that is what a hostile server must not come to.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::cases::{CASES, Case};
use super::{AMPLE, DoubtKind};
use crate::clients::tests::certificate::{expired, good, issuer, other_name, serve};
use crate::clients::tests::server::{Server, closed_port, hush, response};
use crate::config::{Provider, Site, Witness};
use crate::witness::{Testimony, Voice, consul, hetrix, page, testify};

mod vcenter;

const PARTIES: [&Party; 5] = [
    &consul::tests::PARTY,
    &consul::tests::GOSSIP,
    &vcenter::PARTY,
    &hetrix::tests::PARTY,
    &page::tests::PARTY,
];

/// A provider, and a conversation in which it says that `mbx1.example.com` is down.
pub(crate) struct Party {
    /// Its name in the config file.
    pub(crate) name: &'static str,
    /// Sets it up to ask at a URL, with these certificates trusted.
    pub(crate) provider: fn(&str, Option<&Path>) -> Provider,
    /// What a good server answers, by method and path; without a content type.
    pub(crate) answer: fn(&str) -> Vec<u8>,
    /// What it asks, in that order: a part of the first line of each request.
    pub(crate) questions: &'static [&'static str],
    /// What it takes for an answer.
    pub(crate) reads: Reads,
}

/// What a provider takes for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// JSON of one form.
    Json,
    /// Whatever it is told to look for.
    Text,
}

/// Nothing in here takes as long as that; a provider that holds a run does.
const WATCHDOG: Duration = Duration::from_secs(600);

/// More than the buffers of a connection on loopback hold, and far less than 50 MB.
const SWALLOWED: usize = 32 << 20;

impl Party {
    fn ask(&self, url: &str, ca_file: Option<&Path>, timeout: Duration) -> Testimony {
        let witness = Witness::plain((self.provider)(url, ca_file), timeout);
        let site = |name: &str, host: &str| Site {
            name: name.to_owned(),
            hosts: vec![host.to_owned()],
        };
        let own = site("secondary", "mbx2.example.com");
        let peer = site("primary", "mbx1.example.com");
        let (send, told) = mpsc::channel();
        thread::spawn(move || send.send(testify(&witness, &own, &peer).testimony));
        told.recv_timeout(WATCHDOG)
            .unwrap_or_else(|err| panic!("{} holds the run: {err}", self.name))
    }

    fn doubt(&self, what: &str, testimony: Testimony, kind: DoubtKind) -> String {
        match testimony {
            Testimony::Unknown(doubt) if doubt.kind == kind => doubt.detail,
            other @ (Testimony::Up | Testimony::Down(_) | Testimony::Unknown(_)) => {
                panic!("{} and {what}: {other}, not {}", self.name, kind.code())
            }
        }
    }

    /// A good server until `question` comes up.
    fn server(
        &self,
        question: &'static str,
        act: impl Fn(&mut std::net::TcpStream, &[u8]) + Send + Sync + 'static,
    ) -> Server {
        let answer = self.answer;
        Server::acting(move |stream, head| {
            let line = head.lines().next().unwrap_or_default();
            let good = answer(request(head));
            if line.contains(question) {
                act(stream, &good);
            } else {
                let _ = stream.write_all(&good);
            }
        })
    }

    fn meets(&self, case: &Case, question: &'static str) {
        let server = self.server(question, case.act);
        let testimony = self.ask(&server.url, None, case.timeout);
        let what = format!("{}, asked {question}", case.name);
        let kind = match self.reads {
            Reads::Json => Some(case.json),
            Reads::Text => case.text,
        };
        let Some(kind) = kind else {
            assert_eq!(testimony, Testimony::Down(Voice::Proven), "{what}");
            return;
        };
        let detail = self.doubt(&what, testimony, kind);
        assert!(
            detail.contains(&server.url),
            "{}, {what}: {detail}",
            self.name
        );
    }
}

/// Returns the method and the path.
fn request(head: &str) -> &str {
    let line = head.lines().next().unwrap_or_default();
    line.rsplit_once(' ').map_or(line, |(request, _)| request)
}

/// Runs `test` for every party at the same time.
fn each(test: fn(&Party)) {
    thread::scope(|scope| {
        for party in PARTIES {
            scope.spawn(move || test(party));
        }
    });
}

#[test]
fn a_good_server_is_heard_to_say_down() {
    each(|party| {
        let answer = party.answer;
        let server = Server::acting(move |stream, head| {
            let _ = stream.write_all(&answer(request(head)));
        });
        let testimony = party.ask(&server.url, None, AMPLE);
        assert_eq!(testimony, Testimony::Down(Voice::Proven), "{}", party.name);
        let asked = server.requests();
        for question in party.questions {
            assert!(
                asked.iter().any(|head| head.contains(question)),
                "{}: {question} was not asked: {asked:?}",
                party.name
            );
        }
    });
}

#[test]
fn a_hostile_server_is_a_doubt_of_its_own_kind_at_every_question() {
    each(|party| {
        for question in party.questions {
            for case in &CASES {
                party.meets(case, question);
            }
        }
    });
}

#[test]
fn of_a_body_of_50_mb_little_is_read() {
    each(|party| {
        for question in party.questions {
            let sent = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&sent);
            let server = party.server(question, move |stream, _| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n");
                while count.load(Ordering::Relaxed) < 52_428_800
                    && stream.write_all(&[b' '; 65536]).is_ok()
                {
                    count.fetch_add(65536, Ordering::Relaxed);
                }
            });
            let testimony = party.ask(&server.url, None, AMPLE);
            party.doubt("50 MB", testimony, DoubtKind::BadAnswer);
            let sent = sent.load(Ordering::Relaxed);
            assert!(sent < SWALLOWED, "{}: {sent} bytes", party.name);
        }
    });
}

#[test]
fn a_redirect_leads_nowhere() {
    each(|party| {
        for question in party.questions {
            let answer = party.answer;
            let other = Server::acting(move |stream, head| {
                let _ = stream.write_all(&answer(request(head)));
            });
            for target in [other.url.as_str(), "file:///etc/passwd", "//127.0.0.1/x"] {
                let headers = format!("location: {target}\r\n");
                let server = party.server(question, move |stream, _| {
                    let _ = stream.write_all(&response(302, &headers, ""));
                });
                let testimony = party.ask(&server.url, None, AMPLE);
                party.doubt(target, testimony, DoubtKind::Redirected);
            }
            assert!(other.requests().is_empty(), "{}", party.name);
        }
    });
}

#[test]
fn only_a_good_certificate_is_spoken_to() {
    each(|party| {
        let (ours, theirs) = (issuer(), issuer());
        let folder = tempfile::tempdir().expect("a folder");
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, ours.pem()).expect("a file");
        for (name, server) in [
            ("expired", serve(&expired(), Some(&ours), party.answer)),
            (
                "wrong name",
                serve(&other_name(), Some(&ours), party.answer),
            ),
            ("another root", serve(&good(), Some(&theirs), party.answer)),
            ("self-signed", serve(&good(), None, party.answer)),
            ("plain HTTP", Server::saying(400, "speak plainly")),
            (
                "plain HTTP, unasked",
                Server::accepting(|mut stream| {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                    hush();
                }),
            ),
        ] {
            // A plain server that waits for the end of a request waits for ever.
            let timeout = if name == "plain HTTP" {
                Duration::from_millis(300)
            } else {
                AMPLE
            };
            let url = format!("https://{}", server.address);
            let testimony = party.ask(&url, Some(&ca_file), timeout);
            let kind = if name == "plain HTTP" {
                DoubtKind::Timeout
            } else {
                DoubtKind::Tls
            };
            party.doubt(name, testimony, kind);
        }
        let server = serve(&good(), Some(&ours), party.answer);
        let url = format!("https://{}", server.address);
        let testimony = party.ask(&url, Some(&ca_file), AMPLE);
        assert_eq!(testimony, Testimony::Down(Voice::Proven), "{}", party.name);
        let testimony = party.ask(&url, None, AMPLE);
        party.doubt("a root that is not given", testimony, DoubtKind::Tls);
    });
}

#[test]
fn nobody_there_is_unreachable() {
    each(|party| {
        for url in [
            format!("http://{}", closed_port()),
            "http://no-such-host.invalid:8500".to_owned(),
        ] {
            let testimony = party.ask(&url, None, AMPLE);
            party.doubt(&url, testimony, DoubtKind::Unreachable);
        }
    });
}
