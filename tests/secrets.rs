//! What is secret in a config is shown nowhere: not in the log, the report, the history or what is
//! printed.

mod common;

use std::fs;

use common::Site;

const SECRET: &str = "s3cret";

/// Returns where a secret stands, of all that a site's calls leave behind.
fn shown_in(site: &Site) -> Vec<String> {
    let calls: [&[&str]; 5] = [
        &["-v"],
        &["--json"],
        &["--dry-run"],
        &["check", "--online"],
        &["check", "--json"],
    ];
    let mut found = Vec::new();
    for words in calls {
        let call = site.call(words);
        for (name, text) in [("stdout", &call.stdout), ("stderr", &call.stderr)] {
            if text.contains(SECRET) {
                found.push(format!("{name} of {words:?}: {text}"));
            }
        }
    }
    for name in site.names() {
        let text = fs::read_to_string(site.path(&name)).unwrap_or_default();
        if name != "habeat.yml" && text.contains(SECRET) {
            found.push(name);
        }
    }
    found
}

#[test]
fn a_key_in_the_address_of_a_probe_an_anchor_or_a_witness_is_shown_nowhere() {
    // Nothing listens; the second is no address that can be asked.
    let urls = [
        format!("http://127.0.0.1:9/x?token={SECRET}"),
        format!("http://no-such-host.invalid/x?{SECRET}"),
        format!("http://127.0.0.1:9/x#{SECRET}"),
    ];
    for url in urls {
        let mut site = Site::new();
        site.config.probe = format!("targets: ['{url}']");
        site.config.anchors = format!("['{url}']");
        site.config.witnesses = format!("{{provider: http, url: '{url}', down_regexp: d}}");
        assert_eq!(shown_in(&site), Vec::<String>::new(), "{url}");
    }
}

#[test]
fn a_key_in_an_address_that_is_refused_is_shown_nowhere() {
    let urls = [
        format!("http://me:{SECRET}@127.0.0.1/"),
        format!("http://127.0.0.1/ä?{SECRET}"),
        format!("me:{SECRET}@127.0.0.1/x?{SECRET}"),
        format!("ftp://me:{SECRET}@127.0.0.1/"),
    ];
    for url in urls {
        for key in ["probe", "anchors"] {
            let mut site = Site::new();
            match key {
                "probe" => site.config.probe = format!("targets: ['{url}']"),
                _ => site.config.anchors = format!("['{url}']"),
            }
            assert_eq!(site.run().exit, Some(78), "{url}");
            assert_eq!(shown_in(&site), Vec::<String>::new(), "{url}");
        }
    }
}
