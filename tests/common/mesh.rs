//! A site whose node is a server of the mesh, and the program that stops and starts it.

use habeat::drill::fake_consul::{Leader, Node};

use super::Site;

/// Where it remembers a recovery.
pub(crate) const PROMOTION: &str = "promotion-consulserver";
pub(crate) const NODE_ID: &str = "61f22310-97de-0965-4958-321840df66b6";

impl Site {
    /// Builds a server that lost its quorum together with the two of the peer's site.
    pub(crate) fn mesh() -> Self {
        let mut site = Self::new();
        site.program("service", include_str!("../../src/drill/mesh.sh"));
        let raft = site.path("data/raft");
        std::fs::create_dir_all(&raft).unwrap_or_else(|e| panic!("{e}"));
        site.write("data/node-id", NODE_ID);
        site.write("data/raft/raft.db", "as it was\n");
        {
            let mut cluster = site.consul.cluster();
            cluster.leader = Leader::Lost;
            cluster.service = Some(site.path(""));
            cluster.set("server-svc1-example-com", Node::FAILED);
            cluster.set("server-svc2-example-com", Node::FAILED);
            cluster.set("server-svc3-example-com", Node::ALIVE);
        }
        site.config.role = "consulserver";
        site.config.peer_site = "consul_ips: [127.0.0.7, 127.0.0.8]\n  \
            consul_vmnames: [svc1.example.com, svc2.example.com]"
            .to_owned();
        site.own_servers("");
        site.set_mesh("''", "leader_timeout: 5s");
        site
    }

    /// Writes the block of our own site.
    pub(crate) fn own_servers(&mut self, more: &str) {
        self.config.own_site =
            format!("consul_ips: [127.0.0.1]\n  consul_vmnames: [svc3.example.com]\n  {more}");
    }

    /// Writes the block `mesh`.
    pub(crate) fn set_mesh(&mut self, owner: &str, more: &str) {
        let [data, service, peers] =
            ["data", "service", "peers.json"].map(|name| self.path(name).display().to_string());
        self.config.more = format!(
            "mesh: {{data_dir: {data}, owner: {owner}, peers_file: {peers}, \
             stop: [{service}, stop], start: [{service}, start], {more}}}"
        );
    }

    /// Returns what the Raft folder holds.
    pub(crate) fn raft(&self) -> String {
        self.text("data/raft/raft.db")
    }
}
