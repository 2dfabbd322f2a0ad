//! Whole outages: one table of cases, played on a fake Consul, and on a real one in network
//! namespaces. The real part needs root and a Consul program: `tests/run` sees to both.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells how far it came"
)]

mod cases;
mod consul;
mod fake;
mod http;
mod machine;
mod mixed;
#[expect(dead_code, reason = "another lab needs more of it")]
mod network;
mod node;
mod play;
mod twins;
#[path = "../vcsim/vcsim.rs"]
#[expect(
    dead_code,
    clippy::disallowed_methods,
    reason = "it is made for tests of its own, of which these need a part"
)]
mod vcsim;

use cases::{CASES, Case};
use play::{Theatre, World};

#[test]
fn every_case_goes_as_the_table_says_on_the_fake() {
    let wrong: Vec<_> = std::thread::scope(|scope| {
        let plays: Vec<_> = CASES
            .iter()
            .map(|case| scope.spawn(|| Theatre::new(fake::Fake::start()).play(case)))
            .collect();
        let played = plays.into_iter().map(|play| play.join().unwrap());
        played.filter_map(Result::err).collect()
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn witnesses_of_two_kinds_weigh_as_the_table_says_on_the_fakes() {
    let mixed = mixed::Mixed::new(fake::Fake::start(), machine::Script::start());
    play_in_turn(mixed, mixed::CASES);
}

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn every_case_goes_as_the_table_says_on_a_real_cluster() {
    play_in_turn(twins::Twins::start(), CASES);
}

#[test]
#[ignore = "needs a real Consul and vcsim: tests/run"]
fn witnesses_of_two_kinds_weigh_as_the_table_says_on_a_real_cluster_and_vcsim() {
    let cluster = consul::Cluster::start();
    let machine = machine::start_vcsim(&cluster);
    play_in_turn(mixed::Mixed::new(cluster, machine), mixed::CASES);
}

/// Plays all cases in one world, which is much of a stage to set.
fn play_in_turn(world: impl World, cases: &[Case]) {
    let mut theatre = Theatre::new(world);
    let mut wrong = Vec::new();
    for case in cases {
        let played = theatre.play(case);
        println!(
            "{} ... {}",
            case.name,
            if played.is_ok() { "ok" } else { "NOT OK" }
        );
        wrong.extend(played.err());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
