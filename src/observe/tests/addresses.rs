//! Many addresses of one name, and what they come to together.

use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::Duration;

use super::super::Answer;
use super::super::ours::Ours;
use super::super::sights::Sights;
use super::{AMPLE, Glass, open};

const FOUR: &str = "192.0.2.7";
const OTHER_FOUR: &str = "192.0.2.8";
const SIX: &str = "2001:db8::7";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn no_answer() -> Answer {
    Answer::NoAnswer("timeout".to_owned())
}

fn could_not() -> Answer {
    Answer::CouldNotProbe("no descriptor".to_owned())
}

fn ours() -> Answer {
    Answer::Ours("ours".to_owned())
}

fn nobody(what: &str) -> Answer {
    Answer::NoAnswer(what.to_owned())
}

fn unsure(what: &str) -> Answer {
    Answer::CouldNotProbe(what.to_owned())
}

/// What came of one address; nothing where there is no way to it.
type Seen = (&'static str, Option<Answer>);

fn sum(all: &[Seen]) -> (Answer, Vec<String>) {
    let mut sights = Sights::of(all.len());
    for (address, answer) in all {
        match answer {
            Some(answer) => sights.saw(ip(address), answer.clone()),
            None => sights.lost(ip(address), "no route".to_owned()),
        }
    }
    sights.answer()
}

#[test]
fn the_addresses_of_a_name_come_to_one_answer() {
    let no_six = format!("{SIX}: no route");
    for (name, seen, expected, left_out) in [
        (
            "one answers",
            vec![
                (FOUR, Some(no_answer())),
                (OTHER_FOUR, Some(Answer::Answered)),
            ],
            Answer::Answered,
            None,
        ),
        (
            "none answers",
            vec![(FOUR, Some(no_answer())), (SIX, Some(no_answer()))],
            nobody("192.0.2.7: timeout"),
            None,
        ),
        (
            "one could not be asked",
            vec![(FOUR, Some(no_answer())), (OTHER_FOUR, Some(could_not()))],
            unsure("192.0.2.8: no descriptor"),
            None,
        ),
        (
            "a family without a route",
            vec![(FOUR, Some(no_answer())), (SIX, None)],
            nobody("192.0.2.7: timeout"),
            Some(no_six.clone()),
        ),
        (
            "the same, and the peer lives",
            vec![(FOUR, Some(Answer::Answered)), (SIX, None)],
            Answer::Answered,
            Some(no_six),
        ),
        (
            "nothing",
            vec![],
            unsure("there is no address to look at"),
            None,
        ),
    ] {
        let expected = (expected, Vec::from_iter(left_out));
        assert_eq!(sum(&seen), expected, "{name}");
    }
}

#[test]
fn an_address_without_a_way_is_left_out_only_with_its_family() {
    for (name, seen, expected, left_out) in [
        (
            "the only family has no route",
            vec![(SIX, None)],
            unsure("no route"),
            None,
        ),
        (
            "no family has one",
            vec![(FOUR, None), (SIX, None)],
            unsure("192.0.2.7: no route"),
            None,
        ),
        (
            "a part of a family has one",
            vec![(FOUR, Some(no_answer())), (OTHER_FOUR, None)],
            unsure("192.0.2.8: no route"),
            None,
        ),
    ] {
        let expected = (expected, Vec::from_iter(left_out));
        assert_eq!(sum(&seen), expected, "{name}");
    }
}

#[test]
fn our_own_answer_is_left_out() {
    for (name, seen, expected, left_out) in [
        (
            "we answer, and nobody else does",
            vec![(FOUR, Some(ours())), (OTHER_FOUR, Some(no_answer()))],
            nobody("192.0.2.8: timeout"),
            Some("ours".to_owned()),
        ),
        ("only we answer", vec![(FOUR, Some(ours()))], ours(), None),
        (
            "we answer, and the peer does",
            vec![(FOUR, Some(ours())), (SIX, Some(Answer::Answered))],
            Answer::Answered,
            Some("ours".to_owned()),
        ),
    ] {
        let expected = (expected, Vec::from_iter(left_out));
        assert_eq!(sum(&seen), expected, "{name}");
    }
}

fn addresses(count: u8) -> Vec<SocketAddr> {
    let each = 1..=count;
    each.map(|last| SocketAddr::from(([127, 0, 9, last], 1)))
        .collect()
}

fn glass(timeout: Duration) -> Glass {
    let ours = Vec::new();
    Glass { timeout, ours }
}

#[test]
fn every_address_has_the_whole_time() {
    let timeout = Duration::from_secs(7);
    let answer = glass(timeout).at_each(addresses(60), move |address, within| {
        match (address.ip() == ip("127.0.9.60"), within == timeout) {
            (true, true) => Answer::Answered,
            (_, true) => no_answer(),
            (_, false) => could_not(),
        }
    });
    assert_eq!(answer.answer().0, Answer::Answered);
}

#[test]
fn an_address_that_hangs_holds_up_none_that_answers() {
    let seen = glass(AMPLE).at_each(addresses(2), |address, _| {
        if address.ip() == ip("127.0.9.1") {
            loop {
                thread::park();
            }
        }
        Answer::Answered
    });
    assert_eq!(seen.answer().0, Answer::Answered);
}

#[test]
fn what_hangs_beyond_its_time_was_not_probed() {
    let seen = glass(Duration::from_millis(50)).at_each(addresses(2), |address, _| {
        if address.ip() == ip("127.0.9.1") {
            loop {
                thread::park();
            }
        }
        no_answer()
    });
    assert_eq!(
        seen.answer().0,
        Answer::CouldNotProbe("127.0.9.1: no result in time".to_owned())
    );
}

#[test]
fn more_addresses_than_are_looked_at_are_no_silence() {
    let all = addresses(65);
    let seen = glass(AMPLE).at_each(all.clone(), |_, _| no_answer());
    let Answer::CouldNotProbe(why) = seen.answer().0 else {
        panic!("the peer may live at the last one");
    };
    assert!(why.contains("has 65 addresses"), "{why}");
    let seen = glass(AMPLE).at_each(all, |_, _| Answer::Answered);
    assert_eq!(seen.answer().0, Answer::Answered);
}

#[test]
fn what_is_ours_is_nobody_elses() {
    let site = ["127.0.0.9", "MBX2.example.com", "::ffff:192.0.2.9"].map(str::to_owned);
    for (host, address, expected) in [
        ("127.0.0.1", "127.0.0.1:80", false),
        ("localhost", "127.0.0.1:80", false),
        ("[::1]", "[::1]:80", false),
        ("mbx1.example.com", "127.0.0.1:80", true),
        ("mbx1.example.com", "[::1]:80", true),
        ("127.0.0.9", "127.0.0.9:80", true),
        ("mbx1.example.com", "127.0.0.9:80", true),
        ("mbx2.example.com", "192.0.2.7:80", true),
        ("192.0.2.9", "192.0.2.9:80", true),
        ("mbx1.example.com", "192.0.2.7:80", false),
        ("0.0.0.0", "0.0.0.0:80", true),
    ] {
        let ours = Ours::new(host, &site);
        let address = address.parse().expect("an address");
        assert_eq!(ours.have(address), expected, "{host} at {address}");
    }
}

#[test]
fn a_target_in_our_own_site_is_never_the_peer() {
    let ours = Glass {
        timeout: AMPLE,
        ours: vec!["127.0.0.1".to_owned()],
    };
    let look = ours.look(&open());
    assert!(matches!(look.answer, Answer::Ours(_)), "{look:?}");
    assert!(look.left_out.is_empty(), "{look:?}");
}
