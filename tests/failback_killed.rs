//! A failback, killed at every system call that changes the world: the next run goes on with what
//! was begun, and the operator is asked again only where nothing was.
//!
//! strace(1) stops the program at the call and lets its children be, as a kill does.

mod common;

use common::manual::{failback, stopped_module, switched_proxy};
use common::proxy::{PROMOTION, WHOLE};
use common::{Site, ran};

/// The calls that change the world, and those around which a child lives.
const DEADLY: &str = "open,write,fsync,fdatasync,rename,unlink,clone3,vfork,wait4";

/// What a role remembers, and how a whole return of it shows.
struct Kind {
    site: fn() -> Site,
    /// The state file.
    file: &'static str,
    /// What it says while the return is under way.
    under_way: &'static str,
    /// Requires that all of the return was run.
    is_back: fn(&Site, &str),
}

const PROXY: Kind = Kind {
    site: switched_proxy,
    file: PROMOTION,
    under_way: "returning",
    is_back: |site, what| {
        let back = site.switched()[WHOLE.len()..].to_vec();
        let whole = ["back".to_owned(), "home".to_owned()];
        assert!(back.ends_with(&whole), "{what}: {back:?}");
    },
};

const MAILBOXES: Kind = Kind {
    site: || {
        let mut site = stopped_module();
        site.peer_comes_back();
        site
    },
    file: "module",
    under_way: "starting",
    is_back: |site, what| {
        assert_eq!(site.lines("ha_module"), ["started"], "{what}");
        assert_eq!(site.calls("doStopService"), 1, "{what}");
    },
};

/// Kills a failback at its n-th call, and lets the operator and the timer go on. Returns whether
/// it came so far.
fn kill_and_go_on(kind: &Kind, call: &str, n: usize) -> bool {
    let site = (kind.site)();
    let what = format!("{} {call} {n}", kind.file);
    let trace = site.path("trace").display().to_string();
    let only = format!("trace={call}");
    let kill = format!("inject={call}:signal=KILL:when={n}");
    let strace = [
        "strace",
        "-f",
        "--quiet=all",
        "--detach-on=execve",
        "-o",
        &trace,
        "-e",
        &only,
        "-e",
        &kill,
    ];
    let killed = ran(site.start_under(&strace, &["failback", "--json"]));
    let expected = if !site.path(kind.file).exists() {
        "alive"
    } else if site.text(kind.file).contains(kind.under_way) {
        "failback"
    } else {
        "returning"
    };
    site.run().is(expected, 0);
    if expected == "returning" {
        failback(&site).is("failback", 0);
    }
    assert!(!site.path(kind.file).exists(), "{what}");
    (kind.is_back)(&site, &what);
    killed.exit.is_none()
}

fn kill_at_any_call(kind: &Kind) {
    let mut met = 0;
    for call in DEADLY.split(',') {
        let mut n = 1;
        while kill_and_go_on(kind, call, n) {
            met += 1;
            n += 1;
        }
    }
    assert!(met >= 30, "killed at {met} points only");
}

#[test]
fn a_failback_of_a_proxy_killed_at_any_call_is_gone_on_with() {
    kill_at_any_call(&PROXY);
}

#[test]
fn a_failback_of_the_module_killed_at_any_call_is_gone_on_with() {
    kill_at_any_call(&MAILBOXES);
}
