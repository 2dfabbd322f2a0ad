//! Two sites with one Consul cluster: two servers and a mailbox host in site A, the third server
//! and the other mailbox host in site B.

#[expect(dead_code, reason = "the other lab needs more of it")]
#[path = "../lab/consul/agent.rs"]
mod agent;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Question;
use crate::network::{self, Host, Network, command};
use crate::service::Service;
use agent::Agent;

/// The token habeat is given: it may read every node, and nothing else.
pub(crate) const TOKEN: &str = "7f8d1c52-3a0e-4a55-9c0b-0c6a64d5d2a1";
/// May do everything: the lab's own, and the agents'.
const MASTER: &str = "b1a3e6f0-55d4-4b5e-8f5e-0f2d3c4b5a69";

const SERVERS: [Host; 3] = [host("svcs1", 11), host("svcs2", 12), host("svcs3", 13)];
const MAILBOXES: [Host; 2] = [host("mbox1", 21), host("mbox2", 22)];
/// A machine on a third site: nothing runs on it.
pub(crate) const ANCHOR: Host = host("anchor", 100);

/// The servers of the site that is lost, and the server of the one that is left.
pub(crate) const OLD: [Host; 2] = [SERVERS[0], SERVERS[2]];
pub(crate) const LEFT: Host = SERVERS[1];
const SITE_A: [&str; 3] = ["svcs1", "svcs3", "mbox1"];
/// Every one of them, in both sites.
const AGENTS: usize = SERVERS.len() + MAILBOXES.len();

/// Whom the server of site B runs as.
pub(crate) const ROOT: &str = "root";
pub(crate) const NOBODY: &str = "nobody";

/// Elections take 5 to 10 s, gossip takes 17 to 33 s to give up three members (Consul 1.8.7).
const PATIENCE: Duration = Duration::from_secs(300);
const TICK: Duration = Duration::from_millis(100);

/// A member that failed (serf, `MemberStatus`).
const FAILED: u64 = 4;

const fn host(name: &'static str, number: u8) -> Host {
    Host {
        name,
        ip: std::net::Ipv4Addr::new(10, 99, 0, number),
    }
}

/// The cluster. Field order is drop order: programs end before their namespaces go.
pub(crate) struct Lab {
    server_b: Service,
    agents: Vec<Agent>,
    network: Network,
    folder: tempfile::TempDir,
}

impl Lab {
    /// Starts it, with `before` written to its store, and the leader in site A.
    pub(crate) fn start(owner: &str) -> Self {
        let program = network::consul();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let network = Network::new(&[&SERVERS[..], &MAILBOXES, &[ANCHOR]].concat());
        let agent = |role, host| Agent::new(&program, folder.path(), role, host);
        let servers = SERVERS.map(|host| agent("server", host));
        let mailboxes = MAILBOXES.map(|host| agent("agent", host));
        for host in SERVERS {
            expect_two(&folder.path().join(host.name).join("config.json"));
        }
        let own = folder.path().join(LEFT.name);
        give(&own, owner);
        let server_b = Service::new(
            |program| network.command(LEFT.name, program),
            &own,
            &server(&program, owner, &own.join("config.json")),
        );
        let mut lab = Self {
            server_b,
            agents: servers.into_iter().chain(mailboxes).collect(),
            network,
            folder,
        };
        lab.rewire("link add br1 type bridge");
        lab.rewire("link set br1 up");
        lab.switch_on();
        lab
    }

    fn switch_on(&mut self) {
        self.revive(&["svcs1", "svcs3"]);
        self.wait("a leader in site A", |lab| lab.leader("svcs1").is_some());
        self.server_b.order("start");
        self.revive(&["mbox1", "mbox2"]);
        self.wait("all to be one cluster", |lab| {
            lab.voters() == SERVERS.len() && lab.nodes("mbox2").len() == AGENTS
        });
        self.wait("the token", |lab| lab.make_token());
        self.write("svcs1", "before");
        self.wait("the value in site B", |lab| {
            lab.read(LEFT.name, "before").is_some()
        });
    }

    /// A client knows without a leader only the tokens it was asked with before.
    fn make_token(&self) -> bool {
        let policy = json!({ "Name": "habeat", "Rules": r#"node_prefix "" { policy = "read" }"# });
        let token = json!({ "SecretID": TOKEN, "Policies": [{ "Name": "habeat" }] });
        self.agent(LEFT.name).put("/v1/acl/policy", &policy);
        self.agent(LEFT.name).put("/v1/acl/token", &token);
        ["svcs2", "mbox2"].iter().all(|host| {
            let seen = self
                .agent(host)
                .ask(&Question::get("/v1/agent/members", Some(TOKEN)));
            seen.is_ok_and(|seen| seen.body.as_array().is_some_and(|all| all.len() == AGENTS))
        })
    }

    /// Site A has no power. Returns when site B has noticed: since when there is no leader.
    pub(crate) fn lose_site_a(&mut self) -> Instant {
        for host in SITE_A {
            self.network.cut(host);
            self.agent_mut(host).kill();
        }
        self.wait("no leader", |lab| lab.leader(LEFT.name).is_none());
        let lost = Instant::now();
        self.wait("the gossip to give up site A", |lab| {
            [LEFT.name, "mbox2"]
                .iter()
                .all(|host| lab.failed(host) == SITE_A.len())
        });
        lost
    }

    /// Without a leader the store and the catalog answer 500, after 7 s (`rpc_hold_timeout`).
    pub(crate) fn refuses_to_read(&self) {
        for path in ["/v1/kv/before", "/v1/catalog/nodes"] {
            let question = Question::get(path, Some(MASTER));
            let answer = self.agent(LEFT.name).ask(&question).unwrap();
            assert_eq!(answer.status, 500, "{path}");
        }
    }

    /// The peers were taken, the backup is there, and all of it is the service's own still.
    pub(crate) fn is_recovered_tidily(&self) {
        let data = self.folder_of(LEFT.name).join("data");
        assert!(!data.join("raft/peers.json").exists(), "not consumed");
        let backup = fs::metadata(data.join("raft.before-habeat/raft.db")).unwrap();
        let raft = fs::metadata(data.join("raft/raft.db")).unwrap();
        assert_eq!((backup.uid(), backup.gid()), (raft.uid(), raft.gid()));
    }

    /// Site A has power again, with all it knew, but no line to site B.
    pub(crate) fn return_site_a_apart(&mut self) {
        for host in SITE_A {
            self.network.mend(host);
            self.plug(host, "br1");
        }
        self.revive(&SITE_A);
        self.wait("a second leader", |lab| lab.leader("svcs1").is_some());
    }

    /// The line between the sites is mended.
    pub(crate) fn join_sites(&self) {
        for host in SITE_A {
            self.plug(host, "br0");
        }
    }

    /// The survivor hears nothing of the old servers any more, as `docs/mesh.md` advises. Its
    /// HTTP port stays open.
    pub(crate) fn bar_site_a(&self) {
        let [one, other] = OLD.map(|old| old.ip);
        self.nft(&format!(
            "table inet mesh {{
                chain from {{
                    type filter hook input priority 0;
                    ip saddr {{ {one}, {other} }} meta l4proto {{ tcp, udp }} th dport 8300-8302 drop
                }}
                chain to {{
                    type filter hook output priority 0;
                    ip daddr {{ {one}, {other} }} meta l4proto {{ tcp, udp }} th dport 8300-8302 drop
                }}
            }}"
        ));
    }

    /// It hears them again.
    pub(crate) fn admit_site_a(&self) {
        self.nft("delete table inet mesh");
    }

    fn nft(&self, words: &str) {
        let mut nft = self.network.command(LEFT.name, "nft");
        let done = nft.arg(words).status().unwrap();
        assert!(done.success(), "nft {words}");
    }

    /// Ends all agents of site A.
    pub(crate) fn stop_site_a(&mut self) {
        for host in SITE_A {
            self.agent_mut(host).kill();
        }
    }

    /// What an operator does on the old servers, which are stopped: their Raft is moved away, and
    /// they start one after another.
    pub(crate) fn rejoin_by_procedure(&mut self) {
        for old in OLD {
            let data = self.folder_of(old.name).join("data");
            fs::rename(data.join("raft"), data.join("raft.old")).unwrap();
            self.revive(&[old.name]);
            self.wait(&format!("{} to be a peer", old.name), |lab| {
                let address = format!("{}:8300", old.ip);
                lab.peers(LEFT.name).contains(&address)
            });
        }
        self.revive(&["mbox1"]);
        self.wait("all to be one cluster", |lab| {
            let leader = lab.leader(LEFT.name);
            let agree = |server: &Host| lab.leader(server.name) == leader;
            lab.nodes("mbox2").len() == AGENTS && SERVERS.iter().all(agree)
        });
    }

    /// Whether this host's agent answers.
    pub(crate) fn runs(&self, host: &str) -> bool {
        self.agent(host).get("/v1/status/leader").is_some()
    }

    /// Peers that are well formed, but have no majority: one of the two was never there.
    pub(crate) fn peers_with_a_dead_one(&self) -> String {
        let voter = |id: String, ip: &str| {
            let address = format!("{ip}:8300");
            json!({ "id": id, "address": address, "non_voter": false })
        };
        let id = fs::read_to_string(self.folder_of(LEFT.name).join("data/node-id")).unwrap();
        let nobody = "00000000-0000-4000-8000-000000000000".to_owned();
        let own = voter(id, &LEFT.ip.to_string());
        json!([own, voter(nobody, "10.99.0.99")]).to_string()
    }

    /// Returns the leader's address, as this host's agent has it.
    pub(crate) fn leader(&self, host: &str) -> Option<String> {
        let leader = self.agent(host).get("/v1/status/leader")?;
        leader
            .as_str()
            .filter(|leader| !leader.is_empty())
            .map(str::to_owned)
    }

    /// Puts a value under this key.
    pub(crate) fn write(&self, host: &str, key: &str) {
        self.wait("the store to take a value", |lab| {
            let path = format!("/v1/kv/{key}");
            lab.agent(host).put(&path, &json!("kept")) == Some(json!(true))
        });
    }

    /// Reads what the leader has that this host follows.
    pub(crate) fn read(&self, host: &str, key: &str) -> Option<Value> {
        self.agent(host).get(&format!("/v1/kv/{key}?raw"))
    }

    /// A new leader strikes the dead off the catalog, a moment after it is one.
    pub(crate) fn await_striking_off(&self, host: &str) {
        let nodes = OLD.map(|server| format!("server-{}-example-com", server.name));
        self.wait("the dead to be struck off the catalog", |lab| {
            let lists = |node: &String| lab.agent(host).get(&format!("/v1/health/node/{node}"));
            nodes.iter().all(|node| lists(node) == Some(json!([])))
        });
    }

    fn peers(&self, host: &str) -> Vec<String> {
        let peers = self.agent(host).get("/v1/status/peers").unwrap_or_default();
        serde_json::from_value(peers).unwrap_or_default()
    }

    /// A server may vote when it was sound for a while (`server_stabilization_time`).
    fn voters(&self) -> usize {
        let path = "/v1/operator/raft/configuration";
        let raft = self.agent(LEFT.name).get(path).unwrap_or_default();
        let servers = raft["Servers"].as_array().into_iter().flatten();
        servers
            .filter(|server| server["Voter"] == json!(true))
            .count()
    }

    fn nodes(&self, host: &str) -> Vec<Value> {
        let nodes = self
            .agent(host)
            .get("/v1/catalog/nodes")
            .unwrap_or_default();
        serde_json::from_value(nodes).unwrap_or_default()
    }

    fn failed(&self, host: &str) -> usize {
        let members = self
            .agent(host)
            .get("/v1/agent/members")
            .unwrap_or_default();
        let members = members.as_array().into_iter().flatten();
        members
            .filter(|member| member["Status"] == json!(FAILED))
            .count()
    }

    /// Polls until it is so, and prints how long it took.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited {PATIENCE:?} in vain for {what}"
            );
            std::thread::sleep(TICK);
        }
        println!("{what}: {:.1} s", start.elapsed().as_secs_f64());
    }

    /// Prepares a program to run on this host.
    pub(crate) fn command(&self, host: &str, program: &str) -> Command {
        self.network.command(host, program)
    }

    /// Where this host's agent has its files.
    pub(crate) fn folder_of(&self, host: &str) -> PathBuf {
        self.folder.path().join(host)
    }

    fn revive(&mut self, hosts: &[&str]) {
        let Self {
            agents, network, ..
        } = self;
        for agent in agents
            .iter_mut()
            .filter(|agent| hosts.contains(&agent.host.name))
        {
            agent.revive(network);
        }
    }

    /// Plugs a host into one of two switches, which know nothing of each other.
    fn plug(&self, host: &str, switch: &str) {
        self.rewire(&format!("link set {host} master {switch}"));
    }

    fn rewire(&self, words: &str) {
        let mut ip = self.network.command("switch", "ip");
        let done = ip.args(words.split(' ')).status().unwrap();
        assert!(done.success(), "ip {words}");
    }

    fn agent(&self, host: &str) -> &Agent {
        let mut agents = self.agents.iter();
        agents.find(|agent| agent.host.name == host).unwrap()
    }

    fn agent_mut(&mut self, host: &str) -> &mut Agent {
        let mut agents = self.agents.iter_mut();
        agents.find(|agent| agent.host.name == host).unwrap()
    }
}

/// Carbonio's number for three servers, by which two of them alone begin a cluster. Unlike
/// Carbonio's, they tell other hosts who leads, and may vote soon. What is not in the last snapshot,
/// as a new token, a restarted server knows only by a leader: here it is soon in one.
fn expect_two(config: &Path) {
    let mut said: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
    said["bootstrap_expect"] = json!(2);
    said["autopilot"] = json!({ "server_stabilization_time": "1s" });
    said["raft_snapshot_threshold"] = json!(1);
    said["raft_snapshot_interval"] = json!("1s");
    let http = said["addresses"]["http"].as_str().unwrap();
    let outside = said["bind_addr"].as_str().unwrap();
    said["addresses"]["http"] = json!(format!("{http} {outside}"));
    fs::write(config, said.to_string()).unwrap();
}

/// Gives a folder and what is in it to a user.
fn give(folder: &Path, owner: &str) {
    let words = ["-R", &format!("{owner}:"), &folder.display().to_string()];
    assert!(command("chown").args(words).status().unwrap().success());
}

/// The server's command line, run as `owner`, to end with its supervisor.
fn server(program: &Path, owner: &str, config: &Path) -> Vec<String> {
    let [program, config] = [program, config].map(|path| path.display().to_string());
    let user = format!("--reuid={owner}");
    let setpriv = ["setpriv", &user, "--clear-groups", "--pdeathsig=KILL", "--"];
    let agent = [&program, "agent", "-config-file", &config];
    [&setpriv[..], &agent]
        .concat()
        .iter()
        .map(|word| (*word).to_owned())
        .collect()
}
