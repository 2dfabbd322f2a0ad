use std::net::SocketAddr;

use super::{Echo, Kind, checksum};

fn echo(peer: &str, kind: Kind) -> Echo {
    Echo {
        peer: peer.parse().expect("an address"),
        kind,
        identifier: 0x1234,
        sequence: 7,
        token: *b"sixteen bytes...",
    }
}

fn v4() -> Echo {
    echo("192.0.2.7:0", Kind::Raw)
}

/// An IPv4 header of 24 bytes (with options) before `message`.
fn with_ip_header(message: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x46];
    packet.resize(24, 0);
    packet.extend_from_slice(message);
    packet
}

#[test]
fn the_checksum_is_that_of_rfc_1071() {
    // The example of RFC 1071, section 3: the sum is ddf2.
    let message = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
    assert_eq!(checksum(&message), !0xddf2);
    assert_eq!(checksum(&[0x01]), !0x0100);
    assert_eq!(checksum(&v4().request()), 0, "with its own sum in place");
}

#[test]
fn only_the_reply_to_this_very_request_counts() {
    let echo = v4();
    let reply = echo.message(0);
    let changed = |place: usize| {
        let mut other = reply;
        other[place] ^= 1;
        with_ip_header(&other)
    };
    let peer = Some("192.0.2.7:0".parse::<SocketAddr>().expect("an address"));
    let other = Some("192.0.2.8:0".parse::<SocketAddr>().expect("an address"));
    for (name, packet, source, expected) in [
        ("the reply", with_ip_header(&reply), peer, true),
        ("from somebody else", with_ip_header(&reply), other, false),
        ("from nowhere", with_ip_header(&reply), None, false),
        (
            "our own request",
            with_ip_header(&echo.request()),
            peer,
            false,
        ),
        ("another code", changed(1), peer, false),
        ("another identifier", changed(5), peer, false),
        ("another sequence", changed(7), peer, false),
        ("another token", changed(23), peer, false),
        ("without an IP header", reply.to_vec(), peer, false),
        ("cut off", with_ip_header(&reply[..20]), peer, false),
        (
            "with more behind it",
            with_ip_header(&[&reply[..], &[0]].concat()),
            peer,
            false,
        ),
        ("a header without end", vec![0x4f; 20], peer, false),
        ("nothing", Vec::new(), peer, false),
    ] {
        assert_eq!(echo.is_answered_by(&packet, source), expected, "{name}");
    }
}

#[test]
fn only_a_raw_ipv4_socket_delivers_the_ip_header() {
    for (peer, kind) in [
        ("192.0.2.7:0", Kind::Ping),
        ("[2001:db8::7]:0", Kind::Ping),
        ("[2001:db8::7]:0", Kind::Raw),
    ] {
        let echo = echo(peer, kind);
        let reply = echo.message(echo.types().1);
        assert!(
            echo.is_answered_by(&reply, Some(echo.peer)),
            "{peer} {kind:?}"
        );
    }
}

#[test]
fn the_kernel_fills_in_the_checksum_over_ipv6() {
    let echo = echo("[2001:db8::7]:0", Kind::Raw);
    assert_eq!(echo.request()[..4], [128, 0, 0, 0]);
}

#[test]
fn two_requests_are_never_alike() {
    let peer = v4().peer;
    let (one, other) = (Echo::new(peer, Kind::Raw), Echo::new(peer, Kind::Raw));
    assert_ne!(one.token, other.token);
}
