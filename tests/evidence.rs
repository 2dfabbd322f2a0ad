//! What cannot be taken back is begun only on a look of this moment, and what was begun is finished
//! only where that is proven.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::net::TcpListener;

use common::{PEER, PEER_NODE, Ran, Site, ran};
use habeat::drill::fake_consul::Node;

/// Says what it is at, and waits there while `hold_WHAT` is there; then it is the drill's.
const HELD: &str = r#"#!/bin/sh
here=${0%/*}
case " $* " in
*" getAccountStatus "*) what=list ;;
*" promoteAccounts "*) what=promote ;;
*" getAllOperations "*) what=operations ;;
*) what=other ;;
esac
: >"$here/in_$what"
while [ -e "$here/hold_$what" ]; do sleep 0.02; done
if [ -e "$here/next_$what" ]; then cat "$here/next_$what"; rm "$here/next_$what"; exit 0; fi
exec "$here/carbonio-drill" "$@"
"#;

/// A site whose peer can come back in the middle of a run.
struct World {
    site: Site,
    port: u16,
    peer: Option<TcpListener>,
}

impl World {
    fn new() -> Self {
        let mut site = Site::new();
        site.program("carbonio-drill", include_str!("../src/drill/carbonio.sh"));
        site.program("carbonio", HELD);
        let peer = TcpListener::bind("127.77.0.1:0").expect("a port");
        let port = peer.local_addr().expect("its address").port();
        drop(peer);
        site.config.probe = format!("targets: [\"tcp://127.77.0.1:{port}\"]");
        Self {
            site,
            port,
            peer: None,
        }
    }

    fn peer_returns(&mut self) {
        let peer = TcpListener::bind(("127.77.0.1", self.port)).expect("the port");
        self.peer = Some(peer);
        self.site.consul.cluster().set(PEER_NODE, Node::ALIVE);
    }

    fn peer_dies(&mut self) {
        self.peer = None;
        self.site.consul.cluster().set(PEER_NODE, Node::FAILED);
    }

    /// A run that is held at `what`, and in which the peer comes back meanwhile.
    fn returns_while_at(&mut self, what: &str) -> Ran {
        let hold = format!("hold_{what}");
        self.site.write(&hold, "");
        let run = self.site.start(&["--json"]);
        self.site.wait_for(&format!("in_{what}"));
        self.peer_returns();
        self.site.remove(&hold);
        ran(run)
    }
}

/// Requires that a run held because the peer is not seen dead any more.
#[track_caller]
fn is_changed(run: &Ran) {
    assert_eq!(run.exit, Some(3), "{run:#?}");
    assert!(run.stderr.contains("result=changed"), "{run:#?}");
    let decisions = run.stderr.matches(" decision=").count();
    assert_eq!(decisions, 1, "{run:#?}");
}

#[test]
fn a_peer_that_returns_while_its_accounts_are_listed_is_not_promoted() {
    for what in ["operations", "list"] {
        let mut world = World::new();
        is_changed(&world.returns_while_at(what));
        assert_eq!(world.site.calls("promoteAccounts"), 0, "{what}");
        // Nothing was begun: nothing is remembered, and no block period counts from it.
        world.site.run().is("alive", 0);
        world.peer_dies();
        world.site.run().is("confirmed", 0);
    }
}

#[test]
fn a_peer_that_returns_while_a_part_is_promoted_keeps_the_rest() {
    let mut world = World::new();
    world.site.write("partial", "1");
    is_changed(&world.returns_while_at("promote"));
    assert_eq!(world.site.calls("promoteAccounts"), 1);
    assert_eq!(world.site.lines("moved").len(), 1);
    // It has cost no attempt, and who was moved is flushed before anything is returned. The run
    // that saw it come back is the first of the row.
    let run = world.site.run();
    run.is("returned", 0);
    assert_eq!(run.report()["promotion"]["attempts"], 0, "{run:#?}");
    let flushed = world.site.lines("flushed");
    assert!(
        flushed.contains(&"alice@example.com".to_owned()),
        "{flushed:?}"
    );
}

#[test]
fn a_peer_that_returns_while_a_killed_runs_command_is_waited_for_is_not_promoted() {
    let mut world = World::new();
    world.site.write("hold_promote", "");
    let mut killed = world.site.start(&["--json"]);
    world.site.wait_for("in_promote");
    killed.kill().expect("killed");
    assert_eq!(ran(killed).exit, None);
    world.site.write("partial", "1");
    let next = world.site.start(&["--json"]);
    world.site.wait_for_text("habeat.log", "state=waiting");
    world.peer_returns();
    world.site.remove("hold_promote");
    let run = ran(next);
    run.is("changed", 3);
    assert_eq!(world.site.calls("promoteAccounts"), 1);
    assert_eq!(world.site.lines("moved").len(), 1);
}

#[test]
fn what_is_moved_and_not_flushed_is_flushed_whatever_the_verdict() {
    for verdict in ["alive", "cut", "unknown"] {
        let mut world = World::new();
        world.site.write("fail_flush", ".");
        world.site.run().is("confirmed", 1);
        world.site.remove("fail_flush");
        match verdict {
            "alive" => world.peer_returns(),
            "cut" => world.site.consul.cluster().set(PEER_NODE, Node::ALIVE),
            _ => world.site.consul.cluster().set(PEER_NODE, Node::LEFT),
        }
        let run = world.site.run();
        assert_eq!(run.report()["verdict"], verdict, "{run:#?}");
        assert_eq!(world.site.lines("flushed").len(), 3, "{run:#?}");
    }
}

#[test]
fn nothing_is_returned_before_who_was_moved_is_flushed() {
    let mut world = World::new();
    world.site.write("fail_flush", ".");
    world.site.run().is("confirmed", 1);
    world.peer_returns();
    world.site.run().is("returning", 1);
    world.site.run().is("returned", 1);
    assert!(world.site.path("promotion-appserver").exists());
    assert_eq!(world.site.call(&["retry"]).exit, Some(0));
    world.site.remove("fail_flush");
    world.site.run().is("returned", 0);
    assert_eq!(world.site.lines("flushed").len(), 3);
    assert!(!world.site.path("promotion-appserver").exists());
}

#[test]
fn operations_of_whoever_are_waited_for_in_the_first_try_too() {
    let world = World::new();
    let busy = r#"{"ok":true,"response":{"operationList":[{"name":"promoteAccounts"}]}}"#;
    world.site.write("next_operations", busy);
    let run = world.site.run();
    run.is("confirmed", 0);
    assert!(run.stderr.contains("a promotion is under way"), "{run:#?}");
    assert_eq!(world.site.calls("getAllOperations"), 1, "asked again");
}

#[test]
fn a_fence_holds_only_while_nobody_has_seen_the_peer_alive() {
    let mut world = World::new();
    let fence = "#!/bin/sh\necho \"$1\" >>\"${0%/*}/fenced\"\n";
    world.site.program("fence", fence);
    let path = world.site.path("fence").display().to_string();
    world.site.config.more =
        format!("fence: {{commands: [[{path}, off]], verify: [[{path}, is-off]]}}");
    world.site.write("fail_promote", "");
    world.site.run().is("confirmed", 1);
    world.site.run().is("unfinished", 1);
    assert_eq!(world.site.lines("fenced"), ["off", "is-off"], "it holds");
    world.peer_returns();
    world.site.run().is("returning", 0);
    world.peer_dies();
    world.site.remove("fail_promote");
    world.site.run().is("unfinished", 0);
    assert_eq!(
        world.site.lines("fenced"),
        ["off", "is-off", "off", "is-off"]
    );
}

#[test]
fn who_was_moved_is_flushed_even_if_the_journal_is_lost() {
    let world = World::new();
    world.site.write("fail_flush", ".");
    world.site.run().is("confirmed", 1);
    world.site.remove("fail_flush");
    world.site.remove(&world.site.record(".journal"));
    let run = world.site.run();
    run.is("unfinished", 0);
    assert!(run.stderr.contains("state=missing"), "{run:#?}");
    assert_eq!(world.site.lines("flushed").len(), 3);
    assert_eq!(world.site.calls("promoteAccounts"), 1, "nobody was left");
}

#[test]
fn accounts_without_a_replica_hold_the_promotion_and_cost_no_attempt() {
    let world = World::new();
    let bare = format!(
        r#"{{"ok":true,"response":{{"values":[{{"accountName":"a@example.com","accountMailHost":"{PEER}","replicas":[]}}]}}}}"#
    );
    for reason in ["confirmed", "unfinished", "unfinished", "unfinished"] {
        world.site.write("next_list", &bare);
        let run = world.site.run();
        run.is(reason, 3);
        assert!(run.stderr.contains("carbonio.require_replica"), "{run:#?}");
    }
    assert_eq!(world.site.calls("promoteAccounts"), 0);
    world.site.run().is("unfinished", 0);
}

#[test]
fn a_long_promotion_is_looked_at_while_it_works() {
    let mut world = World::new();
    world.site.config.timeouts = "promote: 20s";
    world.site.write("hold_promote", "");
    let run = world.site.start(&["--json"]);
    world.site.wait_for("in_promote");
    world
        .site
        .wait_for_text("habeat.log", "state=working accounts_left=3");
    world.site.remove("hold_promote");
    let run = ran(run);
    run.is("confirmed", 0);
    assert_eq!(world.site.calls("promoteAccounts"), 1);
}
