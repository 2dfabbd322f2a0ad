//! What the loader makes of what is written.

use std::time::Duration;

use super::{appserver, config_with, errors, load_bytes};
use crate::config::{
    Config, Consul, Fence, Gossip, MANUAL_SITE, Namespace, OnReturn, Provider, Takeover, Target,
};

const SECOND: Duration = Duration::from_secs(1);

fn consul(config: &Config) -> &Consul {
    let [witness] = config.witnesses.as_slice() else {
        panic!("one witness");
    };
    let Provider::Consul(consul) = &witness.provider else {
        panic!("Consul");
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
    let loaded = load_bytes(super::SMALLEST).unwrap();
    let appserver = appserver(&loaded);
    assert_eq!(appserver.threads, 5);
    assert!(!appserver.disable_ha_module && !appserver.restart_replica);
    assert!(!appserver.flush_cache && !appserver.flush_all_servers);
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
        (consul(&config).gossip, config.witnesses[0].timeout),
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
    assert_eq!(config.files.state_dir.to_str(), Some("/var/lib/habeat"));
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
fn only_the_manual_site_never_takes_over_by_itself() {
    for (name, manual, expected) in [
        (MANUAL_SITE, "", Takeover::Manual),
        (MANUAL_SITE, "other", Takeover::Automatic),
        ("Primary", "Primary", Takeover::Manual),
        ("dublin", "other", Takeover::Automatic),
    ] {
        let text = super::SMALLEST
            .replace("primary", "other")
            .replace("secondary", name)
            .replace("  role", &format!("  manual_site: {manual}\n  role"));
        let config = load_bytes(text).unwrap().config;
        assert_eq!(
            (config.own.name.as_str(), config.policy.takeover),
            (name, expected)
        );
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
        (" \n", "is empty; write the secret into it"),
        (
            "\u{e9}",
            "the secret holds a blank or a character that no HTTP header can carry",
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
fn each_promotion_file_has_a_folder_of_its_own_in_the_state_folder() {
    let of = |promotion: &str| {
        let mut files = config_with("state_dir: /srv/habeat\n").files;
        files.promotion = promotion.into();
        files.folder()
    };
    let one = of("/var/tmp/promotion-appserver");
    let name = one.to_string_lossy();
    assert!(
        name.starts_with("/srv/habeat/promotion-appserver-"),
        "{name}"
    );
    for same in [
        "/var//tmp/promotion-appserver",
        "/var/./tmp/promotion-appserver",
    ] {
        assert_eq!(of(same), one, "{same}");
    }
    for other in ["/srv/promotion-appserver", "/var/tmp/promotion-proxyserver"] {
        assert_ne!(of(other), one, "{other}");
    }
}
