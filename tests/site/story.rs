//! The story: the loss, and the return.

use std::thread;
use std::time::{Duration, Instant};

use crate::config::{MAILBOXES, MESH, PROXY};
use crate::lab::{ACCOUNTS, Lab};
use crate::network::Host;
use crate::stage::{LOST, MAILBOX_A, OLD_SERVERS, PROXY_A, PROXY_B, SERVER_B, SITE_A, SITE_B};
use crate::timeline::Timeline;
use crate::wait::wait_until;

/// How long a story may take.
const PATIENCE: Duration = Duration::from_secs(300);
const TICK: Duration = Duration::from_millis(100);

/// An event that is waited for.
type Awaited<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

const LEADER_LOST: &str = "the mesh has no leader";
const LEADER: &str = "the mesh has a leader";
const MOVED: &str = "all accounts are moved";
const FLUSHED: &str = "all caches are flushed";
const ROUTE: &str = "the route has moved";
const CLIENT: &str = "the client is answered again";

impl Lab {
    /// Site A has no power and no line.
    pub(crate) fn lose_site_a(&mut self) {
        assert_eq!(
            self.gate_of_proxy(),
            Some(1),
            "the old mailbox server answers"
        );
        let mut timeline = Timeline::begin("site A is lost");
        for host in LOST {
            self.network.cut(host.name);
        }
        self.site_a.clear();
        self.consul.lose_site_a();
        assert_eq!(
            self.gate_of_proxy(),
            Some(2),
            "the accounts are where nobody answers"
        );
        self.watch(&mut timeline, |lab, _| {
            vec![(
                LEADER_LOST,
                Box::new(|| lab.consul.leader(SERVER_B).is_none()),
            )]
        });
        self.watch(&mut timeline, |lab, began| {
            let moved = |line: &String| line.ends_with(" mbox2.example.com");
            vec![
                (
                    "all nodes are done",
                    Box::new(move || lab.all_said(began, "promote/confirmed")),
                ),
                (CLIENT, Box::new(move || lab.answers(PROXY_B, began))),
                (ROUTE, Box::new(|| lab.route().as_deref() == Some(SITE_B))),
                (
                    FLUSHED,
                    Box::new(|| lab.lines("flushed").len() == ACCOUNTS.len()),
                ),
                (
                    MOVED,
                    Box::new(move || lab.lines("accounts").iter().all(moved)),
                ),
                (LEADER, Box::new(|| lab.consul.leader(SERVER_B).is_some())),
            ]
        });
        self.tell(&mut timeline);
        println!("{timeline}");
        timeline.expect_order(&[LEADER_LOST, LEADER, MOVED, FLUSHED, ROUTE, CLIENT]);
        self.took_over_once(timeline.began);
    }

    /// Everything was done, and nothing twice.
    fn took_over_once(&self, since: Instant) {
        for node in &self.nodes {
            assert_eq!(node.count(since, "promote/confirmed"), 1, "{}", node.role);
        }
        assert_eq!(
            self.lines("operations"),
            ["3 mbox1.example.com mbox2.example.com"]
        );
        // A neighbour that still took a dead server for alive told the new leader of it: it is a peer
        // without a vote until it is struck off.
        wait_until("the survivor to be the only peer", || {
            self.consul.peers() == [format!("{}:8300", SERVER_B.ip)]
        });
        let mut flushed = self.lines("flushed");
        flushed.sort();
        assert_eq!(flushed, ACCOUNTS);
    }

    /// Site A is back, in the order of docs/failover-order.md.
    pub(crate) fn return_site_a(&mut self) {
        let mut timeline = Timeline::begin("site A is back");
        let Self {
            consul, network, ..
        } = self;
        for old in OLD_SERVERS {
            network.mend(old.name);
            consul.rejoin(network, old);
            timeline.note(Instant::now(), format!("{} is a peer again", old.name));
        }
        network.mend(MAILBOX_A.name);
        consul.revive(network, MAILBOX_A);
        self.start_mailboxes_a();
        let Self {
            consul, network, ..
        } = self;
        network.mend(PROXY_A.name);
        consul.revive(network, PROXY_A);
        self.start_proxy_a();
        timeline.note(Instant::now(), "mailbox server and proxy are started");
        self.consul.await_union();
        timeline.note(Instant::now(), "one cluster");
        self.watch(&mut timeline, |lab, began| {
            vec![
                (
                    "all nodes rest",
                    Box::new(move || lab.all_said(began, "rest/alive")),
                ),
                (CLIENT, Box::new(move || lab.answers(PROXY_A, began))),
                (ROUTE, Box::new(|| lab.route().as_deref() == Some(SITE_A))),
            ]
        });
        self.tell(&mut timeline);
        println!("{timeline}");
        for node in &self.nodes {
            let returns = node.count(timeline.began, "return/returned");
            assert_eq!(returns, 1, "{}", node.role);
        }
        assert_eq!(self.consul.peers().len(), 3);
        assert_eq!(self.lines("operations").len(), 1, "the mailboxes stay");
    }

    fn all_said(&self, since: Instant, said: &str) -> bool {
        self.nodes.iter().all(|node| node.count(since, said) > 0)
    }

    fn answers(&self, host: Host, since: Instant) -> bool {
        self.client.first_answer(host.name, since).is_some()
    }

    /// Waits for all of it, and notes when each was seen first. What comes of another event
    /// stands before it: so it is never seen without it.
    fn watch<'a>(
        &'a self,
        timeline: &mut Timeline,
        events: impl FnOnce(&'a Self, Instant) -> Vec<Awaited<'a>>,
    ) {
        let since = timeline.began;
        let mut awaited = events(self, since);
        while !awaited.is_empty() {
            let (happened, left): (Vec<_>, _) = awaited.into_iter().partition(|(_, is_so)| is_so());
            let now = Instant::now();
            for (what, _) in happened.into_iter().rev() {
                timeline.note(now, what);
            }
            awaited = left;
            if since.elapsed() > PATIENCE {
                self.tell(timeline);
                self.print_logs(since);
                let left: Vec<_> = awaited.iter().map(|(what, _)| what).collect();
                panic!("waited {PATIENCE:?} in vain for {left:?}\n{timeline}");
            }
            thread::sleep(TICK);
        }
    }

    /// Prints what the nodes logged, as often as they said something new.
    fn print_logs(&self, since: Instant) {
        for node in &self.nodes {
            let mut runs = node.runs(since);
            runs.dedup_by(|later, run| later.said == run.said);
            for run in runs {
                println!("{} {}\n{}", node.role, run.said, run.log);
            }
        }
    }

    /// Notes each change of what a node says.
    fn tell(&self, timeline: &mut Timeline) {
        let names = [
            (MESH, "mesh server"),
            (MAILBOXES, "mailbox server"),
            (PROXY, "proxy"),
        ];
        for (node, (role, name)) in self.nodes.iter().zip(names) {
            assert_eq!(node.role, role);
            let mut last = String::new();
            for run in node.runs(timeline.began) {
                if run.said != last {
                    let exit = run.exit.unwrap_or(-1);
                    timeline.note(run.ended, format!("{name}: {}, exit {exit}", run.said));
                    last = run.said;
                }
            }
        }
    }
}
