use super::*;

const PEER: &str = "agent-mbox1-example-com";

fn fake() -> FakeConsul {
    let consul = FakeConsul::start().unwrap();
    consul.cluster().set(PEER, Node::ALIVE);
    consul
}

/// Sends a request and returns status and body.
fn ask(consul: &FakeConsul, request: &str, token: Option<&str>) -> (u16, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, consul.port())).unwrap();
    let token = token.map_or_else(String::new, |t| format!("X-Consul-Token: {t}\r\n"));
    let head = format!("{request} HTTP/1.1\r\nHost: consul\r\n{token}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn get(consul: &FakeConsul, target: &str, token: Option<&str>) -> (u16, String) {
    ask(consul, &format!("GET {target}"), token)
}

fn health(consul: &FakeConsul, name: &str) -> Vec<(String, String)> {
    let (status, body) = get(consul, &format!("/v1/health/node/{name}?consistent"), None);
    assert_eq!(status, 200, "{body}");
    let checks: Vec<serde_json::Value> = serde_json::from_str(&body).unwrap();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
    checks
        .iter()
        .map(|check| (text(check, "CheckID"), text(check, "Status")))
        .collect()
}

fn gossip(consul: &FakeConsul, name: &str) -> Option<u64> {
    let (status, body) = get(consul, "/v1/agent/members", None);
    assert_eq!(status, 200, "{body}");
    let members: Vec<serde_json::Value> = serde_json::from_str(&body).unwrap();
    let member = members.iter().find(|member| member["Name"] == name)?;
    member["Status"].as_u64()
}

#[test]
fn the_two_views_of_a_node_are_those_of_a_real_cluster() {
    let serf = |state: &str| vec![("serfHealth".to_owned(), state.to_owned())];
    let maintenance = Node {
        maintenance: Maintenance::On,
        ..Node::ALIVE
    };
    let in_maintenance = [
        vec![("_node_maintenance".to_owned(), "critical".to_owned())],
        serf("passing"),
    ]
    .concat();
    for (node, in_catalog, in_gossip) in [
        (Node::ALIVE, serf("passing"), Some(1)),
        (Node::FAILED, serf("critical"), Some(4)),
        (Node::LEFT, Vec::new(), Some(3)),
        (maintenance, in_maintenance, Some(1)),
    ] {
        let consul = fake();
        consul.cluster().set(PEER, node);
        assert_eq!(health(&consul, PEER), in_catalog, "{node:?}");
        assert_eq!(gossip(&consul, PEER), in_gossip, "{node:?}");
    }
}

#[test]
fn a_node_is_found_by_its_exact_name_in_any_case() {
    let consul = fake();
    assert_eq!(health(&consul, "AGENT-mbox1-EXAMPLE-com").len(), 1);
    assert_eq!(health(&consul, "mbox1.example.com"), []);
    assert_eq!(gossip(&consul, "nobody"), None);
}

#[test]
fn the_leader_is_told_as_measured() {
    for (leader, expected) in [
        (Leader::Known, (200, r#""10.0.0.1:8300""#)),
        (Leader::Lost, (200, r#""""#)),
        (Leader::CutOff, (500, "No known Consul servers")),
    ] {
        let consul = fake();
        consul.cluster().leader = leader;
        let (status, body) = get(&consul, "/v1/status/leader", None);
        assert_eq!((status, &*body), expected, "{leader:?}");
    }
}

#[test]
fn without_servers_the_gossip_speaks_and_the_catalog_does_not() {
    let consul = fake();
    consul.cluster().set("agent-mbox2-example-com", Node::ALIVE);
    consul.cluster().isolate("agent-mbox2-example-com");
    assert_eq!(gossip(&consul, PEER), Some(4));
    assert_eq!(gossip(&consul, "agent-mbox2-example-com"), Some(1));
    let (status, body) = get(&consul, "/v1/health/node/x?consistent", None);
    assert_eq!((status, &*body), (500, "No known Consul servers"));
}

#[test]
fn a_stale_question_is_answered_from_the_past_even_without_a_leader() {
    let consul = fake();
    consul.cluster().leader = Leader::Lost;
    let (status, body) = get(&consul, &format!("/v1/health/node/{PEER}?stale"), None);
    assert_eq!(status, 200);
    assert!(body.contains("passing"), "{body}");
}

#[test]
fn acl_answers_are_those_of_default_deny() {
    let consul = fake();
    consul.cluster().acl = Acl::Token("right".to_owned());
    let node = format!("/v1/health/node/{PEER}?consistent");
    for target in ["/v1/agent/members", &*node] {
        assert_eq!(
            get(&consul, target, None),
            (200, "[]".to_owned()),
            "{target}"
        );
        let wrong = get(&consul, target, Some("wrong"));
        assert_eq!(wrong, (403, "ACL not found".to_owned()), "{target}");
        assert!(
            get(&consul, target, Some("right")).1.contains(PEER),
            "{target}"
        );
    }
    assert_eq!(get(&consul, "/v1/status/leader", None).0, 200);
    let tokens: Vec<_> = consul
        .cluster()
        .asked
        .iter()
        .map(|asked| asked.token.clone())
        .collect();
    let token = |t: &str| Some(t.to_owned());
    let three = [None, token("wrong"), token("right")];
    assert_eq!(tokens, [three.clone().as_slice(), &three, &[None]].concat());
}

#[test]
fn other_paths_and_methods_are_refused() {
    let consul = fake();
    assert_eq!(ask(&consul, "GET /v1/nothing", None), (404, String::new()));
    assert_eq!(ask(&consul, "POST /v1/agent/members", None).0, 405);
    assert_eq!(
        get(&consul, "/v1/agent/members?wan=1", None),
        (200, "null".to_owned())
    );
}

#[test]
fn a_held_or_frozen_answer_waits_for_the_client_to_leave_and_never_outlives_the_fake() {
    for change in [
        (|cluster: &mut Cluster| cluster.agent = Agent::Frozen) as fn(&mut Cluster),
        |cluster| cluster.leader = Leader::Lost,
    ] {
        let consul = fake();
        change(&mut consul.cluster());
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, consul.port())).unwrap();
        stream
            .write_all(b"GET /v1/health/node/x?consistent HTTP/1.1\r\n\r\n")
            .unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let err = stream.read(&mut [0; 16]).unwrap_err();
        assert!(is_waiting(&err), "{err}");
        let port = consul.port();
        drop(consul);
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
