//! The mesh: two servers in site A, one in site B, an agent with each mailbox server and proxy.

#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/consul/agent.rs"]
mod agent;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::http::Question;
use crate::network::{Host, Network};
use crate::service::Service;
use crate::stage::{LOST, MAILBOX_A, MAILBOX_B, OLD_SERVERS, PROXY_A, PROXY_B, SERVER_B};
use crate::wait::wait_until;
use agent::Agent;

/// The token habeat is given: it may read every node, and nothing else.
pub(crate) const TOKEN: &str = "7f8d1c52-3a0e-4a55-9c0b-0c6a64d5d2a1";
/// May do everything: the lab's own, and the agents'.
const MASTER: &str = "b1a3e6f0-55d4-4b5e-8f5e-0f2d3c4b5a69";
const SERVERS: [Host; 3] = [OLD_SERVERS[0], SERVER_B, OLD_SERVERS[1]];
const CLIENTS: [Host; 4] = [MAILBOX_A, MAILBOX_B, PROXY_A, PROXY_B];

/// The cluster. The server of site B runs under a supervisor that habeat gives orders to.
pub(crate) struct Consul {
    server_b: Service,
    agents: Vec<Agent>,
    folder: PathBuf,
}

impl Consul {
    /// Starts it, with a leader in site A, and waits until everybody knows habeat's token.
    pub(crate) fn start(network: &Network, folder: &Path) -> Self {
        let program = crate::network::consul();
        let agent = |role, host| Agent::new(&program, folder, role, host);
        let servers = SERVERS.map(|host| agent("server", host));
        let clients = CLIENTS.map(|host| agent("agent", host));
        for host in SERVERS.iter().chain(&CLIENTS) {
            hurry(&folder.join(host.name).join("config.json"));
        }
        let own = folder.join(SERVER_B.name);
        let config = own.join("config.json");
        let [program, config] = [program, config].map(|path| path.display().to_string());
        let mortal = ["setpriv", "--pdeathsig=KILL", "--"];
        let agent = [&program, "agent", "-config-file", &config];
        let words: Vec<_> = mortal.into_iter().chain(agent).map(str::to_owned).collect();
        let server_b = Service::new(
            |program| network.command(SERVER_B.name, program),
            &own,
            &words,
        );
        let mut consul = Self {
            server_b,
            agents: servers.into_iter().chain(clients).collect(),
            folder: folder.to_owned(),
        };
        for server in OLD_SERVERS {
            consul.revive(network, server);
        }
        wait_until("a leader in site A", || {
            OLD_SERVERS.iter().all(|it| consul.leader(*it).is_some())
        });
        consul.server_b.order("start");
        for client in CLIENTS {
            consul.revive(network, client);
        }
        wait_until("the token", || consul.make_token());
        wait_until("all nodes in the catalog", || {
            consul.nodes(MAILBOX_B) == consul.agents.len()
        });
        consul
    }

    /// An agent knows without a leader only the tokens it was asked with before.
    fn make_token(&self) -> bool {
        let policy = json!({ "Name": "habeat", "Rules": r#"node_prefix "" { policy = "read" }"# });
        let token = json!({ "SecretID": TOKEN, "Policies": [{ "Name": "habeat" }] });
        self.agent(SERVER_B).put("/v1/acl/policy", &policy);
        self.agent(SERVER_B).put("/v1/acl/token", &token);
        [SERVER_B, MAILBOX_B, PROXY_B].iter().all(|host| {
            let question = Question::get("/v1/agent/members", Some(TOKEN));
            let seen = self.agent(*host).ask(&question);
            seen.is_ok_and(|seen| {
                let seen = seen.body.as_array();
                seen.is_some_and(|all| all.len() == self.agents.len())
            })
        })
    }

    /// Ends all of site A at once.
    pub(crate) fn lose_site_a(&mut self) {
        for agent in &mut self.agents {
            if LOST.iter().any(|host| host.name == agent.host.name) {
                agent.kill();
            }
        }
    }

    /// The documented return: an old server forgets what it agreed on before it starts.
    pub(crate) fn rejoin(&mut self, network: &Network, old: Host) {
        let data = self.folder.join(old.name).join("data");
        fs::rename(data.join("raft"), data.join("raft.old")).unwrap();
        self.revive(network, old);
        let address = format!("{}:8300", old.ip);
        wait_until(&format!("{} to be a peer", old.name), || {
            self.peers().contains(&address)
        });
    }

    /// Waits until all are one cluster again.
    pub(crate) fn await_union(&self) {
        wait_until("one cluster", || {
            let leaders = SERVERS.map(|server| self.leader(server));
            leaders.iter().all(|it| it.is_some() && *it == leaders[0])
                && self.nodes(MAILBOX_B) == self.agents.len()
        });
    }

    /// Returns the leader's address, as this host's agent has it.
    pub(crate) fn leader(&self, host: Host) -> Option<String> {
        let leader = self.agent(host).get("/v1/status/leader")?;
        let leader = leader.as_str().filter(|leader| !leader.is_empty());
        leader.map(str::to_owned)
    }

    /// Returns whom site B's server votes with.
    pub(crate) fn peers(&self) -> Vec<String> {
        let peers = self.agent(SERVER_B).get("/v1/status/peers");
        serde_json::from_value(peers.unwrap_or_default()).unwrap_or_default()
    }

    fn nodes(&self, host: Host) -> usize {
        let nodes = self.agent(host).get("/v1/catalog/nodes");
        nodes.and_then(|it| Some(it.as_array()?.len())).unwrap_or(0)
    }

    /// Starts the agent of this host.
    pub(crate) fn revive(&mut self, network: &Network, host: Host) {
        let mut agents = self.agents.iter_mut();
        let agent = agents.find(|it| it.host.name == host.name);
        agent.unwrap().revive(network);
    }

    fn agent(&self, host: Host) -> &Agent {
        let mut agents = self.agents.iter();
        agents.find(|it| it.host.name == host.name).unwrap()
    }
}

/// Two servers begin a cluster, as Carbonio has it for three. Elections are as quick as Consul
/// advises for production, and what is not known of a token is forgotten sooner than after 30 s.
fn hurry(config: &Path) {
    let mut said: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
    if said["server"] == json!(true) {
        said["bootstrap_expect"] = json!(2);
        said["performance"] = json!({ "raft_multiplier": 1 });
    }
    said["acl"]["token_ttl"] = json!("5s");
    fs::write(config, said.to_string()).unwrap();
}
