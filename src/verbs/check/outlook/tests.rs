use super::*;
use crate::roles::load;

const BASE: &str = "\
local: {whoami: secondary, dc_check: primary, role: appserver}
primary: {appserver_ip: 127.0.0.1, appserver_vmname: mbx1.example.com}
secondary: {appserver_ip: 127.0.0.2, appserver_vmname: mbx2.example.com}
";

const CONSUL: &str = "  - {provider: consul}\n";
const VCENTER: &str =
    "  - {provider: vcenter, hostname: vc, username: u, password: p, site: third}\n";
const PROGRAM_HERE: &str = "  - {provider: command, site: secondary, argv: [/bin/gate]}\n";
const HETRIX: &str = "  - {provider: hetrix, api_token: t, site: third}\n";

/// What becomes of the losses of host, site, its ways out, line, and ourselves: `T`akes over or `h`olds.
fn outcomes(more: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{BASE}{more}")).unwrap();
    let prospects = outlook(&load(file.path()).unwrap().config, &[]);
    let letter = |prospect: &Prospect| match prospect.outcome {
        "takes over" => 'T',
        _ => 'h',
    };
    let all = prospects.iter();
    assert!(
        all.clone()
            .all(|it| it.outcome == "takes over" || it.fix.is_some() || it.loss.contains("cut")),
        "a loss that should be taken over and is held has a remedy: {prospects:?}"
    );
    all.map(letter).collect()
}

#[test]
fn each_set_of_witnesses_is_told_what_it_leads_to() {
    let anchors = "anchors: [tcp://192.0.2.9:53]\n";
    let list = |entries: &[&str]| format!("witnesses:\n{}", entries.concat());
    for (set, more, expected) in [
        ("the ancestor's shipped config", String::new(), "Thhhh"),
        ("with an anchor", anchors.to_owned(), "TTTTh"),
        (
            "gossip always",
            "consul: {gossip: always}\n".to_owned(),
            "TTTTT",
        ),
        (
            "gossip never",
            format!("consul: {{gossip: never}}\n{anchors}"),
            "Thhhh",
        ),
        ("vCenter alone", list(&[VCENTER]), "Thhhh"),
        ("Hetrix alone", list(&[HETRIX]), "TTThh"),
        (
            "Consul and vCenter",
            list(&[CONSUL, VCENTER]) + anchors,
            "Thhhh",
        ),
        (
            "Consul and Hetrix",
            list(&[CONSUL, HETRIX]) + anchors,
            "TTThh",
        ),
        (
            "Consul and a program of our own site",
            list(&[CONSUL, PROGRAM_HERE]) + anchors,
            "TTTTh",
        ),
        (
            "all three, two of them",
            list(&[CONSUL, VCENTER, HETRIX]) + anchors + "quorum: 2\n",
            "TTThh",
        ),
    ] {
        assert_eq!(outcomes(&more), expected, "{set}");
    }
}
