//! The role `proxyserver` on the real thing: two sites and a router, each a network namespace,
//! the service address as a route that moves, a client that keeps asking it, and a real Consul.
//! What habeat runs is read out of docs/proxies.md. Needs root, the BGP daemons and Consul:
//! `tests/run` sees to all.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells its figures and what it could not clean up"
)]

mod client;
mod consul;
#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/http.rs"]
mod http;
mod lab;
#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/network.rs"]
mod network;
mod recipe;
mod routes;
mod speaker;
mod stage;
mod wait;

use std::time::Instant;

use lab::Lab;
use rustix::process::Signal;
use speaker::Speaker;
use stage::{PROXY_A, PROXY_B, SITE_A, SITE_B};

#[test]
#[ignore = "needs BIRD and a real Consul: tests/run"]
fn the_recipe_for_bird_moves_the_route_and_the_client_and_both_come_back() {
    an_outage_and_the_return(Speaker::Bird);
}

#[test]
#[ignore = "needs FRR, BIRD and a real Consul: tests/run"]
fn the_recipe_for_frr_moves_the_route_and_the_client_and_both_come_back() {
    an_outage_and_the_return(Speaker::Frr);
}

#[test]
#[ignore = "needs GoBGP, BIRD and a real Consul: tests/run"]
fn the_recipe_for_gobgp_moves_the_route_and_the_client_and_both_come_back() {
    an_outage_and_the_return(Speaker::GoBgp);
}

#[test]
#[ignore = "needs ExaBGP, BIRD and a real Consul: tests/run"]
fn the_recipe_for_exabgp_moves_the_route_and_the_client_and_both_come_back() {
    an_outage_and_the_return(Speaker::ExaBgp);
}

fn an_outage_and_the_return(speaker: Speaker) {
    let mut lab = Lab::start(speaker);
    lab.await_answer(PROXY_A.name, Instant::now());
    what_verify_denies_is_not_announced(&lab);
    lab.run().is("rest/alive", 0);

    let lost = lab.site_a_is_lost();
    let known = lost.elapsed();
    lab.run().is("hold/confirming", 0);
    let begun = Instant::now();
    let run = lab.run();
    run.is("promote/confirmed", 0);
    lab.await_route(SITE_B);
    let served = lab.await_answer(PROXY_B.name, lost);
    lab.run().is("hold/already-promoted", 0);
    println!("{speaker:?}: outage: {}", lab.client.spell(lost));
    println!(
        "{speaker:?}: of that, until Consul knew {known:.1?}; the run that switched, until the \
         first answer {:.2?}, of which its commands {:.0?}",
        served.duration_since(begun),
        run.commands(),
    );

    lab.site_a_is_back();
    lab.run().is("hold/returning", 0);
    lab.run().is("return/returned", 1);
    assert_eq!(lab.route().as_deref(), Some(SITE_B), "nobody serves in A");
    lab.site_a_serves();
    let back = Instant::now();
    lab.run().is("return/returned", 0);
    lab.await_route(SITE_A);
    lab.await_answer(PROXY_A.name, back);
    lab.run().is("rest/alive", 0);
    let spell = lab.client.spell(back);
    println!("{speaker:?}: return: {spell}");
    assert_eq!(spell.refused, 0, "it breaks before it makes");
    assert_eq!(lab.state_left(), [""; 0]);
    let in_turn = [PROXY_A, PROXY_B, PROXY_A].map(|host| host.name);
    assert_eq!(lab.client.served_by(), in_turn);

    every_order_bears_being_given_twice(&lab);
    a_closed_session_is_seen_by_verify(&lab);
}

/// Before the first switch: the proof fails, and so does what lacks the recipe's drop-in.
fn what_verify_denies_is_not_announced(lab: &Lab) {
    assert!(!lab.succeeds("verify"), "it proves what is not announced");
    if lab.recipe.groups.is_some() {
        let order = lab.recipe.commands("activate").remove(0);
        assert!(!lab.does_as_shipped(&order), "the drop-in is not needed");
    }
}

fn every_order_bears_being_given_twice(lab: &Lab) {
    for list in ["activate", "activate", "deactivate", "deactivate"] {
        assert!(lab.succeeds(list), "{list}");
    }
}

/// The daemon takes the order, and announces nothing: the router does not listen.
fn a_closed_session_is_seen_by_verify(lab: &Lab) {
    lab.session_of_b("disable");
    assert!(lab.succeeds("activate"), "the order is refused");
    assert!(!lab.succeeds("verify"), "it proves what nobody hears");
}

#[test]
#[ignore = "needs BIRD and a real Consul: tests/run"]
fn a_frozen_bird_is_a_switch_that_failed() {
    let mut lab = Lab::start(Speaker::Bird);
    lab.site_a_is_lost();
    lab.signal_speaker(Signal::STOP);
    lab.run().is("hold/confirming", 0);
    let run = lab.run();
    run.is("promote/confirmed", 1);
    assert!(run.log.contains("timed out"), "{run:#?}");
    assert_eq!(lab.count("bird"), 1, "the count sees nothing");
    assert_eq!(lab.count("birdc"), 0, "a birdc is left");
    assert_eq!(lab.phase(), "unfinished");

    lab.signal_speaker(Signal::CONT);
    lab.await_session("site_b");
    lab.run().is("resume/unfinished", 0);
    lab.await_route(SITE_B);
    assert_eq!(lab.phase(), "finished");
}

#[test]
#[ignore = "needs BIRD and a real Consul: tests/run"]
fn a_bird_that_takes_the_order_and_announces_nothing_is_a_switch_that_failed() {
    let mut lab = Lab::start(Speaker::Bird);
    lab.site_a_is_lost();
    lab.session_of_b("disable");
    lab.run().is("hold/confirming", 0);
    let run = lab.run();
    run.is("promote/confirmed", 1);
    assert!(run.log.contains("verify: exit 1"), "{run:#?}");
    lab.session_of_b("enable");
    lab.await_session("site_b");
    lab.run().is("resume/unfinished", 0);
    lab.await_route(SITE_B);
}
