//! The three nodes' `habeat.yml`, as docs/failover-order.md has it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::consul::TOKEN;
use crate::stage::{
    ANCHOR, MAILBOX_A, MAILBOX_B, OLD_SERVERS, PROXY_A, PROXY_B, SERVER_B, SERVICE,
};

/// The mailbox server's role.
pub(crate) const MAILBOXES: &str = "appserver";
/// The mesh server's role.
pub(crate) const MESH: &str = "consulserver";
/// The proxy's role.
pub(crate) const PROXY: &str = "proxyserver";

/// Writes the config of a role into its folder; `lab` is the disk that all share.
pub(crate) fn write(role: &str, lab: &Path) {
    let own = lab.join(role);
    let folder = own.display();
    let of_role = match role {
        MAILBOXES => mailboxes(&own),
        PROXY => proxy(&own, lab),
        _ => mesh(&lab.join(SERVER_B.name)),
    };
    let text = format!(
        "local:
  whoami: secondary
  dc_check: primary
  role: {role}
  checkDownFile: {folder}/down
  checkPromotionFile: {folder}/promotion
  checkRestartReplicaFile: {folder}/module
  flush_cache: true
  proxy_switch: bgp
  proxy_enable_activate: true
  proxy_enable_deactivate: true
consul: {{token: {TOKEN}}}
anchors: ['icmp://{anchor}']
probe: {{attempts: 2, interval: 100ms, timeout: 1s}}
policy: {{run_spacing: 0s, evidence_max_age: 5m}}
history: {{file: {folder}/history.jsonl}}
state_dir: {folder}/state
{of_role}",
        anchor = ANCHOR.ip
    );
    let file = own.join("habeat.yml");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn mailboxes(own: &Path) -> String {
    let [mbox1, mbox2] = [MAILBOX_A, MAILBOX_B].map(|it| it.ip);
    let folder = own.display();
    format!(
        "primary: {{appserver_ip: {mbox1}, appserver_vmname: mbox1.example.com}}
secondary: {{appserver_ip: {mbox2}, appserver_vmname: mbox2.example.com}}
carbonio: {{user: '', carbonio: {folder}/carbonio, zmprov: {folder}/zmprov}}
{}",
        gated("mesh", own)
    )
}

fn proxy(own: &Path, lab: &Path) -> String {
    let [proxy1, proxy2] = [PROXY_A, PROXY_B].map(|it| it.ip);
    let socket = lab.join("proxy2.ctl");
    let birdc = format!("birdc -s {}", socket.display());
    format!(
        "primary: {{proxy_ip: {proxy1}, proxyserver_vmname: proxy1.example.com}}
secondary:
  proxy_ip: {proxy2}
  proxyserver_vmname: proxy2.example.com
  proxy_switch:
    bgp:
      activate: ['{birdc} enable vip']
      verify: ['{birdc} show route export rtr | grep -q {SERVICE}/32']
      deactivate: ['{birdc} disable vip']
{}",
        gated("mailboxes", own)
    )
}

/// Consul, and a gate.
fn gated(name: &str, own: &Path) -> String {
    let gate = own.join("gate");
    let gate = gate.display();
    format!(
        "witnesses:
- {{provider: consul}}
- {{provider: command, name: {name}, site: secondary, argv: [{gate}]}}
"
    )
}

fn mesh(server: &Path) -> String {
    let [old1, old2, new] = [OLD_SERVERS[0], OLD_SERVERS[1], SERVER_B].map(|it| it.ip);
    let (service, folder) = (crate::service::PROGRAM, server.display());
    format!(
        "primary:
  consul_ips: [{old1}, {old2}]
  consul_vmnames: [svcs1.example.com, svcs3.example.com]
secondary:
  directorysrv_ip: {new}
  consul_ips: [{new}]
  consul_vmnames: [svcs2.example.com]
mesh:
  data_dir: {folder}/data
  owner: ''
  stop: [{service}, {folder}, stop]
  start: [{service}, {folder}, start]
"
    )
}
