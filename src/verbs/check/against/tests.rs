use super::*;
use crate::roles::load;

const OURS: &str = "\
local: {whoami: secondary, dc_check: primary, role: appserver}
primary: {appserver_ip: 127.0.0.1, appserver_vmname: mbx1.example.com}
secondary: {appserver_ip: 127.0.0.2, appserver_vmname: mbx2.example.com}
consul: {hostname: 127.0.0.1}
";
const SWAP: (&str, &str) = (
    "whoami: secondary, dc_check: primary",
    "whoami: primary, dc_check: secondary",
);

/// The keys of the errors when the other site's config is ours, mirrored, with these changes.
fn errors(changes: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut other = OURS.replace(SWAP.0, SWAP.1);
    for (from, to) in changes {
        assert!(other.contains(from), "{from}");
        other = other.replace(from, to);
    }
    let ours = load(&write("ours.yml", OURS)).unwrap().config;
    let mut found = Findings::default();
    look(&ours, &write("theirs.yml", &other), &mut found);
    found
        .errors
        .into_iter()
        .map(|problem| problem.key)
        .collect()
}

#[test]
fn a_mirrored_config_fits() {
    assert_eq!(errors(&[]), [""; 0]);
}

#[test]
fn each_thing_that_must_agree_is_named() {
    let end = "consul: {hostname: 127.0.0.1}\n";
    let more = |text: &str| format!("{end}{text}\n");
    for (from, to, due) in [
        (
            SWAP.1,
            SWAP.0,
            &["local.whoami", "local.dc_check", "secondary", "primary"][..],
        ),
        ("mbx1.example.com", "mbx9.example.com", &["primary"]),
        ("mbx2.example.com", "mbx9.example.com", &["secondary"]),
        (
            end,
            &more("policy: {confirm_runs: 3}"),
            &["policy.confirm_runs"],
        ),
        (
            end,
            &more("policy: {recover_runs: 3}"),
            &["policy.recover_runs"],
        ),
        (
            end,
            &more("policy: {max_attempts: 9}"),
            &["policy.max_attempts"],
        ),
        (
            end,
            &more("policy: {block_period: 2h}"),
            &["policy.block_period"],
        ),
        (
            end,
            &more("policy: {run_spacing: 1m}"),
            &["policy.run_spacing"],
        ),
        (
            end,
            &more("policy: {evidence_max_age: 9s}"),
            &["policy.evidence_max_age"],
        ),
        (
            end,
            &more("policy: {on_return: manual}"),
            &["policy.on_return"],
        ),
        (end, &more("quorum: majority"), &["quorum"]),
        (
            "role: appserver",
            "role: appserver, manual_site: secondary",
            &["local.manual_site"],
        ),
    ] {
        let mut found = errors(&[(from, to)]);
        // Who swapped the sites also swapped which of them is manual.
        found.retain(|key| key != "local.manual_site" || due.contains(&"local.manual_site"));
        assert_eq!(found, due, "{to}");
    }
}

#[test]
fn the_same_file_twice_and_one_that_cannot_be_read_are_errors() {
    assert!(!errors(&[(SWAP.1, SWAP.0)]).is_empty());
    let wrong = errors(&[("role: appserver", "role: nobody")]);
    assert!(
        wrong.iter().all(|key| key.starts_with("against ")),
        "{wrong:?}"
    );
    assert!(!wrong.is_empty());
}
