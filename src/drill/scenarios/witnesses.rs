//! The scenarios with several witnesses.

use super::super::scenario::Event::*;
use super::super::scenario::Fact::*;
use super::super::scenario::{Scenario, Setup, USUAL, Witnesses, run};
use super::ALL;

/// In the order they are played.
#[rustfmt::skip] // a table is read by its columns
pub(super) const WITNESSES: &[Scenario] = &[
    Scenario {
        name: "witnesses-disagree",
        title: "Consul calls the peer dead, a hypervisor sees it run: nothing moves until they agree",
        setup: Setup { witnesses: Witnesses::ConsulAndHypervisor, ..USUAL },
        moves: &[
            run(&[],          "rest/alive",        0, &[Contradictions(0)]),
            run(&[AgentDies], "hold/cut",          3, &[Contradictions(1), Promotions(0)]),
            run(&[],          "hold/cut",          3, &[Contradictions(2), Promotions(0)]),
            run(&[PeerDies],  "hold/confirming",   0, &[Contradictions(2), OnPeer(ALL)]),
            run(&[],          "promote/confirmed", 0, &[Contradictions(2), OnPeer(0), Flushed(ALL)]),
        ],
    },
];
