//! A real Consul cluster in the documented layout: two servers in the primary site, one in the
//! secondary, an agent on each mailbox server, ACLs on, and nothing allowed without a token.

mod agent;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cases::Trouble;
use crate::http::{Answer, Question};
use crate::network::{self, Host, Network};
use crate::play::{Place, World};
use agent::Agent;

/// The token habeat is given: it may read every node, and nothing else.
pub(crate) const TOKEN: &str = "7f8d1c52-3a0e-4a55-9c0b-0c6a64d5d2a1";

/// May do everything: the lab's own, and the agents'.
const MASTER: &str = "b1a3e6f0-55d4-4b5e-8f5e-0f2d3c4b5a69";

/// The mailbox server of the primary site: the one that dies.
pub(crate) const PRIMARY: Host = host("mbox1", 21);
/// The mailbox server of the secondary site: habeat runs here.
pub(crate) const SECONDARY: Host = host("mbox2", 22);
/// A machine on a third site: nothing runs on it.
pub(crate) const ANCHOR: Host = host("anchor", 100);

const SERVERS: [Host; 3] = [host("svcs1", 11), host("svcs2", 12), host("svcs3", 13)];
/// Everything that is lost together with the primary site.
const PRIMARY_SITE: [&str; 3] = ["svcs1", "svcs3", PRIMARY.name];

/// How long the lab waits for the cluster to notice something. The slowest is an agent cut off
/// from everybody, which took 52 s to give up its last neighbour (Consul 1.8.7, default gossip).
const PATIENCE: Duration = Duration::from_secs(300);

const fn host(name: &'static str, number: u8) -> Host {
    Host {
        name,
        ip: std::net::Ipv4Addr::new(10, 99, 0, number),
    }
}

/// The cluster. Field order is drop order: programs end before their namespaces go.
pub(crate) struct Cluster {
    agents: Vec<Agent>,
    network: Network,
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts it, and waits until every agent knows every other.
    pub(crate) fn start() -> Self {
        let program = network::consul();
        let folder = tempfile::tempdir().unwrap();
        let mailboxes = [PRIMARY, SECONDARY];
        let network = Network::new(&[&SERVERS[..], &mailboxes, &[ANCHOR]].concat());
        let agent = |role, host| Agent::new(&program, folder.path(), role, host);
        let agents = SERVERS
            .map(|host| agent("server", host))
            .into_iter()
            .chain(mailboxes.map(|host| agent("agent", host)))
            .collect();
        let mut cluster = Self {
            agents,
            network,
            _folder: folder,
        };
        cluster.switch_on();
        cluster.wait_for_leader();
        cluster.make_token();
        cluster.mend();
        cluster
    }

    fn switch_on(&mut self) {
        for agent in &mut self.agents {
            agent.revive(&self.network);
        }
    }

    /// A token asked about before there is a leader is remembered as unknown for 30 s
    /// (`acl.token_ttl`): nothing that needs one may be asked before.
    fn wait_for_leader(&self) {
        self.wait("a leader", |cluster| {
            let leader = cluster.ask_secondary("/v1/status/leader");
            leader.is_some_and(|leader| leader != json!(""))
        });
    }

    /// Agents that took each other for dead look again every 30 s; this makes it now.
    fn rejoin(&self) {
        if self.members_with(ALIVE).len() < self.agents.len() {
            let path = format!("/v1/agent/join/{}", SERVERS[1].ip);
            self.agent(SECONDARY.name).put(&path, &json!(null));
        }
        let path = "/v1/agent/maintenance?enable=false";
        self.agent(PRIMARY.name).put(path, &json!(null));
    }

    fn make_token(&self) {
        let policy = json!({ "Name": "habeat", "Rules": r#"node_prefix "" { policy = "read" }"# });
        let token = json!({ "SecretID": TOKEN, "Policies": [{ "Name": "habeat" }] });
        self.wait("the token to be made", |cluster| {
            let secondary = cluster.agent(SECONDARY.name);
            secondary.put("/v1/acl/policy", &policy);
            secondary.put("/v1/acl/token", &token).is_some()
        });
    }

    fn wait_until_critical(&self) {
        self.wait("the primary to be critical", |cluster| {
            cluster.state_of_primary("serfHealth") == Some("critical".to_owned())
        });
    }

    /// Polls until it is so.
    fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited {PATIENCE:?} in vain for {what}; alive: {:?}, failed: {:?}, checks of the primary: {:?}",
                self.members_with(ALIVE),
                self.members_with(FAILED),
                self.checks_of_primary(),
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns the names of the members the secondary's agent believes to be in `state`.
    fn members_with(&self, state: u64) -> Vec<String> {
        let members = self.ask_secondary("/v1/agent/members").unwrap_or_default();
        let with = members.as_array().into_iter().flatten();
        with.filter(|member| member["Status"] == json!(state))
            .filter_map(|member| Some(member["Name"].as_str()?.to_owned()))
            .collect()
    }

    /// Returns the status of one check of the primary, as the majority knows it.
    fn state_of_primary(&self, check: &str) -> Option<String> {
        let checks = self.checks_of_primary()?;
        let found = checks.as_array()?.iter().find(|c| c["CheckID"] == check)?;
        Some(found["Status"].as_str()?.to_owned())
    }

    fn checks_of_primary(&self) -> Option<Value> {
        let node = self.agent(PRIMARY.name).node.clone();
        self.ask_secondary(&format!("/v1/health/node/{node}?consistent"))
    }

    fn ask_secondary(&self, path: &str) -> Option<Value> {
        self.agent(SECONDARY.name).get(path)
    }

    fn agent(&self, host: &str) -> &Agent {
        let mut agents = self.agents.iter();
        agents.find(|agent| agent.host.name == host).unwrap()
    }

    fn kill(&mut self, host: &str) {
        let mut agents = self.agents.iter_mut();
        agents.find(|agent| agent.host.name == host).unwrap().kill();
    }
}

impl World for Cluster {
    fn suffer(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::PrimaryDead => {
                self.network.cut(PRIMARY.name);
                self.kill(PRIMARY.name);
                self.wait_until_critical();
            }
            Trouble::PrimaryMute => self.network.ignore_ping(PRIMARY.name, true),
            Trouble::AgentDead => {
                self.kill(PRIMARY.name);
                self.wait_until_critical();
            }
            Trouble::AgentFrozen => {
                self.agent(PRIMARY.name).freeze();
                self.wait_until_critical();
            }
            Trouble::AgentLeft => self.make_primary_leave(),
            Trouble::Maintenance => self.maintain_primary(),
            Trouble::SecondaryIsolated => self.isolate_secondary(),
            Trouble::SecondarySiteIsolated => {
                self.network.cut(ANCHOR.name);
                self.lose_primary_site();
            }
            Trouble::PrimarySiteDead => {
                for name in PRIMARY_SITE {
                    self.kill(name);
                }
                self.lose_primary_site();
            }
            Trouble::Machine(_) => unreachable!("there are no machines"),
        }
    }

    fn mend(&mut self) {
        for host in [&SERVERS[..], &[PRIMARY, SECONDARY, ANCHOR]].concat() {
            self.network.mend(host.name);
            self.network.ignore_ping(host.name, false);
        }
        self.switch_on();
        self.wait("all agents to see each other", |cluster| {
            cluster.rejoin();
            cluster.members_with(ALIVE).len() == cluster.agents.len()
                && cluster.state_of_primary("_node_maintenance").is_none()
                && cluster.state_of_primary("serfHealth") == Some("passing".to_owned())
        });
    }

    fn place(&self) -> Place {
        Place {
            primary: format!("icmp://{}", PRIMARY.ip),
            anchor: format!("icmp://{}", ANCHOR.ip),
            consul_port: 8500,
            token: TOKEN,
            machine: String::new(),
        }
    }

    fn command(&self, program: &str) -> Command {
        self.network.command(SECONDARY.name, program)
    }

    fn ask(&self, path: &str, token: Option<&str>) -> Answer {
        self.agent(SECONDARY.name)
            .ask(&Question::get(path, token))
            .unwrap()
    }
}

impl Cluster {
    fn make_primary_leave(&mut self) {
        self.agent(PRIMARY.name)
            .put("/v1/agent/leave", &json!(null));
        self.wait("the primary to be forgotten", |cluster| {
            cluster.checks_of_primary() == Some(json!([]))
        });
        self.kill(PRIMARY.name);
    }

    fn maintain_primary(&mut self) {
        let path = "/v1/agent/maintenance?enable=true";
        self.agent(PRIMARY.name).put(path, &json!(null));
        self.wait("the maintenance of the primary to be known", |cluster| {
            cluster.state_of_primary("_node_maintenance") == Some("critical".to_owned())
        });
    }

    /// After a while the isolated agent believes that all others failed.
    fn isolate_secondary(&mut self) {
        self.network.cut(SECONDARY.name);
        self.wait("the secondary to take all others for dead", |cluster| {
            cluster.members_with(FAILED).len() == cluster.agents.len() - 1
        });
    }

    /// Cuts the line to all of it.
    fn lose_primary_site(&mut self) {
        for name in PRIMARY_SITE {
            self.network.cut(name);
        }
        self.wait("the rest to notice that the majority is gone", |cluster| {
            cluster.members_with(FAILED).len() == PRIMARY_SITE.len()
                && cluster.ask_secondary("/v1/status/leader") == Some(json!(""))
        });
    }
}

/// Member states of the gossip (serf, `MemberStatus`).
const ALIVE: u64 = 1;
const FAILED: u64 = 4;
