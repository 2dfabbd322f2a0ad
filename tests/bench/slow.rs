//! Servers that take their time. They end with the process.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A request is not longer than this.
const REQUEST_LIMIT: usize = 16 * 1024;

/// Starts a server that accepts connections and hangs up; returns its port.
pub(crate) fn greeter() -> io::Result<u16> {
    serve(drop)
}

/// Starts a server that answers every request with 503 after `delay`; returns its port.
pub(crate) fn refuser(delay: Duration) -> io::Result<u16> {
    http(delay, |_| {
        Ok(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .to_vec(),
        )
    })
}

/// Starts a server that answers every request with a page that says `down`, after `delay`; returns
/// its port.
pub(crate) fn page(delay: Duration) -> io::Result<u16> {
    http(delay, |_| {
        Ok(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndown".to_vec())
    })
}

/// Starts a server that gives the answers of another one, `delay` after the request; returns its
/// port. The other one must close after its answer.
pub(crate) fn relay(to: u16, delay: Duration) -> io::Result<u16> {
    http(delay, move |request| {
        let mut upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
        upstream.write_all(request)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        Ok(answer)
    })
}

fn http(
    delay: Duration,
    answer: impl Fn(&[u8]) -> io::Result<Vec<u8>> + Clone + Send + 'static,
) -> io::Result<u16> {
    serve(move |mut stream| {
        let due = Instant::now() + delay;
        // A client that leaves early is its own affair.
        let _ = request(&mut stream)
            .and_then(|request| answer(&request))
            .and_then(|answer| {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                stream.write_all(&answer)
            });
    })
}

fn request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut head, mut chunk) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") && head.len() < REQUEST_LIMIT {
        match stream.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => head.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(head)
}

/// Serves each connection on a thread of its own.
fn serve(work: impl Fn(TcpStream) + Clone + Send + 'static) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let work = work.clone();
            thread::spawn(move || work(stream));
        }
    });
    Ok(port)
}
