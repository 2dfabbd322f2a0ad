//! Certificates: only the given roots count, and nothing is ever accepted unverified.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Server, drip, head, hush, response};
use super::{AMPLE, Door, DoubtKind, SHORT, ask, door};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer() -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a root")
}

/// A certificate for 127.0.0.1 that is good in every way.
fn good() -> CertificateParams {
    CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name")
}

fn expired() -> CertificateParams {
    let mut params = good();
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
    params
}

fn other_name() -> CertificateParams {
    CertificateParams::new(["consul.example.com".to_owned()]).expect("a name")
}

/// Serves over TLS; without an issuer the certificate vouches for itself.
fn serve(params: &CertificateParams, issuer: Option<&Issuer>) -> Server {
    let key = KeyPair::generate().expect("a key");
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    let chain = vec![certificate.expect("a certificate").der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a server config");
    let config = Arc::new(config);
    Server::accepting(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
        let mut stream = StreamOwned::new(connection, stream);
        if !head(&mut stream).is_empty() {
            let _ = stream.write_all(&response(200, "", "\"ok\""));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    })
}

fn write(name: &str, text: &str, folder: &Path) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

#[test]
fn only_a_certificate_from_the_given_root_is_accepted() {
    let (ours, theirs) = (issuer(), issuer());
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = write("ca.pem", &ours.pem(), folder.path());
    for (name, server, accepted) in [
        ("good", serve(&good(), Some(&ours)), true),
        ("expired", serve(&expired(), Some(&ours)), false),
        ("wrong name", serve(&other_name(), Some(&ours)), false),
        ("another root", serve(&good(), Some(&theirs)), false),
        ("self-signed", serve(&good(), None), false),
        (
            "no TLS at all",
            Server::accepting(|mut stream: TcpStream| {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                hush();
            }),
            false,
        ),
    ] {
        let url = format!("https://{}", server.address);
        let door = Door {
            ca_file: Some(&ca_file),
            ..door(&url, AMPLE)
        };
        match ask(&door) {
            Ok(_) => assert!(accepted, "{name} was accepted"),
            Err(doubt) => {
                assert!(!accepted, "{name}: {doubt}");
                assert_eq!(doubt.kind, DoubtKind::Tls, "{name}: {doubt}");
            }
        }
    }
}

#[test]
fn a_private_root_is_not_trusted_unless_given() {
    let server = serve(&good(), Some(&issuer()));
    let url = format!("https://{}", server.address);
    let doubt = ask(&door(&url, AMPLE)).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Tls, "{doubt}");
}

#[test]
fn a_handshake_that_never_ends_is_a_timeout() {
    for (name, server) in [
        ("silence", Server::accepting(|_stream| hush())),
        (
            "a dripping record",
            Server::accepting(|mut stream: TcpStream| {
                // The header of a handshake record of 16 KiB (RFC 8446, section 5.1).
                let _ = stream.write_all(&[22, 3, 3, 0x40, 0]);
                drip(&mut stream, 2);
            }),
        ),
    ] {
        let url = format!("https://{}", server.address);
        let doubt = ask(&door(&url, SHORT)).expect_err(name);
        assert_eq!(doubt.kind, DoubtKind::Timeout, "{name}: {doubt}");
    }
}

#[test]
fn a_ca_file_that_cannot_be_used_says_which_and_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    for (path, why) in [
        (folder.path().join("absent.pem"), "cannot read"),
        (write("empty.pem", "", folder.path()), "no PEM certificate"),
        (
            write("notes.pem", "the CA of site B\n", folder.path()),
            "no PEM certificate",
        ),
        (write("broken.pem", broken, folder.path()), "cannot read"),
    ] {
        let server = Server::saying(200, "\"ok\"");
        let door = Door {
            ca_file: Some(&path),
            ..door(&server.url, AMPLE)
        };
        let doubt = ask(&door).expect_err("a doubt");
        assert_eq!(doubt.kind, DoubtKind::Tls, "{doubt}");
        assert!(doubt.detail.contains(why), "{doubt}");
        assert!(
            doubt.detail.contains(&path.display().to_string()),
            "{doubt}"
        );
        assert!(server.requests().is_empty());
    }
}
