//! HetrixTools as its specification has it: keys, filters, pages and limits, over TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// The moment of the fixtures.
const THEN: i64 = 1_790_000_000;

/// The key that may ask.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What the server knows and allows.
pub(crate) struct State {
    pub(crate) monitors: Vec<Value>,
    /// Calls that are left before the rate limit.
    pub(crate) calls: usize,
    /// What was asked: the first lines of the requests.
    pub(crate) asked: Vec<String>,
}

/// A server that lives as long as the test process.
pub(crate) struct FakeHetrix {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

impl FakeHetrix {
    /// Starts it, and writes its root certificate to `ca_file`.
    pub(crate) fn start(ca_file: &Path) -> Self {
        let config = Arc::new(identity(ca_file));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State {
            monitors: vec![monitor("down")],
            calls: usize::MAX,
            asked: Vec::new(),
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
}

/// Returns the monitor of a fixture, as if it were made now.
pub(crate) fn monitor(fixture: &str) -> Value {
    let text = match fixture {
        "down" => include_str!("../fixtures/hetrix/down.json"),
        "up" => include_str!("../fixtures/hetrix/up.json"),
        "heartbeat" => include_str!("../fixtures/hetrix/heartbeat.json"),
        other => panic!("no fixture {other}"),
    };
    let page: Value = serde_json::from_str(text).expect("a fixture");
    moved(page["monitors"][0].clone(), now() - THEN)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server has a clock of its own"
)]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("a clock").as_secs()).expect("a time")
}

/// Moves all times near the fixtures' moment.
fn moved(value: Value, by: i64) -> Value {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(time) if (THEN - time).abs() < 100_000 => (time + by).into(),
            Some(_) | None => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(|item| moved(item, by)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, field)| (key, moved(field, by)))
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
    }
}

/// Returns who a server is, and writes its root certificate to `ca_file`.
pub(crate) fn identity(ca_file: &Path) -> ServerConfig {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
    let root = root.expect("a root");
    fs::write(ca_file, root.pem()).expect("a file");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &root).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a server config")
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, state: &Mutex<State>) {
    let connection = ServerConnection::new(config).expect("a connection");
    let mut stream = StreamOwned::new(connection, stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if head.is_empty() {
        return;
    }
    let (status, headers, body) = answer(&head, &mut state.lock().expect("the state"));
    let body = body.to_string();
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn answer(head: &str, state: &mut State) -> (u16, String, Value) {
    let refusal = |status: &str, message: &str| json!({"status": status, "message": message});
    let line = head.lines().next().unwrap_or_default();
    state.asked.push(line.to_owned());
    let query = match line.split(' ').nth(1).and_then(|path| path.split_once('?')) {
        Some(("/v3/uptime-monitors", query)) if line.starts_with("GET ") => query,
        Some(_) | None => {
            let body = refusal("bad_request", "invalid endpoint");
            return (400, String::new(), body);
        }
    };
    let bearer = format!("authorization: bearer {KEY}\r\n");
    if !head.to_lowercase().contains(&bearer) {
        let body = refusal("unauthorized", "invalid api key");
        return (401, String::new(), body);
    }
    if state.calls == 0 {
        let reset = now() + 41;
        let headers = format!("retry-after: 41\r\nratelimit-reset-user: {reset}\r\n");
        return (429, headers, refusal("too_many_requests", "slow down"));
    }
    state.calls -= 1;
    (200, String::new(), page(query, &state.monitors))
}

fn page(query: &str, monitors: &[Value]) -> Value {
    let asked = |key: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(name, _)| *name == key)
            .map(|(_, value)| value)
            .next_back()
    };
    let number = |key: &str, default: usize| {
        let value = asked(key).map_or(default, |value| value.parse().expect("a number"));
        value.max(1)
    };
    let (size, current) = (number("per_page", 20).min(200), number("page", 1));
    let fits = |monitor: &&Value| {
        let is = |key: &str| monitor[key].as_str().unwrap_or_default();
        match (asked("id"), asked("name")) {
            (Some(id), _) => is("id") == id,
            (None, Some(name)) => is("name").contains(name),
            (None, None) => true,
        }
    };
    let fit: Vec<&Value> = monitors.iter().filter(fits).collect();
    let last = fit.len().div_ceil(size).max(1);
    let shown: Vec<&Value> = fit
        .iter()
        .copied()
        .skip((current - 1) * size)
        .take(size)
        .collect();
    json!({
        "meta": {
            "total": monitors.len(), "total_filtered": fit.len(), "returned": shown.len(),
            "pagination": {
                "current": current, "last": last,
                "previous": (current > 1).then(|| current - 1),
                "next": (current < last).then_some(current + 1),
            },
        },
        "monitors": shown,
    })
}
