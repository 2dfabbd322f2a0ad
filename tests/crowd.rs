//! A vCenter that lists ten thousand VMs instead of one: what a run then needs of memory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and starts the program under test"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(60);
/// KiB that a run may take.
const MEMORY: u64 = 12 * 1024;
/// KiB that it may take more than with an empty list. The list itself has 1.3 MiB.
const GROWTH: u64 = 512;

/// Writes a root to `ca_file`; returns how to serve with a certificate from it.
fn certify(ca_file: &Path) -> Arc<ServerConfig> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    fs::write(ca_file, root.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let chain = vec![params.signed_by(&key, &root).unwrap().der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    Arc::new(config.with_single_cert(chain, key).unwrap())
}

fn crowd(vms: usize) -> String {
    let rows = (0..vms).map(|n| {
        format!(
            "{{\"vm\":\"vm-{n}\",\"name\":\"machine {n} of the department with the long name\",\
             \"power_state\":\"POWERED_OFF\",\"cpu_count\":4,\"memory_size_MiB\":8192}}"
        )
    });
    let rows: Vec<_> = rows.collect();
    format!("[{}]", rows.join(","))
}

/// Answers one request. Before the session ends, it says so and waits: the run has then done all
/// it does with vCenter, and its process is still there to be looked at.
fn answer(
    tls: Arc<ServerConfig>,
    stream: TcpStream,
    list: &str,
    leaving: &Sender<()>,
    looked: &Receiver<()>,
) {
    let connection = ServerConnection::new(tls).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let (status, body) = match head.split(' ').next().unwrap() {
        "POST" => (201, "\"a-session\"".to_owned()),
        "GET" => (200, list.to_owned()),
        _ => {
            leaving.send(()).unwrap();
            looked.recv().unwrap();
            (204, String::new())
        }
    };
    let length = body.len();
    let mut reply = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
    reply.write_str(&body).unwrap();
    let _ = stream.write_all(reply.as_bytes());
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// Makes a dry run with a vCenter that lists so many VMs; returns its peak in KiB.
fn peak(vms: usize, expected: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let tls = certify(&folder.path().join("ca.pem"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ((leaving, left), (look, looked)) = (channel(), channel());
    thread::spawn(move || {
        let list = crowd(vms);
        for stream in listener.incoming().flatten() {
            answer(Arc::clone(&tls), stream, &list, &leaving, &looked);
        }
    });
    let config = include_str!("fixtures/vcenter/habeat.yml.in")
        .replace("{folder}", &folder.path().display().to_string())
        .replace("{port}", &port.to_string());
    fs::write(folder.path().join("habeat.yml"), config).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_habeat"))
        .arg("--config")
        .arg(folder.path().join("habeat.yml"))
        .args(["--dry-run", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    left.recv_timeout(AMPLE).expect("a run that leaves");
    let process = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    look.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(expected), "{said}");
    let line = process.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|peak| peak.trim().strip_suffix(" kB"));
    peak.and_then(|peak| peak.trim().parse().ok())
        .expect("the peak of its memory (proc(5))")
}

#[test]
fn ten_thousand_vms_do_not_make_a_run_large() {
    let alone = peak(0, "no VM is named");
    // It reads them all before it judges.
    let crowded = peak(10_000, "lists 10000 VMs of other names");
    println!("peak: {crowded} KiB, without them {alone} KiB");
    assert!(crowded < alone + GROWTH, "{crowded} KiB, {alone} without");
    // The program as it is installed; one built for debugging is larger by itself.
    if !cfg!(debug_assertions) {
        assert!(crowded <= MEMORY, "{crowded} KiB");
    }
}
