//! The whole three-valued table, kept as a page.

use super::{ask, word};
use crate::clients::vcenter::tests::fake::{Fake, Host, Point, Twist, Vm, World};
use crate::clients::vcenter::tests::{AMPLE, BOTH, NAME, SHORT, VM_OFF, VM_ON, at, world};
use crate::witness::tests::golden::{Page, Row};
use crate::witness::{Doubt, Testimony};

const PAGE: Page = Page {
    path: "docs/witnesses/vcenter-table.md",
    opening: "# vCenter: what each answer comes to\n\n\
        A VM `mbx1.example.com` is asked about in both REST interfaces, with the same outcome; the \
        words are\nthose of `/api`. How to set it up: [vcenter.md](vcenter.md).",
    situation: "vCenter",
};

const SUSPENDED: &[Vm] = &[("vm-57", NAME, "SUSPENDED", "host-1")];
const NEW_STATE: &[Vm] = &[("vm-57", NAME, "HIBERNATED", "host-1")];
const TWO: &[Vm] = &[
    ("vm-57", NAME, "POWERED_OFF", "host-1"),
    ("vm-91", NAME, "POWERED_ON", "host-2"),
];
const CLONES: &[Vm] = &[
    ("vm-57", NAME, "POWERED_OFF", "host-1"),
    ("vm-91", NAME, "POWERED_OFF", "host-2"),
];
const REPLACED: &[Vm] = &[("vm-58", NAME, "POWERED_OFF", "host-1")];
const ALIKE: &[Vm] = &[
    ("vm-1", "MBX1.example.com", "POWERED_OFF", "host-1"),
    ("vm-2", "mbx1", "POWERED_OFF", "host-1"),
    ("vm-3", "mbx1.example.com ", "POWERED_OFF", "host-1"),
];
const MUTE: &[Host] = &[("host-1", "NOT_RESPONDING"), ("host-2", "CONNECTED")];
const TAKEN_OUT: &[Host] = &[("host-1", "DISCONNECTED"), ("host-2", "CONNECTED")];
const NEW_LINK: &[Host] = &[("host-1", "QUARANTINED"), ("host-2", "CONNECTED")];
const LIMIT: &str = "UNABLE_TO_ALLOCATE_RESOURCE";
const HTML: &str = "<html>Log in</html>";
const ERROR_BODY: &str = "{\"error_type\":\"ERROR\",\"messages\":[]}";
const NO_STATE: &str = "[{\"vm\":\"vm-57\",\"name\":\"mbx1.example.com\"}]";
const STATE_NULL: &str = "[{\"vm\":\"vm-57\",\"name\":\"mbx1.example.com\",\"power_state\":null}]";

const fn on_hosts(vms: &'static [Vm], hosts: &'static [Host]) -> World {
    World {
        hosts,
        ..world(vms)
    }
}

const fn becoming(vms: &'static [Vm], next: &'static [Vm]) -> World {
    World {
        twist: Some((Point::Hosts, 1, Twist::Become(next))),
        ..world(vms)
    }
}

use Point::{FirstLook, Hosts, Login, SecondLook};

const WRONG: Twist = Twist::Errs(401, "UNAUTHENTICATED", "Unable to authenticate user");
const FORBIDDEN: Twist = Twist::Errs(403, "UNAUTHORIZED", "Permission denied");
const LATER: Twist = Twist::Errs(503, "SERVICE_UNAVAILABLE", "The service is starting");
const TOO_MANY: &str = "The number of matches exceeds the limit of 4000";

const fn unfiltered(world: World) -> World {
    World {
        unfiltered: true,
        crowd: 10_000,
        ..world
    }
}

const fn once(point: Point, twist: Twist) -> World {
    World {
        twist: Some((point, 1, twist)),
        ..world(VM_OFF)
    }
}

/// The session ends at the first so many visits of one point.
const fn expired(visits: usize) -> World {
    World {
        twist: Some((SecondLook, visits, Twist::Expired)),
        ..world(VM_OFF)
    }
}

/// What may be known of the VM.
const STATES: &[(&str, World)] = &[
    ("the VM is on, its host connected", world(VM_ON)),
    ("the VM is off, its host connected", world(VM_OFF)),
    ("the VM is suspended", world(SUSPENDED)),
    ("the VM is in a state that is new", world(NEW_STATE)),
    ("it is on, its host does not respond", on_hosts(VM_ON, MUTE)),
    (
        "it is off, its host does not respond",
        on_hosts(VM_OFF, MUTE),
    ),
    (
        "it is on, its host was disconnected",
        on_hosts(VM_ON, TAKEN_OUT),
    ),
    (
        "it is off, its host was disconnected",
        on_hosts(VM_OFF, TAKEN_OUT),
    ),
    (
        "it is off, its host in a state that is new",
        on_hosts(VM_OFF, NEW_LINK),
    ),
    (
        "it is off, and no host is shown to us",
        on_hosts(VM_OFF, &[]),
    ),
    ("no VM is shown to us", world(&[])),
    ("there are VMs with similar names only", world(ALIKE)),
    (
        "the same, and the filter is ignored",
        unfiltered(world(ALIKE)),
    ),
    ("two VMs have the name, one on, one off", world(TWO)),
    ("two VMs have the name, both off", world(CLONES)),
    ("it goes off while we look", becoming(VM_ON, VM_OFF)),
    ("it comes on while we look", becoming(VM_OFF, VM_ON)),
    (
        "another one takes its name while we look",
        becoming(VM_OFF, REPLACED),
    ),
    ("a clone appears while we look", becoming(VM_OFF, CLONES)),
    ("it disappears while we look", becoming(VM_OFF, &[])),
    (
        "10 000 others are listed, it is on",
        unfiltered(world(VM_ON)),
    ),
    (
        "10 000 others are listed, it is off",
        unfiltered(world(VM_OFF)),
    ),
    (
        "filters are ignored, its host does not respond",
        World {
            hosts: MUTE,
            unfiltered: true,
            ..world(VM_OFF)
        },
    ),
];

/// What may go wrong, with a VM that is off on a connected host.
const FAILURES: &[(&str, World)] = &[
    ("wrong password", at(Login, WRONG)),
    ("login: 403", at(Login, FORBIDDEN)),
    (
        "login: neither interface is there",
        at(Login, Twist::Says(404, "Not found")),
    ),
    ("login: too many sessions", at(Login, LATER)),
    ("login: a page", at(Login, Twist::Says(200, HTML))),
    ("login: redirected", at(Login, Twist::Says(302, ""))),
    (
        "login: an empty session",
        at(Login, Twist::Says(201, "\"\"")),
    ),
    ("login: silence", at(Login, Twist::Silence)),
    ("the session ends in the middle, once", expired(1)),
    ("the session ends in the middle, twice", expired(2)),
    ("403 for the VMs", at(FirstLook, FORBIDDEN)),
    ("403 for the hosts", at(Hosts, FORBIDDEN)),
    (
        "more VMs than are listed, 500",
        at(FirstLook, Twist::Errs(500, LIMIT, TOO_MANY)),
    ),
    (
        "more VMs than are listed, 400",
        at(FirstLook, Twist::Errs(400, LIMIT, TOO_MANY)),
    ),
    (
        "more hosts than are listed",
        at(Hosts, Twist::Errs(500, LIMIT, TOO_MANY)),
    ),
    (
        "asked too often",
        at(FirstLook, Twist::Says(429, "slow down")),
    ),
    ("busy", at(Hosts, LATER)),
    (
        "an error of its own",
        at(SecondLook, Twist::Errs(500, "ERROR", "Internal error")),
    ),
    (
        "it times out itself",
        at(SecondLook, Twist::Errs(504, "TIMED_OUT", "Timed out")),
    ),
    (
        "a bad filter",
        at(SecondLook, Twist::Errs(400, "INVALID_ARGUMENT", "hosts")),
    ),
    ("redirected", at(FirstLook, Twist::Says(307, ""))),
    ("a page", at(FirstLook, Twist::Says(200, HTML))),
    (
        "200 with an error in it",
        at(FirstLook, Twist::Says(200, ERROR_BODY)),
    ),
    (
        "200 with nothing in it",
        at(FirstLook, Twist::Says(200, "")),
    ),
    ("200 with null", at(Hosts, Twist::Says(200, "null"))),
    (
        "200 with something behind the list",
        at(Hosts, Twist::Says(200, "[] []")),
    ),
    (
        "a VM without a state",
        at(FirstLook, Twist::Says(200, NO_STATE)),
    ),
    (
        "a VM whose state is null",
        at(FirstLook, Twist::Says(200, STATE_NULL)),
    ),
    (
        "cut off in the first list",
        once(FirstLook, Twist::CutOff("[")),
    ),
    (
        "cut off behind a whole list",
        once(SecondLook, Twist::CutOff("[]")),
    ),
    ("dead in mid-answer", at(SecondLook, Twist::Dies)),
    ("silence in the middle", at(Hosts, Twist::Silence)),
    ("a list without end", at(Hosts, Twist::Endless)),
];

/// All that a `down` can rest on.
const DOWN: [&str; 2] = [
    "the VM is off, its host connected",
    "the session ends in the middle, once",
];

fn row(name: &str, world: World) -> Row {
    let patience = match world.twist {
        Some((_, _, Twist::Silence)) => SHORT,
        Some(_) | None => AMPLE,
    };
    let [api, rest] = BOTH.map(|dialect| {
        let fake = Fake::start(dialect, world);
        let testimony = ask(&fake, patience);
        assert_eq!(fake.sessions().1, 0, "{name}: a session was left behind");
        match testimony {
            Testimony::Unknown(doubt) => {
                let detail = doubt.detail.replace(&fake.server.url, "");
                Testimony::Unknown(Doubt::new(doubt.kind, detail))
            }
            known @ (Testimony::Up | Testimony::Down(_)) => known,
        }
    });
    assert_eq!(word(&api), word(&rest), "{name}: {api} / {rest}");
    (name.to_owned(), Ok((NAME.to_owned(), api)))
}

#[test]
fn the_page_of_the_table_is_what_the_code_says() {
    let all = STATES.iter().chain(FAILURES);
    let rows: Vec<Row> = all.map(|&(name, world)| row(name, world)).collect();
    let down = rows.iter().filter_map(|(name, heard)| match heard {
        Ok((_, Testimony::Down(_))) => Some(name.as_str()),
        Ok(_) | Err(_) => None,
    });
    assert_eq!(down.collect::<Vec<_>>(), DOWN);
    PAGE.must_show(&rows);
}
