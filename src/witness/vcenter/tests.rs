//! What vCenter answers, in both dialects, and what it comes to. The bodies follow the vSphere
//! Automation API 9.1; `tests/vcsim.rs` holds them against VMware's own client and simulator.

mod table;

use std::thread::scope;
use std::time::Duration;

use crate::clients::vcenter::Vcenter;
use crate::clients::vcenter::tests::fake::{Dialect, Fake, Host, Point, Twist, Vm, World};
use crate::clients::vcenter::tests::{AMPLE, BOTH, NAME, VM_OFF, at, vcenter, world};
use crate::config::{Provider, Site, Witness};
use crate::witness::{Heard, Testimony, testify};

fn site(name: &str, host: &str) -> Site {
    Site {
        name: name.to_owned(),
        hosts: vec![host.to_owned()],
    }
}

fn ask_about(config: Vcenter, name: &str, timeout: Duration) -> Heard {
    let witness = Witness::plain(Provider::Vcenter(config), timeout);
    let own = site("secondary", "mbx2.example.com");
    testify(&witness, &own, &site("primary", name))
}

fn ask(fake: &Fake, timeout: Duration) -> Testimony {
    ask_about(vcenter(&fake.server.url), NAME, timeout).testimony
}

/// What a testimony comes to, without the particulars.
fn word(testimony: &Testimony) -> &'static str {
    match testimony {
        Testimony::Up => "up",
        Testimony::Down(_) => "down",
        Testimony::Unknown(doubt) => doubt.kind.code(),
    }
}

#[test]
fn a_session_is_ended_whatever_came_of_it() {
    let twists = [
        Twist::Errs(401, "UNAUTHENTICATED", "no"),
        Twist::Errs(403, "UNAUTHORIZED", "no"),
        Twist::Errs(503, "SERVICE_UNAVAILABLE", "later"),
        Twist::Says(302, ""),
        Twist::Says(200, "<html>log in first</html>"),
        Twist::CutOff("["),
        Twist::Dies,
        Twist::Silence,
    ];
    // Side by side: each waits out a silence.
    scope(|scope| {
        for dialect in BOTH {
            for point in [Point::FirstLook, Point::Hosts, Point::SecondLook] {
                scope.spawn(move || {
                    for twist in twists {
                        is_ended(dialect, point, twist);
                    }
                });
            }
        }
    });
}

fn is_ended(dialect: Dialect, point: Point, twist: Twist) {
    let fake = Fake::start(dialect, at(point, twist));
    // Even where nothing is said until the deadline, some of it is left for leaving: here three
    // seconds, which are ample on a busy machine.
    let patience = if matches!(twist, Twist::Silence) {
        Duration::from_secs(12)
    } else {
        AMPLE
    };
    let testimony = ask(&fake, patience);
    let name = format!("{dialect:?} {point:?} {twist:?}: {testimony}");
    assert!(matches!(testimony, Testimony::Unknown(_)), "{name}");
    assert_eq!(fake.visits().last(), Some(&Point::Logout), "{name}");
    // One that the server calls ended is renewed once, and its successor is ended.
    let renewed = matches!(twist, Twist::Errs(401, ..));
    let sessions = if renewed { (2, 1) } else { (1, 0) };
    assert_eq!(fake.sessions(), sessions, "{name}");
}

#[test]
fn a_session_that_ends_in_the_middle_is_renewed_once() {
    for dialect in BOTH {
        for point in [Point::FirstLook, Point::Hosts, Point::SecondLook] {
            for (visits, expected, sessions) in [(1, "down", 2), (2, "denied", 2)] {
                let world = World {
                    twist: Some((point, visits, Twist::Expired)),
                    ..world(VM_OFF)
                };
                let fake = Fake::start(dialect, world);
                let testimony = ask(&fake, AMPLE);
                let name = format!("{dialect:?} {point:?} {visits}: {testimony}");
                assert_eq!(word(&testimony), expected, "{name}");
                assert_eq!(fake.sessions(), (sessions, 0), "{name}");
            }
        }
    }
}

#[test]
fn a_logout_that_fails_takes_nothing_back() {
    for dialect in BOTH {
        for twist in [
            Twist::Errs(500, "ERROR", "no"),
            Twist::Expired,
            Twist::Dies,
            Twist::Silence,
        ] {
            let fake = Fake::start(dialect, at(Point::Logout, twist));
            let patience = if matches!(twist, Twist::Silence) {
                Duration::from_secs(6)
            } else {
                AMPLE
            };
            let testimony = ask(&fake, patience);
            assert_eq!(word(&testimony), "down", "{dialect:?} {twist:?}");
        }
    }
}

#[test]
fn nothing_is_asked_without_a_name_or_a_user_that_can_be_sent() {
    let fake = Fake::start(Dialect::Api, world(VM_OFF));
    let heard = ask_about(vcenter(&fake.server.url), "", AMPLE);
    assert_eq!(word(&heard.testimony), "unusable");
    assert!(!fake.visits().contains(&Point::FirstLook));

    let fake = Fake::start(Dialect::Api, world(VM_OFF));
    let config = Vcenter {
        username: "a:b".to_owned(),
        ..vcenter(&fake.server.url)
    };
    let heard = ask_about(config, NAME, AMPLE);
    assert_eq!(word(&heard.testimony), "unusable");
    assert!(fake.visits().is_empty());
}

#[test]
fn a_name_with_signs_is_asked_for_as_it_is() {
    const ODD: &str = "mbx 1&names=x#%2f+ö";
    const VMS: &[Vm] = &[("vm-57", ODD, "POWERED_OFF", "host-1")];
    for dialect in BOTH {
        let fake = Fake::start(dialect, world(VMS));
        let heard = ask_about(vcenter(&fake.server.url), ODD, AMPLE);
        assert_eq!(word(&heard.testimony), "down", "{dialect:?}: {heard:?}");
        assert_eq!(heard.host, ODD);
    }
}

#[test]
fn many_hosts_are_asked_about_in_urls_of_bearable_length() {
    let hosts: Vec<Host> = (0..2500)
        .map(|number| (&*format!("host-{number}").leak(), "CONNECTED"))
        .collect();
    let hosts: &'static [Host] = hosts.leak();
    for (place, expected) in [
        ("host-0", "down"),
        ("host-2499", "down"),
        ("host-x", "unclear"),
    ] {
        let vm: &'static [Vm] = vec![("vm-57", NAME, "POWERED_OFF", place)].leak();
        for dialect in BOTH {
            let fake = Fake::start(dialect, World { hosts, ..world(vm) });
            assert_eq!(word(&ask(&fake, AMPLE)), expected, "{dialect:?} {place}");
            let requests = fake.server.requests();
            let longest = requests.iter().filter_map(|head| head.lines().next());
            let longest = longest.map(str::len).max().unwrap();
            assert!((4000..6200).contains(&longest), "{dialect:?}: {longest}");
        }
    }
}

#[test]
fn neither_password_nor_session_is_shown() {
    let fake = Fake::start(
        Dialect::Api,
        at(Point::Hosts, Twist::Errs(403, "UNAUTHORIZED", "no")),
    );
    let config = vcenter(&fake.server.url);
    let shown = format!("{config:?}");
    let heard = format!("{shown} {:?}", ask_about(config, NAME, AMPLE));
    for secret in ["s3cret", "czNjcmV0", "session-1"] {
        assert!(!heard.contains(secret), "{heard}");
    }
}
