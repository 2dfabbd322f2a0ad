//! What is wrong with the world, and what runs must make of it. One table, played on the fake
//! (`fake.rs`) and on a real cluster (`consul.rs`): where the two differ, the fake is wrong.

use Knowledge::{GossipNever, MisspeltPeer, NoToken, Usual, WithAnchor, WrongToken};
use Trouble::{
    AgentDead, AgentFrozen, AgentLeft, Maintenance, PrimaryDead, PrimaryMute, PrimarySiteDead,
    SecondaryIsolated, SecondarySiteIsolated,
};

/// Something that is wrong with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The primary host has no power.
    PrimaryDead,
    /// The primary host runs, but answers no probe.
    PrimaryMute,
    /// The Consul agent of the primary was killed.
    AgentDead,
    /// The Consul agent of the primary stands still, its process still there.
    AgentFrozen,
    /// The Consul agent of the primary took its leave.
    AgentLeft,
    /// An administrator put the primary into maintenance.
    Maintenance,
    /// The secondary reaches nobody, and its agent has come to believe that all others failed.
    SecondaryIsolated,
    /// The secondary site, with its one Consul server, reaches nothing outside. The primary lives.
    SecondarySiteIsolated,
    /// The primary site has no power: the host, and two of the three Consul servers.
    PrimarySiteDead,
    /// The machine of the primary is in another state than on. Only a world with machines
    /// (`mixed.rs`) has it.
    Machine(Power),
}

/// The state of a machine, as its hypervisor has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// It runs.
    On,
    /// It does not.
    Off,
    /// It neither runs nor is off.
    Suspended,
}

/// What the config under test tells habeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// A good token, no anchor.
    Usual,
    /// An anchor on a third site as well.
    WithAnchor,
    /// An anchor as well, and `consul.gossip: never`.
    GossipNever,
    /// No token for Consul.
    NoToken,
    /// A token that Consul does not know.
    WrongToken,
    /// A name for the primary that Consul does not know.
    MisspeltPeer,
    /// Several witnesses, in the words of the config; `MACHINE` stands for how the one is asked
    /// that knows the machine of the primary.
    Several(&'static str),
}

/// A story on one node, from an empty memory.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) knowledge: Knowledge,
    pub(crate) scenes: &'static [Scene],
}

/// The world as it is for some runs in a row, and what each of them must say (see
/// [`Run::said`](crate::node::Run::said)): decision, reason, verdict, testimony, exit code.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) troubles: &'static [Trouble],
    pub(crate) runs: &'static [&'static str],
}

pub(crate) const fn case(
    name: &'static str,
    knowledge: Knowledge,
    scenes: &'static [Scene],
) -> Case {
    Case {
        name,
        knowledge,
        scenes,
    }
}

pub(crate) const fn scene(troubles: &'static [Trouble], runs: &'static [&'static str]) -> Scene {
    Scene { troubles, runs }
}

pub(crate) const ALIVE: &str = "rest alive: alive, heard nothing, exit 0";
const CUT: &str = "hold cut: cut, heard up, exit 3";
const CONFIRMING: &str = "hold confirming: dead, heard down, exit 0";
const PROMOTED: &str = "promote confirmed: dead, heard down, exit 0";
const ALREADY: &str = "hold already-promoted: dead, heard down, exit 0";
const CLEARED: &str = "clear recovered: alive, heard nothing, exit 0";
pub(crate) const RETURNING: &str = "hold returning: alive, heard nothing, exit 0";
pub(crate) const RETURNED: &str = "return returned: alive, heard nothing, exit 0";
const NOT_MEMBER: &str = "hold unknown: unknown, heard not-member, exit 3";
const NOT_FOUND: &str = "hold unknown: unknown, heard not-found, exit 3";
const DENIED: &str = "hold unknown: unknown, heard denied, exit 3";
const GOSSIP_UNBACKED: &str = "hold unknown: unknown, heard down, exit 3";
const NO_LEADER: &str = "hold unknown: unknown, heard no-leader, exit 3";
const GOSSIP_ISOLATED: &str = "hold isolated: unknown, heard down, exit 3";
const NO_SERVER: &str = "hold unknown: unknown, heard http-status, exit 3";
const NO_SERVER_ISOLATED: &str = "hold isolated: unknown, heard http-status, exit 3";

/// Cases that need the same world stand next to each other: the world is then made once.
pub(crate) const CASES: &[Case] = &[
    case("all is well", Usual, &[scene(&[], &[ALIVE, ALIVE])]),
    case(
        "the primary dies, is replaced once, and returns",
        Usual,
        &[
            scene(&[PrimaryDead], &[CONFIRMING, PROMOTED, ALREADY]),
            scene(&[], &[RETURNING, RETURNED, ALIVE]),
        ],
    ),
    case(
        "the primary dies and is back before the second run",
        Usual,
        &[
            scene(&[PrimaryDead], &[CONFIRMING]),
            scene(&[], &[CLEARED]),
            scene(&[PrimaryDead], &[CONFIRMING]),
        ],
    ),
    case(
        "the primary dies, but there is no token to ask with",
        NoToken,
        &[scene(&[PrimaryDead], &[NOT_FOUND, NOT_FOUND, NOT_FOUND])],
    ),
    case(
        "the primary dies, but the token is not known",
        WrongToken,
        &[scene(&[PrimaryDead], &[DENIED, DENIED, DENIED])],
    ),
    case(
        "the primary dies, but the config misspells its name",
        MisspeltPeer,
        &[scene(&[PrimaryDead], &[NOT_MEMBER, NOT_MEMBER, NOT_MEMBER])],
    ),
    case(
        "the primary lives behind a firewall that drops the probes",
        Usual,
        &[scene(&[PrimaryMute], &[CUT, CUT, CUT])],
    ),
    case(
        "the primary is mute and in maintenance, its agent lives",
        Usual,
        &[scene(&[PrimaryMute, Maintenance], &[CUT, CUT])],
    ),
    // Consul's word is about the agent: a frozen one on a mute host counts as a dead host.
    case(
        "the agent of the primary is frozen",
        Usual,
        &[
            scene(&[AgentFrozen], &[ALIVE]),
            scene(&[AgentFrozen, PrimaryMute], &[CONFIRMING]),
        ],
    ),
    case(
        "the agent of the primary is killed",
        Usual,
        &[
            scene(&[AgentDead], &[ALIVE]),
            scene(&[AgentDead, PrimaryMute], &[CONFIRMING]),
        ],
    ),
    case(
        "the primary site dies with the quorum and there is no anchor",
        Usual,
        &[scene(&[PrimarySiteDead], &[GOSSIP_UNBACKED; 3])],
    ),
    case(
        "the primary site dies with the quorum and gossip has no say",
        GossipNever,
        &[scene(&[PrimarySiteDead], &[NO_LEADER; 3])],
    ),
    case(
        "the primary site dies with the quorum and the anchor answers",
        WithAnchor,
        &[scene(&[PrimarySiteDead], &[CONFIRMING, PROMOTED, ALREADY])],
    ),
    case(
        "the secondary site is cut off and has nothing to tell it",
        Usual,
        &[scene(&[SecondarySiteIsolated], &[GOSSIP_UNBACKED; 5])],
    ),
    case(
        "the secondary site is cut off and its anchor tells it",
        WithAnchor,
        &[scene(&[SecondarySiteIsolated], &[GOSSIP_ISOLATED; 5])],
    ),
    case(
        "the secondary is cut off and has nothing to tell it",
        Usual,
        &[scene(&[SecondaryIsolated], &[NO_SERVER; 5])],
    ),
    case(
        "the secondary is cut off and its anchor tells it",
        WithAnchor,
        &[scene(&[SecondaryIsolated], &[NO_SERVER_ISOLATED; 5])],
    ),
    // The last one, because a server may hear of the leave only after the return; it then takes the
    // next death for another leave (seen on Consul 1.8.7 under load). That errs on the safe side,
    // but no other case could rely on its world.
    case(
        "the agent of a living primary left the cluster",
        Usual,
        &[
            scene(&[AgentLeft], &[ALIVE]),
            scene(&[AgentLeft, PrimaryMute], &[NOT_FOUND, NOT_FOUND]),
        ],
    ),
];
