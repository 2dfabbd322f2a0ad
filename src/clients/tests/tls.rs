//! Certificates: only the given roots count, and nothing is ever accepted unverified.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use super::certificate::{expired, good, issuer, other_name, serve};
use super::server::{Server, drip, hush, response};
use super::{AMPLE, Door, DoubtKind, SHORT, ask, door};

fn ok(_path: &str) -> Vec<u8> {
    response(200, "", "\"ok\"")
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
        ("good", serve(&good(), Some(&ours), ok), true),
        ("expired", serve(&expired(), Some(&ours), ok), false),
        ("wrong name", serve(&other_name(), Some(&ours), ok), false),
        ("another root", serve(&good(), Some(&theirs), ok), false),
        ("self-signed", serve(&good(), None, ok), false),
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
    let server = serve(&good(), Some(&issuer()), ok);
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
