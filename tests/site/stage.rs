//! Who stands where: two sites, and a third place with the router, the client and the anchor.

use std::net::Ipv4Addr;

use crate::network::Host;

/// The addresses of the two proxies and of the router.
pub(crate) const SITE_A: &str = "10.99.0.1";
pub(crate) const SITE_B: &str = "10.99.0.2";
pub(crate) const ROUTER: &str = "10.99.0.3";
/// The service address, and the port of the service.
pub(crate) const SERVICE: &str = "10.200.0.10";
pub(crate) const PORT: &str = "443";

pub(crate) const PROXY_A: Host = host("proxy1", 1);
pub(crate) const PROXY_B: Host = host("proxy2", 2);
pub(crate) const GATE: Host = host("router", 3);
pub(crate) const CLIENT: Host = host("client", 4);
/// The mesh servers of site A.
pub(crate) const OLD_SERVERS: [Host; 2] = [host("svcs1", 11), host("svcs3", 13)];
/// The mesh server of site B; the directory answers here too.
pub(crate) const SERVER_B: Host = host("svcs2", 12);
pub(crate) const MAILBOX_A: Host = host("mbox1", 21);
pub(crate) const MAILBOX_B: Host = host("mbox2", 22);
/// Nothing runs on it.
pub(crate) const ANCHOR: Host = host("anchor", 100);

/// All that is lost together.
pub(crate) const LOST: [Host; 4] = [OLD_SERVERS[0], OLD_SERVERS[1], MAILBOX_A, PROXY_A];

/// Everybody.
pub(crate) const HOSTS: [Host; 10] = [
    OLD_SERVERS[0],
    OLD_SERVERS[1],
    MAILBOX_A,
    PROXY_A,
    SERVER_B,
    MAILBOX_B,
    PROXY_B,
    GATE,
    CLIENT,
    ANCHOR,
];

const fn host(name: &'static str, number: u8) -> Host {
    Host {
        name,
        ip: Ipv4Addr::new(10, 99, 0, number),
    }
}
