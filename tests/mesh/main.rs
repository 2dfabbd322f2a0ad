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
mod node;
mod service;

use lab::{Lab, NOBODY, ROOT};
use node::Node;

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn the_survivor_leads_and_the_old_servers_rejoin_as_told() {
    let mut lab = Lab::start(NOBODY);
    let mesh = Node::mesh(&lab, NOBODY, "");
    let mailbox = Node::mailbox();
    mesh.run(&lab).is("rest/alive", 0);
    mailbox.run(&lab).is("rest/alive", 0);

    lab.lose_site_a();
    lab.refuses_to_read();
    mesh.run(&lab).is("hold/confirming", 0);
    mailbox.run(&lab).is("hold/confirming", 0);
    mesh.run(&lab).is("promote/confirmed", 0);
    assert_eq!(lab.leader("svcs2").as_deref(), Some("10.99.0.12:8300"));
    assert!(lab.read("svcs2", "before").is_some(), "the store is lost");
    lab.is_recovered_tidily();
    let run = mesh.run(&lab);
    println!("{run:#?}");
    let run = mailbox.run(&lab);
    println!("{run:#?}");

    lab.write("svcs2", "since");
    lab.return_site_a_apart();
    assert_ne!(lab.leader("svcs1"), lab.leader("svcs2"));
    lab.join_by_procedure();
    for server in ["svcs1", "svcs2", "svcs3"] {
        assert!(lab.read(server, "since").is_some(), "{server}");
    }
    mesh.run(&lab).is("hold/returning", 0);
    let run = mesh.run(&lab);
    run.is("return/returned", 0);
    println!("{run:#?}");
    mesh.run(&lab).is("rest/alive", 0);
}

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn old_servers_that_rejoin_as_they_are_undo_what_was_written_since() {
    let mut lab = Lab::start(ROOT);
    let mesh = Node::mesh(&lab, "''", "");
    lab.lose_site_a();
    mesh.run(&lab).is("hold/confirming", 0);
    mesh.run(&lab).is("promote/confirmed", 0);
    lab.write("svcs2", "since");
    lab.return_site_a_apart();
    lab.join_sites();
    lab.wait("the old leader to rule again", |lab| {
        lab.leader("svcs2") == lab.leader("svcs1")
    });
    lab.wait("the cluster to know nothing of the value", |lab| {
        lab.read("svcs1", "since").is_none() && lab.read("svcs1", "before").is_some()
    });
}
