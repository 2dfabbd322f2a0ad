//! Fencing: what counts as off, and what does not.

use std::time::Duration;

use super::fake::{Fake, Host, Point, Twist, Vm, World};
use super::{AMPLE, BOTH, NAME, VM_OFF, VM_ON, at, vcenter, world};
use crate::base::deadline::Deadline;
use crate::clients::vcenter::power_off;

const SUSPENDED: &[Vm] = &[("vm-57", NAME, "SUSPENDED", "host-2")];
const TWO: &[Vm] = &[
    ("vm-57", NAME, "POWERED_ON", "host-1"),
    ("vm-91", NAME, "POWERED_ON", "host-2"),
];
const MUTE: &[Host] = &[("host-1", "NOT_RESPONDING"), ("host-2", "CONNECTED")];

/// For fences that cannot succeed: time for a look on a busy machine.
const A_LOOK: Duration = Duration::from_secs(3);

const fn on(point: Point, twist: Twist) -> World {
    World {
        vms: VM_ON,
        ..at(point, twist)
    }
}

const fn once(point: Point, twist: Twist) -> World {
    World {
        twist: Some((point, 1, twist)),
        ..world(VM_ON)
    }
}

#[test]
fn a_vm_that_was_seen_off_is_off() {
    for (name, world) in [
        ("it was on", world(VM_ON)),
        ("it was suspended", world(SUSPENDED)),
        ("it was off already", world(VM_OFF)),
        (
            "the session ends at the order",
            once(Point::Stop, Twist::Expired),
        ),
        (
            "the session ends afterwards",
            once(Point::Hosts, Twist::Expired),
        ),
        (
            "the order is done, its answer lost",
            once(Point::Stop, Twist::DoneButDies),
        ),
        (
            "the first look fails",
            once(Point::Hosts, Twist::Errs(503, "SERVICE_UNAVAILABLE", "x")),
        ),
        (
            "the first look breaks off",
            once(Point::SecondLook, Twist::Dies),
        ),
    ] {
        for dialect in BOTH {
            let fake = Fake::start(dialect, world);
            let done = power_off(&vcenter(&fake.server.url), NAME, Deadline::after(AMPLE));
            assert_eq!(done, Ok(()), "{name}, {dialect:?}");
            assert_eq!(fake.state_of("vm-57"), "POWERED_OFF", "{name}");
            assert_eq!(fake.sessions().1, 0, "{name}: a session was left behind");
            assert!(fake.visits().contains(&Point::SecondLook), "{name}");
        }
    }
}

const MAY_NOT: Twist = Twist::Errs(403, "UNAUTHORIZED", "Permission denied");
const NOT_NOW: Twist = Twist::Errs(400, "NOT_ALLOWED_IN_CURRENT_STATE", "migrating");
const BUSY: Twist = Twist::Errs(500, "RESOURCE_BUSY", "busy");

/// What stands between the order and the proof, with the doubt it ends in and words from it.
const FAILURES: &[(&str, World, &str, &str)] = &[
    ("no such name", world(&[]), "not-found", "no VM is named"),
    (
        "two of the name",
        world(TWO),
        "ambiguous",
        "vm-57 and vm-91",
    ),
    (
        "no privilege",
        on(Point::Stop, MAY_NOT),
        "denied",
        "needs VirtualMachine.Interact.PowerOff on vm-57",
    ),
    (
        "not in this state",
        on(Point::Stop, NOT_NOW),
        "unclear",
        "will not power it off",
    ),
    (
        "busy",
        on(Point::Stop, BUSY),
        "http-status",
        "RESOURCE_BUSY",
    ),
    (
        "the order breaks off",
        on(Point::Stop, Twist::Dies),
        "bad-answer",
        "power",
    ),
    (
        "204, but it runs on",
        on(Point::Stop, Twist::Ignored),
        "unclear",
        "POWERED_ON",
    ),
    (
        "it goes off on a host that does not respond",
        World {
            hosts: MUTE,
            ..world(VM_ON)
        },
        "unclear",
        "not seen off",
    ),
    (
        "nothing can be seen any more",
        on(Point::Hosts, Twist::Errs(403, "UNAUTHORIZED", "no")),
        "denied",
        "not seen off",
    ),
];

#[test]
fn a_vm_that_was_not_seen_off_is_not_off() {
    for &(name, world, code, words) in FAILURES {
        for dialect in BOTH {
            let fake = Fake::start(dialect, world);
            let deadline = Deadline::after(A_LOOK);
            let doubt = power_off(&vcenter(&fake.server.url), NAME, deadline).expect_err(name);
            assert_eq!(doubt.kind.code(), code, "{name}, {dialect:?}: {doubt}");
            assert!(doubt.detail.contains(words), "{name}: {doubt}");
            assert_eq!(fake.sessions().1, 0, "{name}: a session was left behind");
        }
    }
}

#[test]
fn nothing_is_ordered_unless_exactly_one_vm_has_the_name() {
    for vms in [&[] as &[Vm], TWO] {
        for dialect in BOTH {
            let fake = Fake::start(dialect, world(vms));
            let deadline = Deadline::after(AMPLE);
            assert!(power_off(&vcenter(&fake.server.url), NAME, deadline).is_err());
            assert!(!fake.visits().contains(&Point::Stop), "{vms:?}");
        }
    }
}
