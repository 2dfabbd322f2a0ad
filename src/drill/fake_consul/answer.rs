//! What the agent says to a request. Every status, text and field was measured on Consul 1.8.7.

use serde_json::{Value, json};

use super::{Acl, Asked, Cluster, Leader, Maintenance, Node, SerfHealth};

/// A request, as far as an answer depends on it.
#[derive(Debug)]
pub(super) struct Request {
    method: String,
    path: String,
    query: String,
    token: Option<String>,
}

/// When an answer is given.
#[derive(Debug)]
pub(super) enum Response {
    /// At once.
    Now(Vec<u8>),
    /// After the servers have waited in vain for a leader.
    Held(Vec<u8>),
}

/// Whether the servers, asked by way of the agent, have an answer.
enum Rpc {
    Answers { leader: &'static str },
    Held,
    Refused,
}

impl Request {
    /// Reads a request head; `None` when it is not HTTP.
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let head = std::str::from_utf8(head).ok()?;
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?, first.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let token = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("x-consul-token"))
            .map(|(_, value)| value.trim().to_owned());
        Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            token: token.filter(|token| !token.is_empty()),
        })
    }

    /// Returns the request as it is remembered.
    pub(super) fn asked(&self) -> Asked {
        let mark = if self.query.is_empty() { "" } else { "?" };
        Asked {
            target: format!("{}{mark}{}", self.path, self.query),
            token: self.token.clone(),
        }
    }

    /// Returns what an agent of this cluster says.
    pub(super) fn answer(&self, cluster: &Cluster) -> Response {
        let node = self.path.strip_prefix("/v1/health/node/");
        if node.is_none() && !["/v1/status/leader", "/v1/agent/members"].contains(&&*self.path) {
            return Response::Now(text(404, ""));
        }
        if self.method != "GET" {
            return Response::Now(text(405, &format!("method {} not allowed", self.method)));
        }
        match node {
            Some(name) => self.health(name, cluster),
            None if self.path == "/v1/status/leader" => Response::Now(leader(cluster.leader)),
            None => Response::Now(self.members(cluster)),
        }
    }

    /// `/v1/agent/members`: the agent's own view, so it never depends on the servers.
    fn members(&self, cluster: &Cluster) -> Vec<u8> {
        let members = |visible: &Cluster| -> Vec<Value> {
            let listed = (1_u8..).zip(&visible.nodes);
            listed
                .filter_map(|(i, (name, node))| member(i, name, node))
                .collect()
        };
        match self.entry(&cluster.acl) {
            Entry::Open if self.has("wan") => json_body(&Value::Null, None),
            Entry::Open => json_body(&members(cluster).into(), None),
            Entry::Filtered => json_body(&json!([]), None),
            Entry::Denied => text(403, "ACL not found"),
        }
    }

    /// `/v1/health/node/NAME`: the servers' catalog. The name is matched without regard to case.
    fn health(&self, name: &str, cluster: &Cluster) -> Response {
        let known = match self.rpc(cluster.leader) {
            Rpc::Held => return Response::Held(text(500, "No cluster leader")),
            Rpc::Refused => return Response::Now(text(500, "No known Consul servers")),
            Rpc::Answers { leader } => leader,
        };
        let found = cluster
            .nodes
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        let checks = || found.map_or_else(Vec::new, |(own, node)| checks(own, node));
        Response::Now(match self.entry(&cluster.acl) {
            Entry::Open => json_body(&checks().into(), Some(known)),
            Entry::Filtered => json_body(&json!([]), Some(known)),
            Entry::Denied => text(403, "ACL not found"),
        })
    }

    /// Without a leader only `stale` questions are answered, from what was known last.
    fn rpc(&self, leader: Leader) -> Rpc {
        match leader {
            Leader::Known => Rpc::Answers { leader: "true" },
            Leader::Lost if self.has("stale") => Rpc::Answers { leader: "false" },
            Leader::Lost => Rpc::Held,
            Leader::CutOff => Rpc::Refused,
        }
    }

    fn has(&self, parameter: &str) -> bool {
        let mut given = self
            .query
            .split('&')
            .filter_map(|pair| pair.split('=').next());
        given.any(|name| name == parameter)
    }

    fn entry(&self, acl: &Acl) -> Entry {
        match (acl, &self.token) {
            (Acl::Off, _) => Entry::Open,
            (Acl::Token(_), None) => Entry::Filtered,
            (Acl::Token(valid), Some(given)) if valid == given => Entry::Open,
            (Acl::Token(_), Some(_)) => Entry::Denied,
        }
    }
}

/// What the access rules make of a request.
enum Entry {
    /// It sees everything.
    Open,
    /// No token: answered, with everything taken out.
    Filtered,
    /// A token nobody knows.
    Denied,
}

/// `/v1/status/leader` needs no token.
fn leader(leader: Leader) -> Vec<u8> {
    match leader {
        Leader::Known => json_body(&json!("10.0.0.1:8300"), None),
        Leader::Lost => json_body(&json!(""), None),
        Leader::CutOff => text(500, "No known Consul servers"),
    }
}

fn member(i: u8, name: &str, node: &Node) -> Option<Value> {
    let status = node.gossip? as u8;
    let role = if name.starts_with("server-") {
        "consul"
    } else {
        "node"
    };
    let tags = json!({"dc": "dc1", "id": format!("00000000-0000-0000-0000-{i:012}"),
        "role": role, "segment": "", "vsn": "2", "vsn_max": "3", "vsn_min": "2"});
    Some(
        json!({"Name": name, "Addr": format!("10.0.0.{i}"), "Port": 8301, "Tags": tags,
        "Status": status, "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2,
        "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 4}),
    )
}

fn checks(name: &str, node: &Node) -> Vec<Value> {
    let entry = |id: &str, title: &str, state: &str, notes: &str, output: &str| {
        json!({"Node": name, "CheckID": id, "Name": title, "Status": state, "Notes": notes,
            "Output": output, "ServiceID": "", "ServiceName": "", "ServiceTags": [], "Type": "",
            "Definition": {}, "CreateIndex": 11, "ModifyIndex": 11})
    };
    let serf = |state, output| entry("serfHealth", "Serf Health Status", state, "", output);
    let serf = match node.catalog {
        None => return Vec::new(),
        Some(SerfHealth::Passing) => serf("passing", "Agent alive and reachable"),
        Some(SerfHealth::Critical) => serf("critical", "Agent not live or unreachable"),
    };
    match node.maintenance {
        Maintenance::Off => vec![serf],
        Maintenance::On => {
            let (title, notes) = ("Node Maintenance Mode", "moved to another rack");
            vec![
                entry("_node_maintenance", title, "critical", notes, ""),
                serf,
            ]
        }
    }
}

/// A 200 with JSON; `leader` is given where the servers were asked.
fn json_body(body: &Value, leader: Option<&str>) -> Vec<u8> {
    let headers = leader.map_or_else(String::new, |known| {
        format!(
            "X-Consul-Effective-Consistency: consistent\r\nX-Consul-Index: 11\r\n\
             X-Consul-Knownleader: {known}\r\nX-Consul-Lastcontact: 0\r\n"
        )
    });
    render(200, "application/json", &headers, &body.to_string())
}

fn text(status: u16, body: &str) -> Vec<u8> {
    render(status, "text/plain; charset=utf-8", "", body)
}

fn render(status: u16, kind: &str, headers: &str, body: &str) -> Vec<u8> {
    let phrase = match status {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Internal Server Error",
    };
    format!(
        "HTTP/1.1 {status} {phrase}\r\nContent-Type: {kind}\r\n{headers}\
         Vary: Accept-Encoding\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
