//! Witnesses that list everything there is, over TLS, and the peer not among it. They end with the
//! process.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::fake_hetrix::{FakeHetrix, monitor};

/// Starts an outside monitor whose monitors all have names that contain the one asked for; returns
/// its port. The last one is read like the first: the right name might be there.
pub(crate) fn hetrix(ca_file: &Path, monitors: usize) -> u16 {
    let hetrix = FakeHetrix::start(ca_file);
    let one = monitor("down");
    let all = (0..monitors).map(|number| {
        let mut one = one.clone();
        one["name"] = format!("copy {number} of mbox1.example.com").into();
        one["id"] = format!("{number:032x}").into();
        one
    });
    hetrix.state().monitors = all.collect();
    hetrix.port
}

/// Starts a vCenter that filters by no name and lists its VMs; returns its port.
pub(crate) fn vcenter(ca_file: &Path, vms: usize) -> Result<u16> {
    let tls = certify(ca_file)?;
    let rows: Vec<String> = (0..vms)
        .map(|n| {
            format!(
                r#"{{"vm":"vm-{n}","name":"machine {n} of the department with the long name","power_state":"POWERED_OFF","cpu_count":4,"memory_size_MiB":8192}}"#
            )
        })
        .collect();
    let list = format!("[{}]", rows.join(","));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that leaves early is its own affair.
            let _ = answer(Arc::clone(&tls), stream, &list);
        }
    });
    Ok(port)
}

fn answer(tls: Arc<ServerConfig>, stream: TcpStream, list: &str) -> Result<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(tls)?, stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let (status, body) = match head.as_slice() {
        [b'P', ..] => (201, "\"a-session\""),
        [b'G', ..] => (200, list),
        _ => (204, ""),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}

/// Writes a root to `ca_file`; returns how to serve with a certificate from it.
fn certify(ca_file: &Path) -> Result<Arc<ServerConfig>> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
    fs::write(ca_file, root.pem())?;
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(["127.0.0.1".to_owned()])?;
    let chain = vec![params.signed_by(&key, &root)?.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    Ok(Arc::new(config.with_single_cert(chain, key)?))
}
