//! The keys of a mailbox server, all in `local`.

use crate::config::Role;
use crate::config::reader::Section;
use crate::config::role::{Hosts, Read, Reading, RoleKeys, Shape};
use crate::roles::RoleConfig;

const NAME: &str = "appserver";
const THREADS: usize = 5;
/// The widest pool. Each of its threads drives a JVM client of some 100 MB.
const MOST_THREADS: usize = 256;

/// What a mailbox server does besides promoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appserver {
    /// Width of our pool, and the `threads` handed to `promoteAccounts`.
    pub threads: usize,
    /// Whether the manual site stops its HA module while the peer is dead.
    pub disable_ha_module: bool,
    /// Whether caches are flushed after a promotion.
    pub flush_cache: bool,
    /// Whether the flush asks all servers (`-a`).
    pub flush_all_servers: bool,
    /// Whether replicas are paused and restarted after a promotion.
    pub restart_replica: bool,
}

/// Its row in the table of roles.
pub(crate) const KEYS: RoleKeys<RoleConfig> = RoleKeys {
    shape: Shape {
        name: NAME,
        has_plain_files: true,
        hosts: Hosts {
            keys: ["appserver_ip", "appserver_vmname"],
            are_lists: false,
            of_peer: [
                "the address of the peer's mailbox server, to probe it",
                "the name by which Carbonio and Consul know the peer's mailbox server",
            ],
            own_address: None,
        },
    },
    tolerate: |top| {
        settings(top);
    },
    read,
};

fn settings(top: &Section<'_>) -> Appserver {
    let local = top.get("local").block();
    let switch = |name| local.get(name).boolean(false);
    Appserver {
        threads: local.get("threads").number(THREADS, 1, Some(MOST_THREADS)),
        disable_ha_module: switch("disable_ha_module"),
        flush_cache: switch("flush_cache"),
        flush_all_servers: switch("flush_arguments_a"),
        restart_replica: switch("restart_replica"),
    }
}

fn read(from: &Reading<'_>) -> Read<RoleConfig> {
    let (settings, timeouts) = (settings(from.top), from.timeouts);
    Read {
        role: Role {
            name: NAME,
            block: None,
            // The programs refuse any user but their own, and only root can become that user.
            user: from.carbonio.user.clone(),
            patience: timeouts.promote,
            width: settings.threads,
            leader: None,
        },
        takes_over: true,
        stops_module: settings.disable_ha_module,
        spans: vec![
            ("timeouts", "query", timeouts.query * 2),
            ("timeouts", "promote", timeouts.promote),
            ("timeouts", "flush", timeouts.flush),
            ("timeouts", "command", timeouts.command * 2),
        ],
        settings: RoleConfig::Appserver(settings),
    }
}
