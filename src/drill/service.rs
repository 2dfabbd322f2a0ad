//! A TCP service that can die and come back: what the drill's probes look at.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A listening port that keeps its address while it is dead.
///
/// Nobody accepts: the kernel completes a connection on its own, and that is what a probe sees.
/// The address is not 127.0.0.1, so no outgoing connection can be given the port meanwhile.
#[derive(Debug)]
pub(super) struct Service {
    address: SocketAddr,
    listener: Option<TcpListener>,
}

impl Service {
    /// Starts listening on a free port of this loopback address.
    pub(super) fn start(address: Ipv4Addr) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0))?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
        })
    }

    /// Returns where it listens, dead or alive.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses connections from now on.
    ///
    /// Closing alone would not do: a program that is just being started still holds a copy.
    pub(super) fn die(&mut self) {
        if let Some(listener) = self.listener.take() {
            let _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
        }
    }

    /// Listens again, on the same port.
    pub(super) fn revive(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            self.listener = Some(TcpListener::bind(self.address)?);
        }
        Ok(())
    }
}
