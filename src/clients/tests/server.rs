//! A server on loopback that can misbehave at byte level.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server that lives as long as the test process.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The same, as `http://ADDRESS`.
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Hands every connection, with the head of its request, to `reply`.
    pub(crate) fn acting(reply: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&requests);
        Self::raw(requests, move |mut stream| {
            let head = head(&mut stream);
            noted.lock().expect("the list").push(head.clone());
            reply(&mut stream, &head);
        })
    }

    /// Hands every connection to `serve` before anything is read.
    pub(crate) fn accepting(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::raw(Arc::default(), serve)
    }

    /// Answers each path with whole bytes.
    pub(crate) fn routing(route: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::acting(move |stream, head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let _ = stream.write_all(&route(path));
        })
    }

    /// Answers everything alike.
    pub(crate) fn saying(status: u16, body: &'static str) -> Self {
        Self::routing(move |_| response(status, "", body))
    }

    /// Returns the heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("the list").clone()
    }

    fn raw(
        requests: Arc<Mutex<Vec<String>>>,
        serve: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self {
            address,
            url: format!("http://{address}"),
            requests,
        }
    }
}

/// Returns a whole answer; `headers` end in CRLF each.
pub(crate) fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// Reads up to the empty line that ends the head of a request.
pub(crate) fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Sends one byte at a time, for as long as anybody listens.
pub(crate) fn drip(stream: &mut impl Write, byte: u8) {
    while stream
        .write_all(&[byte])
        .and_then(|()| stream.flush())
        .is_ok()
    {
        thread::sleep(Duration::from_millis(20));
    }
}

/// Keeps a connection open and says nothing, for as long as the test process lives.
pub(crate) fn hush() {
    loop {
        thread::park();
    }
}

/// Returns a loopback port on which nobody listens.
pub(crate) fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}
