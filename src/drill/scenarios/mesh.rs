//! The scenarios of a server of the mesh.

use super::super::scenario::Event::*;
use super::super::scenario::Fact::*;
use super::super::scenario::{Role, Scenario, Setup, USUAL, retry, run, run_and_kill};

/// A whole recovery.
const ONCE: &[&str] = &["stop", "start"];
const TWICE: &[&str] = &["stop", "start", "stop", "start"];
const THRICE: &[&str] = &["stop", "start", "stop", "start", "stop", "start"];
/// What the Raft folder holds before, and after.
const BEFORE: &str = "as it was";
const AFTER: &str = "recovered";
/// A lab whose node is a server of the mesh.
const SERVER: Setup = Setup {
    role: Role::Mesh,
    ..USUAL
};

/// In the order they are played.
#[rustfmt::skip] // a table is read by its columns
pub(super) const MESH: &[Scenario] = &[
    Scenario {
        name: "mesh-outage-and-return",
        title: "a server of the mesh: the quorum dies with the peer, and is recovered here once",
        setup: SERVER,
        moves: &[
            run(&[],                     "rest/alive",            0, &[Service(&[])]),
            run(&[PeerDies, QuorumLost], "hold/confirming",       0, &[Service(&[]), Raft(BEFORE)]),
            run(&[],                     "promote/confirmed",     0, &[Service(ONCE), Raft(AFTER)]),
            run(&[],                     "hold/already-promoted", 0, &[Service(ONCE)]),
            run(&[PeerReturns],          "hold/returning",        0, &[Service(ONCE)]),
            run(&[],                     "return/returned",       0, &[Service(ONCE), NothingRemembered]),
            run(&[],                     "rest/alive",            0, &[Service(ONCE), Raft(AFTER)]),
        ],
    },
    Scenario {
        name: "mesh-has-leader",
        title: "the peer's servers die and the mesh keeps its leader: it is left alone until that goes",
        setup: SERVER,
        moves: &[
            run(&[PeerDies],   "hold/has-leader",   0, &[Service(&[])]),
            run(&[],           "hold/has-leader",   0, &[Service(&[])]),
            run(&[],           "hold/has-leader",   0, &[Service(&[]), Raft(BEFORE)]),
            run(&[QuorumLost], "hold/confirming",   0, &[Service(&[]), Raft(BEFORE)]),
            run(&[],           "promote/confirmed", 0, &[Service(ONCE), Raft(AFTER)]),
        ],
    },
    Scenario {
        name: "mesh-killed",
        title: "a recovery is killed at its stop, then at its start: the service never stays stopped",
        setup: SERVER,
        moves: &[
            run(&[PeerDies, QuorumLost, StopSlow], "hold/confirming",       0, &[]),
            run_and_kill("working", &[Service(&["stop"])]),
            run(&[CommandEnds, StartSlow],         "hold/unknown",          3, &[Service(ONCE), Raft(BEFORE)]),
            run_and_kill("working", &[Service(TWICE)]),
            run(&[CommandEnds],                    "resume/unfinished",     0, &[Service(TWICE), Raft(AFTER)]),
            run(&[],                               "hold/already-promoted", 0, &[Service(TWICE)]),
        ],
    },
    Scenario {
        name: "mesh-no-leader-comes",
        title: "the recovery brings no leader and is undone; the operator mends it and says so",
        setup: SERVER,
        moves: &[
            run(&[PeerDies, QuorumLost, ElectionsFail], "hold/confirming",       0, &[Service(&[])]),
            run(&[],                                    "promote/confirmed",     1, &[Service(TWICE), Raft(BEFORE)]),
            run(&[],                                    "hold/latched",          3, &[Service(TWICE)]),
            run(&[ElectionsMended],                     "hold/latched",          3, &[Service(TWICE)]),
            retry(&[Raft(BEFORE)]),
            run(&[],                                    "resume/unfinished",     0, &[Service(THRICE), Raft(AFTER)]),
            run(&[],                                    "hold/already-promoted", 0, &[Service(THRICE)]),
        ],
    },
];
