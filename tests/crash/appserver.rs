//! A mailbox server promotes.

use std::collections::BTreeSet;

use crate::common::Site;
use crate::common::accounts::numbered;
use crate::world::{End, Left, Scene};

/// Accounts on the dead host.
const ACCOUNTS: usize = 10;

/// A fence that can be counted.
const FENCE: &str = "#!/bin/sh\necho \"$1\" >>\"${0%/*}/fenced\"\n";

/// A promotion, with a pool of this width.
pub(crate) struct Promotion {
    pub(crate) width: usize,
}

impl Scene for Promotion {
    fn site(&self) -> Site {
        let mut site = Site::new();
        site.program("fence", FENCE);
        let fence = site.path("fence").display().to_string();
        site.config.threads = self.width;
        site.config.restart_replica = true;
        site.config.flush_batch = 4;
        site.config.namespace = "MailReplica";
        site.config.confirm_runs = 2;
        site.config.max_attempts = 50;
        site.config.more =
            format!("fence: {{ commands: [[{fence}, cut]], verify: [[{fence}, verify]] }}");
        let names = numbered(ACCOUNTS);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        site.accounts(&names);
        site.run().is("confirming", 0);
        site
    }

    fn effects(&self) -> &'static [&'static str] {
        &["calls", "fenced"]
    }

    fn end(&self, _left: &Left) -> End {
        End {
            phase: Some("finished"),
            reason: "already-promoted",
            exit: 0,
            journal: Some("ended"),
        }
    }

    fn all_is_well(&self, site: &Site, left: &Left, what: &str) {
        let moved: Vec<String> = site.lines("moved");
        let names = moved.iter().map(|line| line.split(' ').next());
        let once: BTreeSet<Option<&str>> = names.collect();
        assert_eq!(
            (moved.len(), once.len()),
            (ACCOUNTS, ACCOUNTS),
            "{what}: {moved:?}"
        );
        let operations = site.lines("operations").len();
        assert_eq!(operations, 1, "{what}: promoted in pieces");

        let flushed = site.lines("flushed");
        let in_flight = in_flight(left);
        for name in numbered(ACCOUNTS) {
            let times = flushed.iter().filter(|flushed| **flushed == name).count();
            let most = if in_flight.contains(&name) { 2 } else { 1 };
            assert!(
                (1..=most).contains(&times),
                "{what}: {name} was flushed {times} times; in flight: {in_flight:?}"
            );
        }
        let fenced = site.lines("fenced");
        assert_eq!(fenced.first().map(String::as_str), Some("cut"), "{what}");
        assert!(fenced.contains(&"verify".to_owned()), "{what}");
    }
}

/// Returns the names in batches of the flush that were begun, and not done.
fn in_flight(left: &Left) -> BTreeSet<String> {
    let names = |kind| {
        let batches = left.events(kind);
        let flushes = batches.filter(|event| event["stage"] == "flush-cache");
        flushes.flat_map(|event| {
            let position = |end: &str| {
                let position = event[end].as_u64().and_then(|n| usize::try_from(n).ok());
                position.unwrap_or_else(|| panic!("no position: {event}"))
            };
            let names = left.accounts.get(position("from")..position("to"));
            let names = names.unwrap_or_else(|| panic!("{event} of {:?}", left.accounts));
            names.iter().cloned()
        })
    };
    let done: BTreeSet<String> = names("batch-done").collect();
    names("batch-before")
        .filter(|name| !done.contains(name))
        .collect()
}
