//! The role `consulserver` on the real thing: three Consul servers, two of them in the site that
//! is lost, in network namespaces. Needs root and a Consul program: `tests/run` sees to both.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells how long the cluster took"
)]

#[path = "../lab/http.rs"]
mod http;
mod lab;
#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/network.rs"]
mod network;
mod service;

use lab::{Lab, NOBODY, ROOT};

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn old_servers_that_rejoin_as_they_are_undo_what_was_written_since() {
    let mut lab = Lab::start(ROOT);
    lab.lose_site_a();
    lab.recover_by_hand();
    lab.write("svcs2", "since");
    lab.return_site_a_apart();
    lab.join_sites();
    lab.wait("the old leader to rule again", |lab| {
        lab.leader("svcs2") == lab.leader("svcs1")
    });
    lab.wait("the value to be undone", |lab| {
        lab.read("svcs2", "since").is_none()
    });
    assert!(lab.read("svcs2", "before").is_some());
}

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn recovery_by_hand() {
    let mut lab = Lab::start(NOBODY);
    lab.lose_site_a();
    lab.recover_by_hand();
    assert!(lab.read("svcs2", "before").is_some());
    lab.write("svcs2", "since");
    lab.return_site_a_apart();
    assert_ne!(lab.leader("svcs1"), lab.leader("svcs2"));
    lab.join_by_procedure();
    for server in ["svcs1", "svcs2", "svcs3"] {
        assert!(lab.read(server, "since").is_some(), "{server}");
    }
}
