//! What can happen in the lab.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{Lab, TOKEN, consul_name};
use crate::drill::fake_consul::{Acl, Agent, Leader, Node};
use crate::drill::scenario::Event;

/// How long slow programs take, in seconds: long enough to be killed in the middle, even on a
/// machine that is busy otherwise.
const SLOW_PROMOTION: &str = "1";
const SLOW_FLUSH: &str = "0.6";
/// The half of the traffic that makes trouble.
const SECOND_HALF: &str = "here-2";
/// How long a slow switch takes, in seconds.
const SLOW_SWITCH: &str = "0.6";
/// How long a slow call of the mesh's service takes, and which.
const SLOW_STOP: &str = "0.6 stop";
const SLOW_START: &str = "0.6 start";
/// The calls that fail while one account cannot be flushed.
const UNFLUSHED: &str = "^user7@";
/// How often a waiting lab looks.
const TICK: Duration = Duration::from_millis(5);
/// A call that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(20);

impl Lab {
    /// Makes something happen.
    pub(in crate::drill) fn happen(&mut self, event: Event) -> Result<()> {
        match event {
            Event::PeerDies => {
                self.peer.die();
                self.everybody_sees(Node::FAILED);
                self.remove("peer_runs")?;
            }
            Event::AgentDies => {
                self.peer.die();
                self.everybody_sees(Node::FAILED);
            }
            Event::PeerReturns | Event::Reconnected => {
                self.peer.revive()?;
                self.anchor.revive()?;
                self.everybody_joins();
                self.write("peer_runs", "", 0o600)?;
            }
            Event::LineCut => {
                self.peer.die();
                self.everybody_sees(Node::ALIVE);
                self.write("peer_runs", "", 0o600)?;
            }
            Event::PeerLeft => self.everybody_sees(Node::LEFT),
            Event::QuorumLost => {
                // The catalog stays at what the servers knew last.
                self.everybody_sees(Node {
                    catalog: Node::ALIVE.catalog,
                    ..Node::FAILED
                });
                self.consul.cluster().leader = Leader::Lost;
                self.remove("mesh_led")?;
            }
            Event::Isolated => {
                self.peer.die();
                self.anchor.die();
                self.consul.cluster().isolate(&consul_name(self.own));
            }
            Event::TokenRevoked => self.consul.cluster().acl = Acl::Token("another".to_owned()),
            Event::TokenRestored => self.consul.cluster().acl = Acl::Token(TOKEN.to_owned()),
            Event::WitnessFreezes => self.consul.cluster().agent = Agent::Frozen,
            Event::WitnessThaws => self.consul.cluster().agent = Agent::Serving,
            Event::PromotionBreaks => self.write("fail_promote", "", 0o600)?,
            Event::PromotionMended => self.remove("fail_promote")?,
            Event::PromotionPartial(n) => self.write("partial", &n.to_string(), 0o600)?,
            Event::PromotionSlow => self.write("slow_promote", SLOW_PROMOTION, 0o600)?,
            Event::CarbonioIsOld => self.write("only_ha", "", 0o600)?,
            Event::FlushBreaks => self.write("fail_flush", UNFLUSHED, 0o600)?,
            Event::FlushMended => self.remove("fail_flush")?,
            Event::FlushSlow => self.write("slow_flush", SLOW_FLUSH, 0o600)?,
            Event::FenceBreaks => self.write("fail_fence", "", 0o600)?,
            Event::FenceMended => self.remove("fail_fence")?,
            Event::SwitchBreaks => self.write("fail_switch", SECOND_HALF, 0o600)?,
            Event::SwitchMended => self.remove("fail_switch")?,
            Event::BackBreaks => self.write("fail_switch", "back", 0o600)?,
            Event::SwitchSlow => self.write("slow_switch", SLOW_SWITCH, 0o600)?,
            Event::StopSlow => self.write("slow_mesh", SLOW_STOP, 0o600)?,
            Event::StartSlow => self.write("slow_mesh", SLOW_START, 0o600)?,
            Event::CommandEnds => self.await_command()?,
            Event::ElectionsFail => self.write("fail_leader", "", 0o600)?,
            Event::ElectionsMended => self.remove("fail_leader")?,
        }
        Ok(())
    }

    /// Waits until the call of the mesh's service has ended that is under way; later ones are quick.
    fn await_command(&self) -> Result<()> {
        self.remove("slow_mesh")?;
        let end = Instant::now() + DEADLINE;
        while self.path("working").exists() {
            if Instant::now() >= end {
                bail!("the service is still at work after {DEADLINE:?}");
            }
            thread::sleep(TICK);
        }
        Ok(())
    }

    fn everybody_sees(&self, node: Node) {
        let mut cluster = self.consul.cluster();
        for name in &self.nodes {
            cluster.set(name, node);
        }
    }
}
