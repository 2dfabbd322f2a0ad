//! What the loader makes of what is written.

use std::time::Duration;

use super::{config_with, errors, load_bytes};
use crate::config::scalar::{Zero, boolean, duration, spell};
use crate::config::{
    Config, Consul, Fence, Gossip, HttpTarget, MANUAL_SITE, Namespace, OnReturn, Takeover, Target,
    WitnessConfig,
};

const SECOND: Duration = Duration::from_secs(1);

fn consul(config: &Config) -> &Consul {
    let [WitnessConfig::Consul(consul)] = config.witnesses.as_slice() else {
        panic!("one witness");
    };
    consul
}

#[test]
fn what_is_not_given_has_the_documented_default() {
    let config = config_with("");
    assert_eq!(
        config.files.down.to_str(),
        Some("/var/tmp/appserverdown-habeat-appserver")
    );
    assert_eq!(
        config.files.promotion.to_str(),
        Some("/var/tmp/appserverprom-habeat-appserver")
    );
    assert_eq!(
        config.files.module.to_str(),
        Some("/var/tmp/appserverrstopha")
    );
    assert_eq!(config.appserver.threads, 5);
    assert!(!config.appserver.disable_ha_module && !config.appserver.restart_replica);
    assert!(!config.appserver.flush_cache && !config.appserver.flush_all_servers);
    let host = "192.0.2.1".to_owned();
    assert_eq!(config.probe.targets, [Target::Icmp { host }]);
    let spans = (
        config.probe.attempts,
        config.probe.interval,
        config.probe.timeout,
    );
    assert_eq!(spans, (3, SECOND, 2 * SECOND));
    assert_eq!(config.anchors, []);
    let policy = &config.policy;
    assert_eq!(
        (policy.takeover, policy.on_return),
        (Takeover::Automatic, OnReturn::Role)
    );
    assert_eq!(
        (
            policy.confirm_runs,
            policy.recover_runs,
            policy.max_attempts
        ),
        (2, 2, 3)
    );
    assert_eq!(policy.block_period, 3600 * SECOND);
    assert_eq!(consul(&config).base_url, "http://127.0.0.1:8500");
    assert_eq!(consul(&config).token, None);
    assert_eq!(
        (consul(&config).gossip, consul(&config).timeout),
        (Gossip::Anchored, 5 * SECOND)
    );
}

#[test]
fn what_is_not_given_about_acting_has_the_documented_default() {
    let config = config_with("");
    assert_eq!(config.carbonio.user.as_deref(), Some("zextras"));
    assert_eq!(
        config.carbonio.carbonio.to_str(),
        Some("/opt/zextras/bin/carbonio")
    );
    assert_eq!(
        config.carbonio.zmprov.to_str(),
        Some("/opt/zextras/bin/zmprov")
    );
    assert_eq!(
        (config.carbonio.namespace, config.carbonio.flush_batch),
        (Namespace::Auto, 200)
    );
    let timeouts = &config.timeouts;
    assert_eq!(
        [
            timeouts.query,
            timeouts.promote,
            timeouts.flush,
            timeouts.command,
            timeouts.grace
        ]
        .map(|it| it.as_secs()),
        [120, 7200, 600, 300, 10]
    );
    assert_eq!(config.fence, Fence::default());
    assert_eq!(
        config.history.file.to_str(),
        Some("/var/lib/habeat/history.jsonl")
    );
    assert_eq!(config.history.keep, 1000);
}

#[test]
fn an_empty_value_or_block_is_the_default() {
    let blocks = "probe:\nanchors:\npolicy: {}\nquorum:\ncarbonio: ''\ntimeouts: ~\nfence: []\n\
                  consul: {hostname: delete, port: , token: TBD, token_file: none}\nhistory:\n";
    assert_eq!(
        format!("{:?}", config_with(blocks)),
        format!("{:?}", config_with(""))
    );
}

#[test]
fn only_the_site_called_primary_never_takes_over_by_itself() {
    for (name, expected) in [
        (MANUAL_SITE, Takeover::Manual),
        ("Primary", Takeover::Automatic),
        ("dublin", Takeover::Automatic),
    ] {
        let text = super::SMALLEST
            .replace("primary", "other")
            .replace("secondary", name);
        let config = load_bytes(text).unwrap().config;
        assert_eq!(
            (config.own.name.as_str(), config.policy.takeover),
            (name, expected)
        );
    }
}

#[test]
fn a_target_has_three_forms() {
    let http = |url: &str| HttpTarget {
        url: url.to_owned(),
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
fn with_targets_the_address_of_the_peer_may_be_missing() {
    let text = super::SMALLEST.replace("192.0.2.1", "delete");
    let config = load_bytes(format!("{text}probe: {{targets: [tcp://mbx1:25]}}\n"))
        .unwrap()
        .config;
    assert_eq!(config.probe.targets.len(), 1);
}

#[test]
fn a_consul_agent_is_found_where_it_is_said_to_be() {
    for (written, expected) in [
        (
            "{hostname: consul.example.com}",
            "http://consul.example.com:8500",
        ),
        ("{hostname: 'a:8501', scheme: https}", "https://a:8501"),
        ("{hostname: 'a:8501', port: 8501}", "http://a:8501"),
        ("{port: '8600'}", "http://127.0.0.1:8600"),
        ("{hostname: '::1'}", "http://[::1]:8500"),
        (
            "{hostname: '[2001:db8::1]:1', scheme: HTTPS}",
            "https://[2001:db8::1]:1",
        ),
    ] {
        let config = config_with(&format!("consul: {written}\n"));
        assert_eq!(consul(&config).base_url, expected);
    }
}

#[test]
fn a_token_is_taken_as_written_also_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    for token in ["0123", "1e5", "0x10", "no", "~x"] {
        let config = config_with(&format!("consul: {{token: {token}}}\n"));
        assert_eq!(consul(&config).token.as_ref().unwrap().reveal(), token);
        std::fs::write(&file, format!("  {token}\n")).unwrap();
        let config = config_with(&format!("consul: {{token_file: {}}}\n", file.display()));
        assert_eq!(consul(&config).token.as_ref().unwrap().reveal(), token);
    }
    let too_large = "x".repeat(4097);
    for (content, expected) in [
        (" \n", "is empty; write the token into it"),
        (
            "\u{e9}",
            "the token holds a blank or a character that no HTTP header can carry",
        ),
        (&too_large, "it is larger than 4096 bytes"),
    ] {
        std::fs::write(&file, content).unwrap();
        let text = format!(
            "{}consul: {{token_file: {}}}\n",
            super::SMALLEST,
            file.display()
        );
        let [told] = errors(text).try_into().unwrap();
        assert!(told.ends_with(expected), "{told}");
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
fn the_words_of_the_other_keys_are_understood() {
    let config = config_with(
        "policy: {on_return: manual, block_period: 0s}\ncarbonio: {user: '', namespace: mailreplica}\n\
         timeouts: {grace: 0s}\nprobe: {interval: 0ms}\nquorum: Majority\nconsul: {gossip: Never}\n",
    );
    assert_eq!(
        (config.policy.on_return, config.policy.block_period),
        (OnReturn::Manual, Duration::ZERO)
    );
    assert_eq!(
        (config.carbonio.user, config.carbonio.namespace),
        (None, Namespace::MailReplica)
    );
    assert_eq!(
        (config.timeouts.grace, config.probe.interval),
        (Duration::ZERO, Duration::ZERO)
    );
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
            load_bytes(text).unwrap().config.appserver.flush_cache,
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
