//! The role `proxyserver` on the real thing: two sites and a router, each a network namespace with
//! a BIRD of its own, and the service address as a route that moves. Needs root and BIRD 2:
//! `tests/run` sees to both.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells what it could not clean up"
)]

#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/network.rs"]
mod network;
mod sites;

use sites::{SITE_A, SITE_B, Sites};

#[test]
#[ignore = "needs BIRD: tests/run"]
fn the_route_moves_here_with_an_outage_and_back_with_the_return() {
    let sites = Sites::start();
    sites.await_route(SITE_A);
    sites.run().is("rest/alive", 0);

    sites.site_a_is_lost();
    sites.run().is("hold/confirming", 0);
    sites.run().is("promote/confirmed", 0);
    sites.await_route(SITE_B);
    sites.run().is("hold/already-promoted", 0);

    sites.site_a_is_back();
    sites.await_session("site_a");
    sites.run().is("hold/returning", 0);
    assert_eq!(sites.route().as_deref(), Some(SITE_B), "it moves too early");
    sites.run().is("return/returned", 0);
    sites.await_route(SITE_A);
    sites.run().is("rest/alive", 0);
    assert_eq!(sites.state_left(), [""; 0]);
}

#[test]
#[ignore = "needs BIRD: tests/run"]
fn a_frozen_bird_is_a_switch_that_failed() {
    let sites = Sites::start();
    sites.await_route(SITE_A);
    sites.site_a_is_lost();
    sites.freeze_b();
    sites.run().is("hold/confirming", 0);
    let run = sites.run();
    run.is("promote/confirmed", 1);
    assert!(run.log.contains("timed out"), "{run:#?}");
    assert_eq!(sites.birdcs(), 0, "a birdc is left");
    assert_eq!(sites.phase(), "unfinished");

    sites.thaw_b();
    sites.await_session("site_b");
    sites.run().is("resume/unfinished", 0);
    sites.await_route(SITE_B);
    assert_eq!(sites.phase(), "finished");
}

#[test]
#[ignore = "needs BIRD: tests/run"]
fn a_bird_that_takes_the_order_and_announces_nothing_is_a_switch_that_failed() {
    let sites = Sites::start();
    sites.await_route(SITE_A);
    sites.site_a_is_lost();
    sites.close_session_of_b();
    sites.run().is("hold/confirming", 0);
    let run = sites.run();
    run.is("promote/confirmed", 1);
    assert!(run.log.contains("verify: exit 1"), "{run:#?}");
    sites.open_session_of_b();
    sites.await_session("site_b");
    sites.run().is("resume/unfinished", 0);
    sites.await_route(SITE_B);
}
