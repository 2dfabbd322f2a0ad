//! A Consul agent for drills and tests: the answers of a real agent (measured on 1.8.7) over
//! loopback HTTP, with a cluster behind it that can be made to fail.
//!
//! It answers three questions, `/v1/status/leader`, `/v1/health/node/NAME` and
//! `/v1/agent/members`, the way an agent of our own site would. The catalog and the gossip are
//! two separate views, because they are in a real cluster: see [`Node`].

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

mod answer;
mod cluster;

use answer::{Request, Response};
pub use cluster::{Acl, Agent, Asked, Cluster, Gossip, Leader, Maintenance, Node, SerfHealth};

/// How long a server of a leaderless cluster holds a question (`rpc_hold_timeout`, Consul's
/// default; measured 7.0 to 7.2 s).
const HOLD: Duration = Duration::from_secs(7);
/// How long a frozen agent keeps a connection, if the client does not leave first.
const FROZEN: Duration = Duration::from_secs(60);
/// A request must be complete by then.
const REQUEST_DEADLINE: Duration = Duration::from_secs(60);
/// A request head may be this long.
const REQUEST_LIMIT: usize = 16 * 1024;
/// How often waiting looks whether the server is to end.
const TICK: Duration = Duration::from_millis(10);
/// Connections served at a time; one more is closed at once, as a real agent does.
const CONNECTIONS: usize = 64;

/// The running fake. Dropping it ends its threads and closes its port.
#[derive(Debug)]
pub struct FakeConsul {
    port: u16,
    cluster: Arc<Mutex<Cluster>>,
    ending: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl FakeConsul {
    /// Starts an agent on a free loopback port, with an empty cluster that has a leader.
    ///
    /// # Errors
    /// When no loopback port can be opened.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let cluster = Arc::new(Mutex::new(Cluster::empty()));
        let ending = Arc::new(AtomicBool::new(false));
        let port = listener.local_addr()?.port();
        let acceptor = thread::spawn({
            let (cluster, ending) = (Arc::clone(&cluster), Arc::clone(&ending));
            move || accept(&listener, &cluster, &ending)
        });
        Ok(Self {
            port,
            cluster,
            ending,
            acceptor: Some(acceptor),
        })
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives access to the cluster. Keep the guard short: the agent waits for it.
    pub fn cluster(&self) -> MutexGuard<'_, Cluster> {
        lock(&self.cluster)
    }
}

impl Drop for FakeConsul {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic of the thread has been printed; there is nothing to add while dropping.
            let _ = acceptor.join();
        }
    }
}

/// Locks the cluster; a panic elsewhere does not make its data unusable.
fn lock(cluster: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves each connection on a thread of its own until the end.
fn accept(listener: &TcpListener, cluster: &Mutex<Cluster>, ending: &AtomicBool) {
    thread::scope(|scope| {
        let mut served = Vec::new();
        while !ending.load(Ordering::Relaxed) {
            served.retain(|handle: &thread::ScopedJoinHandle<'_, ()>| !handle.is_finished());
            match listener.accept() {
                Ok((stream, _)) if served.len() < CONNECTIONS => {
                    // A client that leaves early is its own affair.
                    served.push(scope.spawn(move || {
                        let _ = serve(stream, cluster, ending);
                    }));
                }
                Ok(_) => {}
                Err(_) => thread::sleep(TICK),
            }
        }
    });
}

/// Answers one request and closes.
fn serve(mut stream: TcpStream, cluster: &Mutex<Cluster>, ending: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(TICK))?;
    stream.set_write_timeout(Some(REQUEST_DEADLINE))?;
    let Some(request) = read_request(&mut stream, ending) else {
        return Ok(());
    };
    let (response, agent) = {
        let mut cluster = lock(cluster);
        cluster.asked.push(request.asked());
        let cluster = cluster.under_service();
        (request.answer(&cluster), cluster.agent)
    };
    match (agent, response) {
        (Agent::Stopped, _) => {}
        (Agent::Frozen, _) => linger(&mut stream, FROZEN, ending),
        (Agent::Serving, Response::Now(bytes)) => stream.write_all(&bytes)?,
        (Agent::Serving, Response::Held(bytes)) => {
            linger(&mut stream, HOLD, ending);
            stream.write_all(&bytes)?;
        }
    }
    Ok(())
}

/// Reads up to the empty line; `None` when the client leaves, is too slow or says too much.
fn read_request(stream: &mut TcpStream, ending: &AtomicBool) -> Option<Request> {
    let deadline = Instant::now() + REQUEST_DEADLINE;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while Instant::now() < deadline && !ending.load(Ordering::Relaxed) {
        match stream.read(&mut chunk) {
            Ok(0) => return None,
            Ok(n) => head.extend_from_slice(chunk.get(..n)?),
            Err(err) if is_waiting(&err) => continue,
            Err(_) => return None,
        }
        if head.windows(4).any(|end| end == b"\r\n\r\n") {
            return Request::parse(&head);
        }
        if head.len() > REQUEST_LIMIT {
            return None;
        }
    }
    None
}

/// Waits, saying nothing, until the client leaves, the time is over, or the server ends.
fn linger(stream: &mut TcpStream, longest: Duration, ending: &AtomicBool) {
    let deadline = Instant::now() + longest;
    let mut rest = [0; 256];
    while Instant::now() < deadline && !ending.load(Ordering::Relaxed) {
        match stream.read(&mut rest) {
            Ok(0) => return,
            Ok(_) => {}
            Err(err) if is_waiting(&err) => {}
            Err(_) => return,
        }
    }
}

/// Whether a read only met its time-out.
fn is_waiting(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests;
