//! The scenarios. What they expect is the decision table, lived through: a line is what happens,
//! what the run after it must decide and exit with, and what must be so afterwards.

use super::lab::ACCOUNTS as ALL;
use super::scenario::Event::*;
use super::scenario::Fact::*;
use super::scenario::{
    Fence, Role, Scenario, Setup, USUAL, Whoami, failback, retry, run, run_and_kill,
};

/// Accounts that a partial promotion moves.
const SOME: usize = 5;

mod mesh;
mod witnesses;

/// Every scenario, in the order they are played.
pub(super) fn all() -> impl Iterator<Item = &'static Scenario> {
    SITES.iter().chain(witnesses::WITNESSES).chain(mesh::MESH)
}

/// Those of mailboxes and proxies.
#[rustfmt::skip] // a table is read by its columns
const SITES: &[Scenario] = &[
    Scenario {
        name: "outage-and-return",
        title: "the peer dies, its mailboxes move here once, and it comes back",
        setup: USUAL,
        moves: &[
            run(&[],            "rest/alive",            0, &[Promotions(0), NothingRemembered]),
            run(&[PeerDies],    "hold/confirming",       0, &[Promotions(0), OnPeer(ALL)]),
            run(&[],            "promote/confirmed",     0, &[Promotions(1), OnPeer(0), Flushed(ALL)]),
            run(&[],            "hold/already-promoted", 0, &[Promotions(1)]),
            run(&[PeerReturns], "hold/returning",        0, &[Promotions(1)]),
            run(&[],            "return/returned",       0, &[Promotions(1), NothingRemembered]),
            run(&[],            "rest/alive",            0, &[Promotions(1), OnPeer(0)]),
        ],
    },
    Scenario {
        name: "blip",
        title: "the peer is away for less than two runs, twice",
        setup: USUAL,
        moves: &[
            run(&[PeerDies],    "hold/confirming", 0, &[Promotions(0)]),
            run(&[PeerReturns], "clear/recovered", 0, &[Promotions(0), NothingRemembered]),
            run(&[PeerDies],    "hold/confirming", 0, &[Promotions(0)]),
            run(&[PeerReturns], "clear/recovered", 0, &[Promotions(0), NothingRemembered]),
            run(&[],            "rest/alive",      0, &[Promotions(0), OnPeer(ALL)]),
        ],
    },
    Scenario {
        name: "witness-unknown",
        title: "the peer is silent and the witness cannot say why: that never counts as dead",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, TokenRevoked],         "hold/unknown",      3, &[Promotions(0)]),
            run(&[TokenRestored, WitnessFreezes],  "hold/unknown",      3, &[Promotions(0)]),
            run(&[WitnessThaws, PeerLeft],         "hold/unknown",      3, &[Promotions(0)]),
            run(&[PeerDies],                       "hold/confirming",   0, &[Promotions(0)]),
            run(&[WitnessFreezes],                 "hold/unknown",      3, &[OnPeer(ALL)]),
            run(&[WitnessThaws],                   "promote/confirmed", 0, &[Promotions(1)]),
        ],
    },
    Scenario {
        name: "quorum-lost",
        title: "Consul loses its leader with the peer: the gossip speaks while an anchor answers",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, QuorumLost], "hold/confirming",   0, &[Promotions(0)]),
            run(&[],                     "promote/confirmed", 0, &[Promotions(1), OnPeer(0)]),
        ],
    },
    Scenario {
        name: "isolated",
        title: "we are the ones cut off: the gossip calls the living peer dead, in vain",
        setup: USUAL,
        moves: &[
            run(&[Isolated],    "hold/isolated", 3, &[Promotions(0)]),
            run(&[],            "hold/isolated", 3, &[Promotions(0)]),
            run(&[],            "hold/isolated", 3, &[Promotions(0), OnPeer(ALL)]),
            run(&[Reconnected], "rest/alive",    0, &[Promotions(0), NothingRemembered]),
        ],
    },
    Scenario {
        name: "cut",
        title: "only the line to the peer is cut: the witness says it runs",
        setup: USUAL,
        moves: &[
            run(&[LineCut],  "hold/cut",        3, &[Promotions(0)]),
            run(&[PeerDies], "hold/confirming", 0, &[Promotions(0)]),
            run(&[LineCut],  "hold/cut",        3, &[Promotions(0)]),
            run(&[PeerDies], "hold/confirming", 0, &[Promotions(0)]),
            run(&[LineCut],  "hold/cut",        3, &[Promotions(0), OnPeer(ALL)]),
        ],
    },
    Scenario {
        name: "failed-promotion-then-retry",
        title: "the promotion fails until it latches; the operator mends it and says so",
        setup: Setup { max_attempts: 2, ..USUAL },
        moves: &[
            run(&[PeerDies, PromotionBreaks], "hold/confirming",       0, &[Promotions(0)]),
            run(&[],                          "promote/confirmed",     1, &[OnPeer(ALL), Flushed(0)]),
            run(&[],                          "resume/unfinished",     1, &[OnPeer(ALL), Flushed(0)]),
            run(&[],                          "hold/latched",          3, &[OnPeer(ALL)]),
            run(&[PromotionMended],           "hold/latched",          3, &[OnPeer(ALL)]),
            retry(&[OnPeer(ALL)]),
            run(&[],                          "resume/unfinished",     0, &[Moves(1), Flushed(ALL)]),
            run(&[],                          "hold/already-promoted", 0, &[Moves(1), OnPeer(0)]),
        ],
    },
    Scenario {
        name: "partial-promotion",
        title: "carbonio says it is done and moved only some: the rest follows, nothing twice",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, PromotionPartial(SOME)], "hold/confirming",       0, &[Promotions(0)]),
            run(&[],                                 "promote/confirmed",     0, &[Moves(2), Flushed(ALL)]),
            run(&[],                                 "hold/already-promoted", 0, &[Promotions(2), OnPeer(0)]),
        ],
    },
    Scenario {
        name: "killed-mid-promotion",
        title: "habeat is killed while its promotion goes on: the next run waits for it",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, PromotionSlow], "hold/confirming",       0, &[Promotions(0)]),
            run_and_kill("promoting", &[Promotions(1), OnPeer(ALL)]),
            run(&[],                        "resume/unfinished",     0, &[Moves(1), Flushed(ALL)]),
            run(&[],                        "hold/already-promoted", 0, &[Promotions(1), OnPeer(0)]),
        ],
    },
    Scenario {
        name: "killed-mid-flush",
        title: "habeat is killed while it flushes: the next run flushes the rest",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, FlushSlow], "hold/confirming",       0, &[Promotions(0)]),
            run_and_kill("flushing", &[Promotions(1), OnPeer(0)]),
            run(&[],                    "resume/unfinished",     0, &[Promotions(1), Flushed(ALL)]),
            run(&[],                    "hold/already-promoted", 0, &[Promotions(1)]),
        ],
    },
    Scenario {
        name: "flush-fails",
        title: "one cache cannot be flushed: only that one is tried again",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, FlushBreaks], "hold/confirming",       0, &[Promotions(0)]),
            run(&[],                      "promote/confirmed",     1, &[Promotions(1), Flushed(ALL - 1)]),
            run(&[FlushMended],           "resume/unfinished",     0, &[Promotions(1), Flushed(ALL)]),
            run(&[],                      "hold/already-promoted", 0, &[FlushedAgain(0)]),
        ],
    },
    Scenario {
        name: "fence-fails",
        title: "it cannot be made sure that the peer is off: nothing is promoted until it is",
        setup: Setup { fence: Fence::With, ..USUAL },
        moves: &[
            run(&[PeerDies, FenceBreaks], "hold/confirming",       0, &[Fences(0)]),
            run(&[],                      "promote/confirmed",     1, &[Fences(1), Promotions(0)]),
            run(&[],                      "hold/fence-failed",     3, &[Fences(1), Promotions(0)]),
            run(&[FenceMended],           "hold/fence-failed",     3, &[Fences(1), Promotions(0)]),
            retry(&[OnPeer(ALL)]),
            run(&[],                      "resume/unfinished",     0, &[Fences(2), Flushed(ALL)]),
            run(&[],                      "hold/already-promoted", 0, &[Fences(2), OnPeer(0)]),
        ],
    },
    Scenario {
        name: "return-mid-promotion",
        title: "the peer comes back while its promotion is unfinished: nothing more is promoted",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, PromotionBreaks],      "hold/confirming",   0, &[Promotions(0)]),
            run(&[],                               "promote/confirmed", 1, &[Promotions(1)]),
            run(&[PeerReturns, PromotionMended],   "hold/returning",    0, &[Promotions(1)]),
            run(&[],                               "return/returned",   0, &[Promotions(1)]),
            run(&[],                               "rest/alive",        0, &[OnPeer(ALL), NothingRemembered]),
        ],
    },
    Scenario {
        name: "second-outage",
        title: "the peer dies again soon after it came back: the block period holds",
        setup: Setup { block_period: "1h", ..USUAL },
        moves: &[
            run(&[PeerDies],    "hold/confirming",   0, &[Promotions(0)]),
            run(&[],            "promote/confirmed", 0, &[Promotions(1), OnPeer(0)]),
            run(&[PeerReturns], "hold/returning",    0, &[Promotions(1)]),
            run(&[],            "return/returned",   0, &[NothingRemembered]),
            run(&[PeerDies],    "hold/confirming",   0, &[Promotions(1)]),
            run(&[],            "hold/blocked",      3, &[Promotions(1)]),
        ],
    },
    Scenario {
        name: "old-carbonio",
        title: "carbonio only knows the old name of its module: it is found out",
        setup: USUAL,
        moves: &[
            run(&[PeerDies, CarbonioIsOld], "hold/confirming",   0, &[Promotions(0)]),
            run(&[],                        "promote/confirmed", 0, &[Moves(1), Flushed(ALL)]),
        ],
    },
    Scenario {
        name: "manual-site",
        title: "seen from the site that never takes over: its HA module rests meanwhile",
        setup: Setup { whoami: Whoami::Primary, ..USUAL },
        moves: &[
            run(&[],            "rest/alive",       0, &[ModuleStops(0)]),
            run(&[PeerDies],    "hold/manual-site", 3, &[ModuleStops(1), Promotions(0)]),
            run(&[],            "hold/manual-site", 3, &[ModuleStops(1), Promotions(0)]),
            run(&[PeerReturns], "hold/returning",   0, &[ModuleStarts(0)]),
            run(&[],            "return/returned",  0, &[ModuleStarts(1), NothingRemembered]),
            run(&[],            "rest/alive",       0, &[ModuleStarts(1), OnPeer(ALL)]),
        ],
    },
    Scenario {
        name: "manual-return",
        title: "the return is the operator's: habeat waits for it, on the manual site too",
        setup: Setup { whoami: Whoami::Primary, on_return: "manual", ..USUAL },
        moves: &[
            run(&[PeerDies],         "hold/manual-site",       3, &[ModuleStops(1)]),
            failback(&[],            "hold/peer-away",         3, &[ModuleStarts(0)]),
            run(&[PeerReturns],      "hold/returning",         0, &[ModuleStarts(0)]),
            run(&[],                 "hold/manual-return",     0, &[ModuleStarts(0)]),
            run(&[],                 "hold/manual-return",     0, &[ModuleStarts(0)]),
            failback(&[],            "return/failback",        0, &[ModuleStarts(1), NothingRemembered]),
            failback(&[],            "hold/nothing-to-return", 0, &[ModuleStarts(1)]),
            run(&[],                 "rest/alive",             0, &[ModuleStarts(1)]),
        ],
    },
    Scenario {
        name: "proxy-failback",
        title: "a proxy: the operator asks for the return; it fails at first, and is gone on with",
        setup: Setup { role: Role::Proxy, on_return: "manual", ..USUAL },
        moves: &[
            run(&[PeerDies],                     "hold/confirming",    0, &[]),
            run(&[],                             "promote/confirmed",  0, &[Switched(&["here-1", "here-2", "look"])]),
            failback(&[],                        "hold/peer-away",     3, &[Switched(&["here-1", "here-2", "look"])]),
            failback(&[PeerReturns, BackBreaks], "return/failback",    1, &[Switched(&["here-1", "here-2", "look", "back"])]),
            run(&[SwitchMended],                 "return/failback",    0, &[Switched(&["here-1", "here-2", "look", "back", "back"]), NothingRemembered]),
            run(&[],                             "rest/alive",         0, &[]),
        ],
    },
    Scenario {
        name: "proxy-outage-and-return",
        title: "a proxy: the peer dies, its traffic moves here once, and back when the peer is back",
        setup: Setup { role: Role::Proxy, ..USUAL },
        moves: &[
            run(&[],            "rest/alive",            0, &[Switched(&[])]),
            run(&[PeerDies],    "hold/confirming",       0, &[Switched(&[])]),
            run(&[],            "promote/confirmed",     0, &[Switched(&["here-1", "here-2", "look"])]),
            run(&[],            "hold/already-promoted", 0, &[Switched(&["here-1", "here-2", "look", "look"])]),
            run(&[PeerReturns], "hold/returning",        0, &[Switched(&["here-1", "here-2", "look", "look"])]),
            run(&[],            "return/returned",       0, &[Switched(&["here-1", "here-2", "look", "look", "back"]), NothingRemembered]),
            run(&[],            "rest/alive",            0, &[OnPeer(ALL)]),
        ],
    },
    Scenario {
        name: "proxy-half",
        title: "half of the traffic moves; the other half follows alone, or the first goes back",
        setup: Setup { role: Role::Proxy, ..USUAL },
        moves: &[
            run(&[PeerDies, SwitchBreaks], "hold/confirming",   0, &[Switched(&[])]),
            run(&[],                       "promote/confirmed", 1, &[Switched(&["here-1", "here-2"])]),
            run(&[SwitchMended],           "resume/unfinished", 0, &[Switched(&["here-1", "here-2", "here-2", "look"])]),
            run(&[PeerReturns],            "hold/returning",    0, &[]),
            run(&[],                       "return/returned",   0, &[Switched(&["here-1", "here-2", "here-2", "look", "back"])]),
            run(&[PeerDies, SwitchBreaks], "hold/confirming",   0, &[]),
            run(&[],                       "promote/confirmed", 1, &[]),
            run(&[PeerReturns],            "hold/returning",    0, &[]),
            run(&[],                       "return/returned",   0, &[Switched(&["here-1", "here-2", "here-2", "look", "back", "here-1", "here-2", "back"]), NothingRemembered]),
        ],
    },
    Scenario {
        name: "proxy-killed",
        title: "a run is killed while the first half moves: the next one waits for that, and goes on",
        setup: Setup { role: Role::Proxy, ..USUAL },
        moves: &[
            run(&[PeerDies, SwitchSlow], "hold/confirming",  0, &[]),
            run_and_kill("switching", &[Switched(&["here-1"])]),
            run(&[], "resume/unfinished", 0, &[Switched(&["here-1", "here-1", "here-2", "look"])]),
        ],
    },
    Scenario {
        name: "proxy-not-enabled",
        title: "a proxy that may not switch yet: it only says what it would do",
        setup: Setup { role: Role::ProxyNotEnabled, ..USUAL },
        moves: &[
            run(&[PeerDies],    "hold/confirming",  0, &[]),
            run(&[],            "hold/not-enabled", 3, &[Switched(&[])]),
            run(&[],            "hold/not-enabled", 3, &[Switched(&[])]),
            run(&[PeerReturns], "clear/recovered",  0, &[Switched(&[]), NothingRemembered]),
        ],
    },
];
