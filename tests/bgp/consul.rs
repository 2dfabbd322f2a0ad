//! The witness: a real Consul, its server in a third place, an agent of it in each site.

#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/consul/agent.rs"]
mod agent;

use std::path::Path;

use serde_json::json;

use crate::network::{self, Host, Network};
use crate::stage::{PROXY_A, PROXY_B, THIRD};
use crate::wait::wait_until;
use agent::Agent;

/// The token habeat is given: it may read every node, and nothing else.
pub(crate) const TOKEN: &str = "7f8d1c52-3a0e-4a55-9c0b-0c6a64d5d2a1";
/// May do everything: the lab's own, and the agents'.
const MASTER: &str = "b1a3e6f0-55d4-4b5e-8f5e-0f2d3c4b5a69";
const SERVERS: [Host; 1] = [THIRD];

/// The three agents: the server's, site A's, site B's.
pub(crate) struct Consul([Agent; 3]);

impl Consul {
    /// Starts it; it knows nothing yet.
    pub(crate) fn start(network: &Network, folder: &Path) -> Self {
        let program = network::consul();
        let hosts = [("server", THIRD), ("agent", PROXY_A), ("agent", PROXY_B)];
        Self(hosts.map(|(role, host)| {
            let mut agent = Agent::new(&program, folder, role, host);
            agent.revive(network);
            agent
        }))
    }

    /// Waits until site B's agent sees both proxies well, and habeat's token exists.
    pub(crate) fn await_health(&self) {
        let [_, a, b] = &self.0;
        // A token asked about before there is a leader is remembered as unknown for 30 s
        // (`acl.token_ttl`): nothing that needs one may be asked before.
        wait_until("a leader of Consul", || {
            let leader = b.get("/v1/status/leader");
            leader.is_some_and(|leader| leader != json!(""))
        });
        let policy = json!({ "Name": "habeat", "Rules": r#"node_prefix "" { policy = "read" }"# });
        let token = json!({ "SecretID": TOKEN, "Policies": [{ "Name": "habeat" }] });
        wait_until("the token to be made", || {
            b.put("/v1/acl/policy", &policy);
            b.put("/v1/acl/token", &token).is_some()
        });
        for agent in [a, b] {
            self.await_state(agent, "passing");
        }
    }

    /// Waits until Consul knows that site A is gone.
    pub(crate) fn await_loss(&self) {
        self.await_state(&self.0[1], "critical");
    }

    fn await_state(&self, of: &Agent, state: &str) {
        let path = format!("/v1/health/node/{}?consistent", of.node);
        wait_until(&format!("{} to be {state}", of.node), || {
            let checks = self.0[2].get(&path).unwrap_or_default();
            let mut checks = checks.as_array().into_iter().flatten();
            let serf = checks.find(|check| check["CheckID"] == "serfHealth");
            serf.is_some_and(|check| check["Status"] == state)
        });
    }
}
