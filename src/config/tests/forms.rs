//! The forms of single values.

use std::time::Duration;

use super::{appserver, config_with, load_bytes};
use crate::config::scalar::{Zero, boolean, duration, spell};
use crate::config::{HttpTarget, Target, Url};

#[test]
fn a_target_has_three_forms() {
    let http = |url: &str| HttpTarget {
        url: Url::new(url.to_owned()),
        status: None,
        regexp: None,
        ca_file: None,
    };
    let tcp = |host: &str, port| Target::Tcp {
        host: host.to_owned(),
        port,
    };
    for (written, expected) in [
        (
            "icmp://mbx_1.example.com",
            Target::Icmp {
                host: "mbx_1.example.com".to_owned(),
            },
        ),
        (
            "icmp://2001:db8::1",
            Target::Icmp {
                host: "2001:db8::1".to_owned(),
            },
        ),
        (
            "icmp://[2001:db8::1]",
            Target::Icmp {
                host: "2001:db8::1".to_owned(),
            },
        ),
        ("tcp://192.0.2.1:25", tcp("192.0.2.1", 25)),
        ("tcp://[2001:db8::1]:65535", tcp("2001:db8::1", 65535)),
        (
            "https://mbx1/health?x=[1]",
            Target::Http(http("https://mbx1/health?x=[1]")),
        ),
        (
            "http://[2001:db8::1]:8080",
            Target::Http(http("http://[2001:db8::1]:8080")),
        ),
        (
            "{url: 'https://a:8443/', status: 204, regexp: ' ok$', ca_file: /etc/ca.pem}",
            Target::Http(HttpTarget {
                status: Some(204),
                regexp: Some(" ok$".to_owned()),
                ca_file: Some("/etc/ca.pem".into()),
                ..http("https://a:8443/")
            }),
        ),
    ] {
        let written = if written.starts_with('{') {
            written.to_owned()
        } else {
            format!("'{written}'")
        };
        let config = config_with(&format!("anchors: [{written}]\n"));
        assert_eq!(config.anchors, [expected], "{written}");
    }
}

#[test]
fn a_command_is_a_list_or_a_line_for_the_shell() {
    let config =
        config_with("fence: {commands: [[ipmitool, '-H', 7, ''], 'a | b'], verify: [[x]]}\n");
    assert_eq!(
        config.fence.commands,
        [
            vec!["ipmitool", "-H", "7", ""],
            vec!["/bin/sh", "-c", "a | b"]
        ]
    );
    assert_eq!(config.fence.verify, [["x"]]);
}

#[test]
fn booleans_are_those_of_yaml_1_1() {
    for (words, expected) in [
        ("true True TRUE yes Yes YES on On ON", Some(true)),
        ("false False FALSE no No NO off Off OFF", Some(false)),
        ("y n tRUE 1 0 enabled", None),
    ] {
        for word in words.split(' ') {
            assert_eq!(boolean(word), expected, "{word}");
        }
    }
    for written in ["yes", "'on'", "\"True\""] {
        let text = super::SMALLEST.replace("  role", &format!("  flush_cache: {written}\n  role"));
        assert!(
            appserver(&load_bytes(text).unwrap()).flush_cache,
            "{written}"
        );
    }
}

#[test]
fn time_spans_are_read_and_spelled() {
    for (written, milliseconds, spelled) in [
        ("500ms", 500, "500ms"),
        ("30s", 30_000, "30s"),
        ("5m", 300_000, "5m"),
        ("2h", 7_200_000, "2h"),
        ("1d", 86_400_000, "24h"),
        ("3661 s", 3_661_000, "1h 1m 1s"),
    ] {
        let span = duration(written, Zero::Refused).unwrap();
        assert_eq!(
            (span, spell(span).as_str()),
            (Duration::from_millis(milliseconds), spelled)
        );
    }
    for wrong in [
        "",
        "s",
        "1",
        "-1s",
        "1.5s",
        "1h30m",
        "1 day",
        "99999999999999999999s",
    ] {
        assert!(duration(wrong, Zero::Allowed).is_err(), "{wrong}");
    }
    assert_eq!(duration("0s", Zero::Allowed), Ok(Duration::ZERO));
    assert!(duration("0s", Zero::Refused).is_err());
}
