//! What happens in a scenario.

/// Something that happens in the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drill) enum Event {
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
    pub(in crate::drill) fn story(self) -> String {
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
