//! Whole outages: one table of cases, played on a fake Consul, and on a real one in network
//! namespaces. The real part needs root and a Consul program: `tests/run` sees to both.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells how far it came"
)]

mod cases;
mod consul;
mod fake;
mod http;
mod network;
mod node;
mod play;
mod twins;

use cases::CASES;
use play::Theatre;

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
#[ignore = "needs a real Consul: tests/run"]
fn every_case_goes_as_the_table_says_on_a_real_cluster() {
    let mut theatre = Theatre::new(twins::Twins::start());
    let mut wrong = Vec::new();
    for case in CASES {
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
