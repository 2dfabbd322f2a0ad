//! The fake world: everything on loopback, Consul played by the drill's own agent.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use habeat::drill::fake_consul::{Acl, Cluster, FakeConsul, Gossip, Leader, Maintenance, Node};

use crate::cases::Trouble;
use crate::http::{Answer, Question};
use crate::node::here;
use crate::play::{Place, World};

const PRIMARY: &str = "agent-mbox1-example-com";
const SECONDARY: &str = "agent-mbox2-example-com";
const PRIMARY_SITE: [&str; 3] = [
    PRIMARY,
    "server-svcs1-example-com",
    "server-svcs3-example-com",
];
const LEFT_OVER: [&str; 2] = [SECONDARY, "server-svcs2-example-com"];
const TOKEN: &str = "3d7b1b0e-6f0c-4f5e-8d7a-2a4f6c8e0b1d";

/// The fake world.
pub(crate) struct Fake {
    consul: FakeConsul,
    primary: Service,
    anchor: Service,
}

/// A port that accepts connections, or not.
struct Service {
    address: SocketAddr,
    listener: Option<TcpListener>,
}

impl Fake {
    /// Starts it without troubles.
    pub(crate) fn start() -> Self {
        let mut fake = Self {
            consul: FakeConsul::start().unwrap(),
            primary: Service::start(),
            anchor: Service::start(),
        };
        fake.consul.cluster().acl = Acl::Token(TOKEN.to_owned());
        fake.mend();
        fake
    }
}

impl World for Fake {
    fn suffer(&mut self, trouble: Trouble) {
        let mut cluster = self.consul.cluster();
        match trouble {
            Trouble::PrimaryDead => {
                self.primary.stop();
                cluster.set(PRIMARY, Node::FAILED);
            }
            Trouble::PrimaryMute => self.primary.stop(),
            Trouble::AgentDead | Trouble::AgentFrozen => cluster.set(PRIMARY, Node::FAILED),
            Trouble::AgentLeft => cluster.set(PRIMARY, Node::LEFT),
            Trouble::Maintenance => {
                let maintenance = Maintenance::On;
                cluster.set(
                    PRIMARY,
                    Node {
                        maintenance,
                        ..Node::ALIVE
                    },
                );
            }
            Trouble::SecondaryIsolated => {
                self.primary.stop();
                self.anchor.stop();
                cluster.isolate(SECONDARY);
            }
            Trouble::SecondarySiteIsolated => {
                self.primary.stop();
                self.anchor.stop();
                lose_primary_site(&mut cluster);
            }
            Trouble::PrimarySiteDead => {
                self.primary.stop();
                lose_primary_site(&mut cluster);
            }
            Trouble::Machine(_) => unreachable!("there are no machines"),
        }
    }

    fn mend(&mut self) {
        self.primary.resume();
        self.anchor.resume();
        let mut cluster = self.consul.cluster();
        cluster.leader = Leader::Known;
        for name in PRIMARY_SITE.iter().chain(&LEFT_OVER) {
            cluster.set(name, Node::ALIVE);
        }
    }

    fn place(&self) -> Place {
        Place {
            primary: format!("tcp://{}", self.primary.address),
            anchor: format!("tcp://{}", self.anchor.address),
            consul_port: self.consul.port(),
            token: TOKEN,
            machine: String::new(),
        }
    }

    fn command(&self, program: &str) -> Command {
        here(program)
    }

    fn ask(&self, path: &str, token: Option<&str>) -> Answer {
        let line = TcpStream::connect((Ipv4Addr::LOCALHOST, self.consul.port())).unwrap();
        Question::get(path, token).ask(line).unwrap()
    }
}

/// What is left has no leader. Nobody updates the catalog: it goes on saying passing.
fn lose_primary_site(cluster: &mut Cluster) {
    cluster.leader = Leader::Lost;
    for name in PRIMARY_SITE {
        let gossip = Some(Gossip::Failed);
        let node = Node {
            gossip,
            ..Node::ALIVE
        };
        cluster.set(name, node);
    }
}

/// Returns a loopback address that nobody else has: a port that is closed for a while must not be
/// given to another case that is played meanwhile.
fn own_address() -> Ipv4Addr {
    static TAKEN: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 0x80, low, TAKEN.fetch_add(1, Ordering::Relaxed))
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind((own_address(), 0)).unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            listener: Some(listener),
        }
    }

    /// Closing alone would not do: a program that is just being started still holds a copy.
    fn stop(&mut self) {
        if let Some(listener) = self.listener.take() {
            rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
        }
    }

    fn resume(&mut self) {
        let address = self.address;
        self.listener
            .get_or_insert_with(|| TcpListener::bind(address).unwrap());
    }
}
