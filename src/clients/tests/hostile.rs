//! What any server may answer to one question.
//!
//! What each provider makes of servers that err, stall, lie about the length or are not the
//! right ones is in `witness/tests/parties.rs`.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::server::{Server, closed_port, response};
use super::{AMPLE, DoubtKind, ask, door};

fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

#[test]
fn a_status_other_than_200_is_a_doubt_of_its_own_kind() {
    for (status, body, kind) in [
        (201, "\"ok\"", DoubtKind::HttpStatus),
        (204, "", DoubtKind::HttpStatus),
        (304, "", DoubtKind::Redirected),
        (
            400,
            "Client sent an HTTP request to an HTTPS server.",
            DoubtKind::HttpStatus,
        ),
        (401, "", DoubtKind::Denied),
        (403, "Permission denied", DoubtKind::Denied),
        (403, "ACL not found", DoubtKind::Denied),
        (
            500,
            "rpc error making call: ACL not found",
            DoubtKind::Denied,
        ),
        (404, "", DoubtKind::HttpStatus),
        (405, "", DoubtKind::HttpStatus),
        (429, "rate limit exceeded", DoubtKind::RateLimited),
        (500, "No cluster leader", DoubtKind::HttpStatus),
        (500, "\"ok\"", DoubtKind::HttpStatus),
        (503, "<html>busy</html>", DoubtKind::HttpStatus),
    ] {
        let server = Server::saying(status, body);
        let doubt = ask(&door(&server.url, AMPLE)).expect_err("a doubt");
        assert_eq!(doubt.kind, kind, "{status} {body}: {doubt}");
        assert!(doubt.detail.contains(&status.to_string()), "{doubt}");
    }
}

#[test]
fn the_target_of_a_redirect_is_never_contacted() {
    for status in [301, 302, 303, 307, 308] {
        let other = Server::saying(200, "\"ok\"");
        let location = format!("location: {}/y\r\n", other.url);
        let server = Server::routing(move |_| response(status, &location, ""));
        let doubt = ask(&door(&server.url, AMPLE)).expect_err("a doubt");
        assert_eq!(doubt.kind, DoubtKind::Redirected, "{status}: {doubt}");
        assert_eq!(server.requests().len(), 1, "{status}");
        assert!(other.requests().is_empty(), "{status}");
    }
}

#[test]
fn a_refused_connection_is_unreachable() {
    let url = format!("http://{}", closed_port());
    let doubt = ask(&door(&url, AMPLE)).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Unreachable, "{doubt}");
}

#[test]
fn a_long_refusal_is_shown_in_part_and_on_one_line() {
    const BODY: &str = "first\r\nsecond\x1b[31m \
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let server = Server::saying(500, BODY);
    let doubt = ask(&door(&server.url, AMPLE)).expect_err("a doubt");
    let said = doubt
        .detail
        .rsplit_once("status 500: ")
        .expect("the status")
        .1;
    assert_eq!(said.chars().count(), 120, "{said}");
    assert!(!said.contains(char::is_control), "{said:?}");
}

#[test]
fn a_plain_request_reads_to_its_end() {
    // The counterpart of the table above: the same client accepts a proper answer.
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\"ok\r\n1\r\n\"\r\n0\r\n\r\n";
    let server = Server::acting(move |stream, _| {
        send(stream, chunked.as_bytes());
        let _ = stream.read(&mut [0]);
    });
    assert_eq!(ask(&door(&server.url, AMPLE)), Ok("ok".to_owned()));
}
