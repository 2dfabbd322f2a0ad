//! The role `consulserver`.

use std::path::Path;

use super::Mesh;
use crate::config::tests::{SMALLEST, errors, load_bytes, warnings};
use crate::roles::{Loaded, RoleConfig};

const MESH: &str = "
local:
  whoami: secondary
  dc_check: primary
  role: consulserver
primary:
  consul_ips: [192.0.2.7, 192.0.2.11]
  consul_vmnames: [svc1.example.com, svc3.example.com]
secondary:
  directorysrv_ip: 198.51.100.30
  consul_ips: [198.51.100.7]
  consul_vmnames: [svc2.example.com]
anchors: [icmp://203.0.113.1]
probe: {targets: [icmp://192.0.2.7, icmp://192.0.2.11]}
";

fn mesh(role: &RoleConfig) -> &Mesh {
    match role {
        RoleConfig::Consulserver(mesh) => mesh,
        RoleConfig::Appserver(_) | RoleConfig::Proxyserver(_) => panic!("{role:?}"),
    }
}

#[test]
fn a_mesh_server_has_carbonios_places_by_default() {
    assert_eq!(warnings(MESH), [""; 0]);
    let Loaded { config, role, .. } = load_bytes(MESH).unwrap();
    let mesh = mesh(&role);
    assert_eq!(config.peer.hosts, ["svc1.example.com", "svc3.example.com"]);
    assert_eq!(mesh.data_dir, Path::new("/var/lib/service-discover/data"));
    assert_eq!(mesh.owner.as_deref(), Some("service-discover"));
    assert_eq!(mesh.peers_file, Path::new("/etc/hamon/peers.json"));
    assert_eq!(mesh.stop, ["systemctl", "stop", "service-discover"]);
    assert_eq!(mesh.start, ["systemctl", "start", "service-discover"]);
    assert_eq!(mesh.directory.as_deref(), Some("198.51.100.30"));
    assert_eq!(mesh.agent.base_url, "http://127.0.0.1:8500");
    assert_eq!(mesh.peer_agents[1].base_url, "http://192.0.2.11:8500");
    assert!(
        config
            .files
            .promotion
            .ends_with("appserverprom-habeat-consulserver")
    );
}

#[test]
fn every_server_of_the_peer_is_probed() {
    let without = MESH.replace("probe:", "#probe:");
    let config = load_bytes(without).unwrap().config;
    let targets: Vec<_> = config
        .probe
        .targets
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(targets, ["icmp://192.0.2.7", "icmp://192.0.2.11"]);
}

#[test]
fn one_server_cannot_be_of_both_sites() {
    let twice = MESH.replace("[198.51.100.7]", "[198.51.100.7, 192.0.2.11]");
    let told = errors(twice);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("primary.consul_ips[1]"), "{told:?}");
    let warned = warnings(&MESH.replace("[svc2.", "[svc3.example.com, svc2."));
    assert!(
        warned.iter().any(|it| it.contains("can never")),
        "{warned:?}"
    );
}

#[test]
fn leftovers_in_the_lists_are_errors_of_this_role_alone() {
    let blank = MESH.replace("[198.51.100.7]", "[delete]");
    assert_eq!(errors(&blank).len(), 1, "{:?}", errors(&blank));
    let seed = format!("{SMALLEST}consul: {{}}\n").replace(
        "secondary:\n",
        "secondary:\n  consul_ips: [delete]\n  consul_vmnames:\n    -\n",
    );
    assert_eq!(errors(seed), [""; 0]);
}

#[test]
fn a_role_that_could_never_act_is_warned_of() {
    let blind = warnings(&MESH.replace("anchors:", "#anchors:"));
    assert!(
        blind.iter().any(|it| it.contains("no part of the mesh")),
        "{blind:?}"
    );
    let mute = warnings(&format!("{MESH}consul: {{gossip: never}}\n"));
    assert!(
        mute.iter().any(|it| it.contains("never says down")),
        "{mute:?}"
    );
}

#[test]
fn a_witness_asked_by_one_name_cannot_speak_of_several() {
    let told = errors(format!(
        "{MESH}witnesses: [{{provider: consul, host: svc1}}]\n"
    ));
    assert!(
        told.iter().any(|it| it.contains("each of consul_vmnames")),
        "{told:?}"
    );
}

#[test]
fn an_agent_of_another_node_is_warned_of() {
    let with = |host: &str| warnings(&format!("{MESH}consul: {{hostname: {host}}}\n"));
    for own in ["localhost", "'[::1]'", "198.51.100.7", "SVC2.example.com"] {
        assert_eq!(with(own), [""; 0], "{own}");
    }
    let told = with("192.0.2.7");
    assert!(
        told.iter().any(|it| it.contains("is not this node")),
        "{told:?}"
    );
}
