//! What a scenario is made of: a table of moves, each with what must follow from it.

mod event;

pub(super) use event::Event;

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
    /// By the operator: `habeat retry`.
    Retry,
    /// By the operator: `habeat failback`. As for [`Call::Run`].
    Failback {
        /// `decision/reason`, by their stable codes.
        says: &'static str,
        /// The exit code.
        exit: i32,
    },
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

/// A call by the operator: `habeat retry`.
pub(super) const fn retry(facts: &'static [Fact]) -> Move {
    Move {
        happens: &[],
        call: Call::Retry,
        facts,
    }
}
