//! A site in the moment before a promotion, as often as it is wanted, and what must hold after it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{Ran, Site, ran};

/// Accounts on the dead host.
const ACCOUNTS: usize = 10;
/// What stays in the folder from one promotion to the next.
const LASTING: [&str; 5] = ["carbonio", "zmprov", "own", "fence", "habeat.yml"];

/// A fence that can be counted.
const FENCE: &str = "#!/bin/sh\necho \"$1\" >>\"${0%/*}/fenced\"\n";

/// A site whose next run promotes.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) site: Site,
    names: Vec<String>,
    suspicion: String,
}

impl World {
    /// Builds it, with a pool of this width.
    pub(crate) fn new(width: usize) -> Self {
        let mut site = Site::new();
        site.program("fence", FENCE);
        let fence = site.path("fence").display().to_string();
        site.config.threads = width;
        site.config.restart_replica = true;
        site.config.flush_batch = 4;
        site.config.namespace = "MailReplica";
        site.config.confirm_runs = 2;
        site.config.max_attempts = 50;
        site.config.more =
            format!("fence: {{ commands: [[{fence}, cut]], verify: [[{fence}, verify]] }}");
        site.run().is("confirming", 0);
        let names = (0..ACCOUNTS).map(|n| format!("user{n}@example.com"));
        let world = Self {
            suspicion: site.text("down-appserver"),
            site,
            names: names.collect(),
        };
        world.reset();
        world
    }

    /// Goes back to the moment before the promotion.
    pub(crate) fn reset(&self) {
        for name in self.site.names() {
            if !LASTING.contains(&name.as_str()) {
                let path = self.site.path(&name);
                let gone = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
                gone.unwrap_or_else(|e| panic!("cannot remove {name}: {e}"));
            }
        }
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        self.site.accounts(&names);
        self.site.write("down-appserver", &self.suspicion);
    }

    /// One run under strace(1), which does what `expression` says to the program, not to what it
    /// starts.
    pub(crate) fn run_under(&self, expression: &str) -> Ran {
        let trace = self.site.path("trace").display().to_string();
        let call = expression.split_once('=').map_or("", |(_, rest)| rest);
        let calls = format!("trace={}", call.split(':').next().unwrap_or_default());
        let strace = [
            "strace",
            "-f",
            "--quiet=all",
            "--detach-on=execve",
            "-o",
            &trace,
            "-e",
            &calls,
            "-e",
            expression,
        ];
        ran(self.site.start_under(&strace, &["--json"]))
    }

    /// Counts the calls of a whole promotion, as its main thread makes them.
    pub(crate) fn count_calls(&self, calls: &str) -> BTreeMap<String, usize> {
        self.reset();
        let ran = self.run_under(&format!("trace={calls}"));
        assert_eq!(ran.exit, Some(0), "{ran:#?}");
        let lines = self.site.lines("trace");
        let main = lines.iter().find_map(|line| line.split(' ').next());
        let mut counts = BTreeMap::new();
        for line in &lines {
            let mut words = line.split_whitespace();
            let (pid, call) = (words.next(), words.next().and_then(|w| w.split_once('(')));
            if let (true, Some((call, _))) = (pid == main, call) {
                *counts.entry(call.to_owned()).or_insert(0) += 1;
            }
        }
        counts
    }

    /// Returns the names in batches of the flush that the journal calls done, and how often each
    /// was flushed.
    pub(crate) fn flushed_for_good(&self) -> BTreeMap<String, usize> {
        let listed = self.site.lines("promotion-appserver.accounts");
        let mut done = BTreeMap::new();
        for line in self.site.lines("promotion-appserver.journal") {
            let json = line.split_once(' ').map_or("", |(_, json)| json);
            let Ok(event) = serde_json::from_str::<serde_json::Value>(json) else {
                continue; // The torn last line.
            };
            if event["event"] == "batch-done" && event["stage"] == "flush-cache" {
                let position = |end: &str| {
                    let position = event[end].as_u64().and_then(|n| usize::try_from(n).ok());
                    position.unwrap_or_else(|| panic!("no position: {event}"))
                };
                let names = listed.get(position("from")..position("to"));
                let names = names.unwrap_or_else(|| panic!("{event} of {listed:?}"));
                done.extend(
                    names
                        .iter()
                        .map(|name| (name.clone(), self.times_flushed(name))),
                );
            }
        }
        done
    }

    fn times_flushed(&self, name: &str) -> usize {
        let flushed = self.site.lines("flushed");
        flushed.iter().filter(|flushed| *flushed == name).count()
    }

    /// Whether the promotion is written down.
    pub(crate) fn is_begun(&self) -> bool {
        !self.site.lines("promotion-appserver").is_empty()
    }

    /// Whether it is written down as finished.
    pub(crate) fn is_promoted(&self) -> bool {
        let lines = self.site.lines("promotion-appserver");
        lines.concat().contains(r#""phase":"finished""#)
    }

    /// Runs until the promotion is finished, at most so often.
    #[track_caller]
    pub(crate) fn converges(&self, what: &str, runs: usize) {
        let mut made = Vec::new();
        while !self.is_promoted() {
            assert!(made.len() < runs, "{what}\nnot picked up by {made:#?}");
            let ran = self.site.run();
            assert_eq!(ran.exit, Some(0), "{what}\npicked up by {ran:#?}");
            made.push(ran);
        }
    }

    /// Requires what must hold after every promotion; `done` was flushed so often and no more.
    #[track_caller]
    pub(crate) fn all_is_well(&self, what: &str, done: &BTreeMap<String, usize>) {
        let calls = self.site.lines("calls").len();
        let ran = self.site.run();
        ran.is("already-promoted", 0);
        assert_eq!(self.site.lines("calls").len(), calls, "{what}: done again");

        let moved: Vec<String> = self.site.lines("moved");
        let names = moved.iter().map(|line| line.split(' ').next());
        let once: BTreeSet<Option<&str>> = names.collect();
        assert_eq!(
            (moved.len(), once.len()),
            (ACCOUNTS, ACCOUNTS),
            "{what}: {moved:?}"
        );
        assert_eq!(
            self.site.lines("operations").len(),
            1,
            "{what}: promoted in pieces"
        );

        for (name, times) in done {
            assert!(
                *times > 0,
                "{what}: {name} is done in the journal, and was not flushed"
            );
            assert_eq!(
                self.times_flushed(name),
                *times,
                "{what}: {name} is flushed again"
            );
        }
        for name in &self.names {
            assert!(
                self.times_flushed(name) > 0,
                "{what}: {name} was never flushed"
            );
        }
        let fenced = self.site.lines("fenced");
        assert_eq!(fenced.first().map(String::as_str), Some("cut"), "{what}");
        assert!(fenced.contains(&"verify".to_owned()), "{what}");

        let journal = self.site.lines("promotion-appserver.journal");
        assert!(
            journal.concat().contains(r#""event":"ended""#),
            "{what}: {journal:?}"
        );
        let leftovers = [".new", ".accounts"];
        let is_left = |name: &String| leftovers.iter().any(|end| name.ends_with(end));
        let left: Vec<String> = self.site.names().into_iter().filter(is_left).collect();
        assert_eq!(left, Vec::<String>::new(), "{what}: left over");
    }
}
