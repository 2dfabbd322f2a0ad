//! The loss of a whole site, watched on one lab: real Consul, real BIRD, stub programs of
//! Carbonio, and one habeat per node of the surviving site, each on its own timer. Prints the
//! timeline of docs/failover-order.md. Needs root, and a Consul program: `tests/run` sees to both.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, and the timeline is what it is for"
)]

#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../bgp/client.rs"]
mod client;
mod config;
mod consul;
#[path = "../lab/http.rs"]
mod http;
mod lab;
#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/network.rs"]
mod network;
mod node;
mod program;
mod recipe;
#[path = "../bgp/routes.rs"]
mod routes;
#[path = "../mesh/service.rs"]
mod service;
mod stage;
mod story;
mod timeline;
#[path = "../bgp/wait.rs"]
mod wait;

use lab::Lab;

#[test]
#[ignore = "needs real Consul and BIRD: tests/run"]
fn a_site_is_lost_and_comes_back() {
    let mut lab = Lab::start();
    lab.lose_site_a();
    lab.return_site_a();
}
