//! What a scenario is made of: a table of moves, each with what must follow from it.

/// An outage from beginning to end.
#[derive(Debug)]
pub(super) struct Scenario {
    /// The name on the command line.
    pub(super) name: &'static str,
    /// The story in one line.
    pub(super) title: &'static str,
    /// How the lab differs from the usual one.
    pub(super) setup: Setup,
    /// What happens, in order.
    pub(super) moves: &'static [Move],
}

/// How a lab is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    /// Which site our node stands in.
    pub(super) whoami: Whoami,
    /// What our node does.
    pub(super) role: Role,
    /// `policy.max_attempts`.
    pub(super) max_attempts: u32,
    /// `policy.on_return`, as written in the config.
    pub(super) on_return: &'static str,
    /// `policy.block_period`, as written in the config.
    pub(super) block_period: &'static str,
    /// Whether there is a fence to run before a promotion.
    pub(super) fence: Fence,
    /// Who is asked about the peer.
    pub(super) witnesses: Witnesses,
}

/// Who is asked about the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Witnesses {
    /// Consul alone.
    Consul,
    /// Consul, and a program that asks a hypervisor.
    ConsulAndHypervisor,
}

/// Whether there is a fence to run before a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    /// There is none.
    Without,
    /// There is one.
    With,
}

/// What our node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It promotes mailboxes.
    Mailboxes,
    /// It switches traffic.
    Proxy,
    /// It would, but is not allowed to.
    ProxyNotEnabled,
    /// It is a server of the mesh.
    Mesh,
}

/// The site our node stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whoami {
    /// The one that takes over.
    Secondary,
    /// The one that never does so by itself.
    Primary,
}

/// One line of the table: something happens, habeat runs, and this must follow.
#[derive(Debug)]
pub(super) struct Move {
    /// What happens in the lab before.
    pub(super) happens: &'static [Event],
    /// What is called then.
    pub(super) call: Call,
    /// What it must leave behind.
    pub(super) facts: &'static [Fact],
}

/// How habeat is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// As by the timer. It must say this decision and reason and end with this code.
    Run {
        /// `decision/reason`, by their stable codes.
        says: &'static str,
        /// The exit code.
        exit: i32,
    },
    /// As by the timer, and killed with SIGKILL as soon as this file of a stub exists.
    RunAndKill {
        /// The file.
        on: &'static str,
    },
    /// By the operator: `habeat ack`.
    Ack,
    /// By the operator: `habeat failback`. As for [`Call::Run`].
    Failback {
        /// `decision/reason`, by their stable codes.
        says: &'static str,
        /// The exit code.
        exit: i32,
    },
}

/// Something that happens in the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The peer stops answering and Consul sees it dead.
    PeerDies,
    /// The peer stops answering, and Consul sees it dead, but it runs: the hypervisor sees that.
    AgentDies,
    /// The peer answers again and Consul sees it.
    PeerReturns,
    /// The peer lives, but not for us.
    LineCut,
    /// Its host left the cluster in order.
    PeerLeft,
    /// The servers of Consul lost their quorum with the peer's site.
    QuorumLost,
    /// Nothing outside reaches us any more.
    Isolated,
    /// We reach everything again.
    Reconnected,
    /// Our agent knows our token no more.
    TokenRevoked,
    /// Our agent knows our token again.
    TokenRestored,
    /// Our agent accepts connections and says nothing.
    WitnessFreezes,
    /// It answers again.
    WitnessThaws,
    /// Promotions fail.
    PromotionBreaks,
    /// Promotions work again.
    PromotionMended,
    /// The next promotion moves only so many accounts.
    PromotionPartial(usize),
    /// Promotions take their time.
    PromotionSlow,
    /// `carbonio` is from before the module was renamed.
    CarbonioIsOld,
    /// Calls that flush one of the accounts fail.
    FlushBreaks,
    /// They work again.
    FlushMended,
    /// Flushes take their time.
    FlushSlow,
    /// The fence fails.
    FenceBreaks,
    /// It works again.
    FenceMended,
    /// The second command that moves traffic fails.
    SwitchBreaks,
    /// It works again.
    SwitchMended,
    /// It takes its time.
    SwitchSlow,
    /// The command that moves traffic back fails.
    BackBreaks,
    /// Stopping the mesh's service takes its time.
    StopSlow,
    /// Starting it does.
    StartSlow,
    /// The call that a killed run left under way ends by itself; later ones are quick.
    CommandEnds,
    /// Nobody is elected in the mesh.
    ElectionsFail,
    /// Somebody would be elected again.
    ElectionsMended,
}

impl Event {
    /// Returns the event in words.
    pub(super) fn story(self) -> String {
        let words = match self {
            Self::PeerDies => "the peer dies, Consul sees it",
            Self::AgentDies => "the peer's agent dies, the hypervisor sees the peer run",
            Self::PeerReturns => "the peer is back",
            Self::LineCut => "the line to the peer is cut, Consul still sees it",
            Self::PeerLeft => "the peer's agent took its leave",
            Self::QuorumLost => "Consul loses its quorum",
            Self::Isolated => "we are cut off from everything",
            Self::Reconnected => "we are connected again",
            Self::TokenRevoked => "Consul refuses our token",
            Self::TokenRestored => "Consul takes our token again",
            Self::WitnessFreezes => "Consul hangs",
            Self::WitnessThaws => "Consul answers again",
            Self::PromotionBreaks => "promotions fail",
            Self::PromotionMended => "promotions work again",
            Self::PromotionPartial(n) => {
                return format!("the next promotion moves only {n} accounts");
            }
            Self::PromotionSlow => "promotions are slow",
            Self::CarbonioIsOld => "carbonio only knows the old name `ha`",
            Self::FlushBreaks => "the cache of one account cannot be flushed",
            Self::FlushMended => "every cache can be flushed again",
            Self::FlushSlow => "flushes are slow",
            Self::FenceBreaks => "the fence fails",
            Self::FenceMended => "the fence works again",
            Self::SwitchBreaks => "half of the traffic cannot be moved",
            Self::SwitchMended => "all of it can be moved again",
            Self::SwitchSlow => "moving traffic is slow",
            Self::BackBreaks => "the traffic cannot be moved back",
            Self::StopSlow => "the mesh's service is slow to stop",
            Self::StartSlow => "the mesh's service is slow to start",
            Self::CommandEnds => "its command ends by itself",
            Self::ElectionsFail => "no leader can be elected",
            Self::ElectionsMended => "a leader can be elected again",
        };
        words.to_owned()
    }
}

/// Something that must be so after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// Calls of `promoteAccounts` so far.
    Promotions(usize),
    /// Promotions so far that moved something.
    Moves(usize),
    /// Accounts still on the peer.
    OnPeer(usize),
    /// Accounts whose cache was flushed.
    Flushed(usize),
    /// Accounts whose cache was flushed more than once.
    FlushedAgain(usize),
    /// Calls of the fence so far.
    Fences(usize),
    /// Times the HA module was stopped so far.
    ModuleStops(usize),
    /// Times it was started so far.
    ModuleStarts(usize),
    /// Every call that moved traffic or looked where it goes, so far, in order.
    Switched(&'static [&'static str]),
    /// Every call that stopped or started the mesh's service, so far, in order.
    Service(&'static [&'static str]),
    /// What our server of the mesh has in its Raft folder.
    Raft(&'static str),
    /// Runs so far whose witnesses contradicted each other.
    Contradictions(usize),
    /// No state is left: neither suspect nor promoted.
    NothingRemembered,
}

/// The usual lab: our node is on the site that takes over.
pub(super) const USUAL: Setup = Setup {
    whoami: Whoami::Secondary,
    role: Role::Mailboxes,
    max_attempts: 3,
    on_return: "role",
    block_period: "0s",
    fence: Fence::Without,
    witnesses: Witnesses::Consul,
};

/// A call as by the timer.
pub(super) const fn run(
    happens: &'static [Event],
    says: &'static str,
    exit: i32,
    facts: &'static [Fact],
) -> Move {
    Move {
        happens,
        call: Call::Run { says, exit },
        facts,
    }
}

/// A call as by the timer, killed as soon as this file of a stub exists.
pub(super) const fn run_and_kill(on: &'static str, facts: &'static [Fact]) -> Move {
    Move {
        happens: &[],
        call: Call::RunAndKill { on },
        facts,
    }
}

/// A call by the operator: `habeat failback`.
pub(super) const fn failback(
    happens: &'static [Event],
    says: &'static str,
    exit: i32,
    facts: &'static [Fact],
) -> Move {
    Move {
        happens,
        call: Call::Failback { says, exit },
        facts,
    }
}

/// A call by the operator: `habeat ack`.
pub(super) const fn ack(facts: &'static [Fact]) -> Move {
    Move {
        happens: &[],
        call: Call::Ack,
        facts,
    }
}
