//! What loads but deserves a second thought.

use std::os::unix::fs::PermissionsExt;

use super::{SMALLEST, load, load_bytes, warnings};

const ANCHORED: &str = "anchors: [icmp://203.0.113.1]\n";
const ONE_TARGET: &str = "one target only, and the gossip of Consul may speak: a cut line between \
                          the sites looks like a death; add a second path to the peer, such as \
                          its public address";

#[test]
fn a_config_with_a_third_site_and_a_second_path_has_no_warnings() {
    let more = "probe: {targets: [icmp://192.0.2.1, tcp://mx.example.com:25]}\n";
    assert_eq!(warnings(&format!("{SMALLEST}{ANCHORED}{more}")), [""; 0]);
}

#[test]
fn each_setting_of_the_gossip_is_told_with_what_it_risks() {
    let always = "line 12: consul.gossip: always: without a Consul leader the view of our own \
                  side decides; a node that is cut off sees the living peer as dead, and promotes";
    let one_target = format!("probe.targets: {ONE_TARGET}");
    let cases: [(&str, &[&str]); 3] = [
        ("consul: {gossip: never}\n", &[]),
        ("consul: {gossip: anchored}\n", &[&one_target]),
        ("consul: {gossip: always}\n", &[always, &one_target]),
    ];
    for (more, expected) in cases {
        assert_eq!(warnings(&format!("{SMALLEST}{ANCHORED}{more}")), expected);
    }
    let probed = "probe: {targets: [tcp://mbx1:25]}\n";
    let told = warnings(&format!("{SMALLEST}{ANCHORED}{probed}"));
    assert_eq!(told, [format!("line 12: probe.targets: {ONE_TARGET}")]);
}

#[test]
fn what_is_odd_is_told() {
    let cases = [
        (
            "policy: {confirm_runs: 1}\n",
            "line 12: policy.confirm_runs: one single run decides; with 2, a short outage passes without a promotion",
        ),
        (
            "fence: {commands: [a]}\n",
            "line 12: fence.commands: nothing verifies that the fence holds; write into fence.verify a command that succeeds only when the peer cannot serve",
        ),
        (
            "policy: {evidence_max_age: 12s}\n",
            "line 12: policy.evidence_max_age: 3 looks of 2s and the pauses of 1s between them take 8s, and a slow witness 5s more, longer than 12s in all: what is only then complete is too old to act on; raise it, or shorten probe or the witness's timeout",
        ),
        (
            "consul: {gossip: never, ca_file: /a}\n",
            "line 12: consul.ca_file: not used: without https there is no certificate to verify",
        ),
    ];
    for (more, expected) in cases {
        let quiet = "probe: {targets: [icmp://192.0.2.1, tcp://mx.example.com:25]}\n";
        let text = format!("{SMALLEST}{ANCHORED}{more}{quiet}");
        assert_eq!(warnings(&text), [expected], "{more}");
    }
}

#[test]
fn an_anchor_on_this_node_is_told_to_show_nothing() {
    for own in [
        "icmp://127.0.0.1",
        "tcp://localhost:22",
        "http://[::1]:80/",
        "icmp://198.51.100.1",
        "https://mbx2.example.com/",
    ] {
        let text = format!("{SMALLEST}consul: {{gossip: never}}\nanchors: ['{own}']\n");
        let expected = format!(
            "line 12: anchors: {own} lies on this node or its site: it answers even when the node is cut off, so it shows nothing"
        );
        assert_eq!(warnings(&text), [expected]);
    }
}

#[test]
fn a_probe_target_on_this_node_is_told_to_be_nobodys() {
    for own in [
        "tcp://127.0.0.1:7025",
        "icmp://198.51.100.1",
        "https://MBX2.example.com/",
        "tcp://198.51.100.3:389",
    ] {
        let text = SMALLEST.replace(
            "secondary:\n",
            "secondary:\n  directorysrv_ip: 198.51.100.3\n",
        );
        let text = format!(
            "{text}anchors: [icmp://203.0.113.1]\nprobe: {{targets: [icmp://192.0.2.1, '{own}']}}\n"
        );
        let [warning] = &warnings(&text)[..] else {
            panic!("{own}: {:?}", warnings(&text));
        };
        let expected = format!("probe.targets: {own} lies on this node or its site: ");
        assert!(warning.contains(&expected), "{warning}");
    }
}

#[test]
fn a_file_that_everyone_can_read_is_told_where_it_matters() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let config = folder.path().join("habeat.yml");
    let chmod = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::write(&token, "abc\n").unwrap();
    let elsewhere = format!("{{gossip: never, token_file: {}}}", token.display());
    let everyone = "everyone on this machine can read";
    let cases = [
        ("{gossip: never, token: abc}", 0o640, 0o600, None),
        (
            "{gossip: never, token: abc}",
            0o644,
            0o600,
            Some(format!(
                "line 12: consul.token: {everyone} this file (mode 644), and it holds a secret; chmod 600 it"
            )),
        ),
        (
            "{gossip: never}\nvcenter: {password: abc}",
            0o604,
            0o600,
            Some(format!(
                "line 13: vcenter.password: {everyone} this file (mode 604), and it holds a secret; chmod 600 it"
            )),
        ),
        ("{gossip: never, token: delete}", 0o644, 0o600, None),
        (&elsewhere, 0o644, 0o600, None),
        (
            &elsewhere,
            0o644,
            0o644,
            Some(format!(
                "line 12: consul.token_file: {everyone} {} (mode 644); chmod 600 it",
                token.display()
            )),
        ),
    ];
    for (consul, mode, token_mode, expected) in cases {
        std::fs::write(&config, format!("{SMALLEST}{ANCHORED}consul: {consul}\n")).unwrap();
        chmod(&config, mode);
        chmod(&token, token_mode);
        let told: Vec<_> = load(&config)
            .unwrap()
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(told, Vec::from_iter(expected), "{consul} {mode:o}");
    }
}

#[test]
fn no_message_and_no_debug_output_repeats_a_secret() {
    let secret = "b3a1f2c4-canary";
    for consul in [
        format!("{{token: {secret}}}"),
        format!("{{token: '{secret} x'}}"),
        format!("{{token: {secret}, token_file: /a}}"),
        format!("{{token: {secret}, token: {secret}}}"),
    ] {
        let text = format!("{SMALLEST}consul: {consul}\nvcenter: {{password: {secret}}}\n");
        let shown = match load_bytes(text) {
            Ok(loaded) => format!("{loaded:?}"),
            Err(invalid) => format!("{invalid} {invalid:?}"),
        };
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// What is said of a file with `more` and some secret in it, `DIR` standing for its folder.
fn told_with(more: &str, secret: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, secret).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let more = more.replace("DIR", folder.path().to_str().unwrap());
    let quiet = "probe: {targets: [icmp://192.0.2.1, tcp://mx.example.com:25]}\n";
    warnings(&format!("{SMALLEST}{ANCHORED}{quiet}{more}"))
}

#[test]
fn a_secret_in_a_disguise_is_told_and_not_shown() {
    let vcenter = |how: &str| {
        format!("witnesses: [{{provider: vcenter, hostname: v.example.com, username: u, {how}}}]\n")
    };
    let quotes = "the secret stands in typographic quotes";
    for (how, secret, expected) in [
        ("password: “s3cret”", "", quotes),
        ("password: ‘s3cret’", "", quotes),
        (
            "password: s3\u{a0}cret",
            "",
            "the secret holds a no-break space",
        ),
        ("password_file: DIR/secret", "«s3cret»\n", quotes),
        (
            "password_file: DIR/secret",
            "s3\u{200b}cret",
            "the secret holds a zero-width space",
        ),
    ] {
        let told = told_with(&vcenter(how), secret.as_bytes());
        assert_eq!(told.len(), 1, "{how}: {told:?}");
        assert!(
            told[0].contains(expected) && !told[0].contains("cret”"),
            "{told:?}"
        );
    }
    assert_eq!(told_with(&vcenter("password: \"it's\""), b""), [""; 0]);
}

#[test]
fn a_mark_in_front_of_a_secret_is_dropped() {
    let more = "consul: {gossip: never, token_file: DIR/secret}\n";
    assert_eq!(told_with(more, "\u{feff}abc\r\n".as_bytes()), [""; 0]);
}

#[test]
fn what_is_asked_in_clear_elsewhere_is_told() {
    let clear = "is asked over plain http: whoever is on the way can";
    for (more, expected) in [
        (
            "consul: {gossip: never, hostname: 192.0.2.7, token: abc}\n",
            "192.0.2.7",
        ),
        (
            "consul: {gossip: never, hostname: 'c.example.com:1'}\n",
            "c.example.com",
        ),
        (
            "witnesses: [{provider: http, url: 'http://192.0.2.8/x', down_regexp: d}]\n",
            "192.0.2.8",
        ),
    ] {
        let told = told_with(more, b"");
        let expected = format!("{expected} {clear}");
        assert!(
            told.len() == 1 && told[0].contains(&expected),
            "{more}: {told:?}"
        );
    }
    let anchor = "anchors: ['http://192.0.2.9/?key=s3cret']\nconsul: {gossip: never}\n";
    let told = warnings(&format!("{SMALLEST}{anchor}"));
    let expected = "line 11: anchors: http://192.0.2.9/?… is asked over plain http: whoever is on \
                    the way can read what stands behind the \"?\"; write https";
    assert_eq!(told, [expected]);
    for quiet in [
        "consul: {gossip: never, hostname: 198.51.100.1}\n",
        "consul: {gossip: never, hostname: 192.0.2.7, scheme: https}\n",
        "consul: {gossip: never, hostname: localhost}\n",
        "consul: {gossip: never, hostname: '::1'}\n",
        "witnesses: [{provider: http, url: 'http://127.0.0.1/x', down_regexp: d}]\n",
        "witnesses: [{provider: http, url: 'https://a.example.com/x', down_regexp: d}]\n",
    ] {
        assert_eq!(told_with(quiet, b""), [""; 0], "{quiet}");
    }
}
