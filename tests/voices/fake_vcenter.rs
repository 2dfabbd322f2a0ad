//! A vCenter with one VM on one host, as `/api` has it, over TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::common::PEER;
use crate::fake_hetrix::identity;

/// What became of the VM.
pub(crate) struct State {
    pub(crate) is_on: bool,
    /// Whether it does what it is told.
    pub(crate) obeys: bool,
    /// The orders that came.
    pub(crate) orders: usize,
    sessions: usize,
}

/// A server that lives as long as the test process.
pub(crate) struct FakeVcenter {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl FakeVcenter {
    /// Starts it, and writes its root certificate to `ca_file`.
    pub(crate) fn start(ca_file: &Path) -> Self {
        let config = Arc::new(identity(ca_file));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State {
            is_on: true,
            obeys: true,
            orders: 0,
            sessions: 0,
        }));
        let known = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, known) = (Arc::clone(&config), Arc::clone(&known));
                thread::spawn(move || serve(stream, config, &known));
            }
        });
        Self { port, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state")
    }

    /// Requires that whoever logged in has logged out.
    pub(crate) fn is_left(&self) {
        assert_eq!(self.state().sessions, 0, "a session is left open");
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, state: &Mutex<State>) {
    let connection = ServerConnection::new(config).expect("a connection");
    let mut stream = StreamOwned::new(connection, stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return;
    };
    let (status, body) = answer(method, target, &mut state.lock().expect("the state"));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn answer(method: &str, target: &str, state: &mut State) -> (u16, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let has = |pair: &str| query.split('&').any(|known| known == pair);
    match (method, path) {
        ("POST", "/api/session") => {
            state.sessions += 1;
            (201, json!("session-1"))
        }
        ("DELETE", "/api/session") => {
            state.sessions -= 1;
            (204, Value::Null)
        }
        ("GET", "/api/vcenter/host") if has("connection_states=CONNECTED") => {
            let host = json!({"host": "host-1", "name": "esx1", "connection_state": "CONNECTED"});
            (200, json!([host]))
        }
        ("GET", "/api/vcenter/vm") if has(&format!("names={PEER}")) => {
            let power = if state.is_on {
                "POWERED_ON"
            } else {
                "POWERED_OFF"
            };
            (
                200,
                json!([{"vm": "vm-1", "name": PEER, "power_state": power}]),
            )
        }
        ("POST", "/api/vcenter/vm/vm-1/power") if has("action=stop") => {
            state.orders += 1;
            state.is_on &= !state.obeys;
            (204, Value::Null)
        }
        (_, _) => panic!("nobody asks {method} {target}"),
    }
}
