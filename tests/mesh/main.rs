//! The role `consulserver` on the real thing: three Consul servers, two of them in the site that
//! is lost, in network namespaces. Needs root and a Consul program: `tests/run` sees to both.
#![expect(
    clippy::unwrap_used,
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

use std::fs;

use lab::{Lab, NOBODY, ROOT};
use node::Node;

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn the_survivor_leads_and_the_old_servers_rejoin_as_told() {
    let mut lab = Lab::start(NOBODY);
    let (mesh, mailbox) = (Node::mesh(&lab, NOBODY), Node::mailbox());
    mesh.run(&lab).is("rest/alive", 0);
    mailbox.run(&lab).is("rest/alive", 0);

    let lost = lab.lose_site_a();
    lab.refuses_to_read();
    mesh.run(&lab).is("hold/confirming", 0);
    mailbox.run(&lab).is("hold/confirming", 0);
    let recovery = mesh.run(&lab);
    recovery.is("promote/confirmed", 0);
    recovery.print_steps();
    println!("no leader for {:.1} s", lost.elapsed().as_secs_f64());
    assert_eq!(lab.leader("svcs2").as_deref(), Some("10.99.0.12:8300"));
    assert!(lab.read("svcs2", "before").is_some(), "the store is lost");
    lab.is_recovered_tidily();
    lab.write("svcs2", "since");
    // The agent that was restarted never met the dead; that of the mailbox host saw them fail.
    lab.await_striking_off("svcs2");
    mesh.run(&lab).is("hold/already-promoted", 0);
    mailbox.run(&lab).is("promote/confirmed", 0);
    assert_eq!(
        mailbox.read("accounts"),
        "anna@example.com mbox2.example.com\n"
    );

    lab.return_site_a_apart();
    lab.bar_site_a();
    lab.join_sites();
    let check = mesh.call(&lab, &["check", "--online"]);
    assert!(check.said.contains("two leaders"), "{check:#?}");

    lab.stop_site_a();
    lab.admit_site_a();
    lab.rejoin_by_procedure();
    for server in ["svcs1", "svcs2", "svcs3"] {
        assert!(lab.read(server, "since").is_some(), "{server}");
    }
    mesh.run(&lab).is("hold/returning", 0);
    let run = mesh.run(&lab);
    run.is("return/returned", 0);
    assert!(run.log.contains("second quorum"), "{run:#?}");
    assert!(!mesh.path("promotion-consulserver").exists());
    mesh.run(&lab).is("rest/alive", 0);
}

/// Which side loses depends on the terms of the two leaders.
#[test]
#[ignore = "needs a real Consul: tests/run"]
fn old_servers_that_rejoin_as_they_are_cost_one_side_what_it_wrote() {
    let mut lab = Lab::start(ROOT);
    let mesh = Node::mesh(&lab, ROOT);
    lab.lose_site_a();
    mesh.run(&lab).is("hold/confirming", 0);
    mesh.run(&lab).is("promote/confirmed", 0);
    lab.write("svcs2", "in-b");
    lab.return_site_a_apart();
    lab.write("svcs1", "in-a");
    lab.join_sites();
    lab.wait("one of the two leaders to give in", |lab| {
        lab.leader("svcs2") == lab.leader("svcs1") && lab.read("svcs1", "before").is_some()
    });
    let kept = ["in-a", "in-b"].map(|key| lab.read("svcs1", key).is_some());
    println!("kept of site A and of site B: {kept:?}");
    assert_ne!(kept, [true, true]);
}

#[test]
#[ignore = "needs a real Consul: tests/run"]
fn a_recovery_that_was_killed_or_failed_leaves_a_server_that_runs() {
    let mut lab = Lab::start(ROOT);
    let mesh = Node::mesh(&lab, ROOT);
    lab.lose_site_a();
    mesh.run(&lab).is("hold/confirming", 0);

    mesh.program("start", "#!/bin/sh\ntouch \"$0ing\"\nexec sleep 60\n");
    let mut killed = mesh.start(&lab, &["--json"]);
    lab.wait("the start of the service", |_| {
        mesh.path("starting").exists()
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!lab.runs("svcs2"));
    mesh.start_service(&lab);
    mesh.run(&lab).is("hold/unknown", 3);
    lab.wait("the service to run again", |lab| lab.runs("svcs2"));

    mesh.write("peers.json", &lab.peers_with_a_dead_one());
    let run = mesh.run(&lab);
    run.is("resume/unfinished", 1);
    assert!(run.log.contains("no leader within"), "{run:#?}");
    lab.wait("the service to run again", |lab| lab.runs("svcs2"));
    mesh.run(&lab).is("hold/latched", 3);

    fs::remove_file(mesh.path("peers.json")).unwrap();
    assert_eq!(mesh.call(&lab, &["retry"]).exit, Some(0));
    mesh.run(&lab).is("resume/unfinished", 0);
    assert!(lab.leader("svcs2").is_some());
    assert!(lab.read("svcs2", "before").is_some(), "the store is lost");
    lab.await_striking_off("svcs2");
    mesh.run(&lab).is("hold/already-promoted", 0);
}
