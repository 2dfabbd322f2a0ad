//! The stub programs, run as habeat runs them: with an empty environment.

use std::process::{Command, Output};

use super::super::scenario::{Event, USUAL};
use super::*;

const PROMOTE: &str = "--sync ha promoteAccounts source_mail_host mbox1.example.com threads 2";
const LIST: &str = "--json MailReplica getAccountStatus mailHost mbox1.example.com";

struct Sandbox {
    _folder: tempfile::TempDir,
    lab: Lab,
}

fn sandbox() -> Sandbox {
    let folder = tempfile::tempdir().unwrap();
    let lab = Lab::build(&folder.path().join("lab"), &USUAL).unwrap();
    Sandbox {
        _folder: folder,
        lab,
    }
}

impl Sandbox {
    /// Runs a stub; by way of `sh`, as other tests may hold a copy of its open file meanwhile.
    #[expect(clippy::disallowed_methods, reason = "a test runs the stub itself")]
    fn start(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("/bin/sh");
        command
            .arg(self.lab.path(program))
            .args(arguments)
            .env_clear();
        command.output().unwrap()
    }

    /// Runs `carbonio` and returns exit code and standard output.
    fn carbonio(&self, line: &str) -> (i32, String) {
        let output = self.start("carbonio", &line.split(' ').collect::<Vec<_>>());
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
        )
    }

    /// Returns the names `getAccountStatus` lists.
    fn listed(&self) -> Vec<String> {
        let (code, text) = self.carbonio(LIST);
        assert_eq!(code, 0, "{text}");
        let json = text.split_once('\n').unwrap().1;
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        let values = json["response"]["values"].as_array().unwrap();
        assert!(
            values
                .iter()
                .all(|value| value["replicas"][0]["available"] == true),
            "{text}"
        );
        let name = |value: &serde_json::Value| value["accountName"].as_str().unwrap().to_owned();
        values.iter().map(name).collect()
    }
}

#[test]
fn a_promotion_moves_every_account_of_the_host_once() {
    let lab = sandbox();
    assert_eq!(lab.listed().len(), ACCOUNTS);
    assert!(lab.listed().contains(&"o'neill@example.com".to_owned()));
    assert_eq!(
        lab.carbonio(PROMOTE),
        (0, "promotion finished\n".to_owned())
    );
    assert_eq!(lab.carbonio(PROMOTE).0, 0);
    let seen = lab.lab.look().unwrap();
    assert_eq!(
        (seen.on_peer, seen.moved.len(), seen.moves),
        (0, ACCOUNTS, 1)
    );
    assert_eq!(
        (seen.count("promoteAccounts"), lab.listed()),
        (2, Vec::new())
    );
}

#[test]
fn a_partial_promotion_is_partial_once() {
    let mut lab = sandbox();
    lab.lab.happen(Event::PromotionPartial(5)).unwrap();
    for left in [ACCOUNTS - 5, 0] {
        assert_eq!(lab.carbonio(PROMOTE).0, 0);
        assert_eq!(lab.listed().len(), left);
    }
    assert_eq!(lab.lab.look().unwrap().moved.len(), ACCOUNTS);
}

#[test]
fn a_broken_promotion_reports_an_error_and_exits_0() {
    let mut lab = sandbox();
    lab.lab.happen(Event::PromotionBreaks).unwrap();
    let (code, text) = lab.carbonio(PROMOTE);
    assert!(code == 0 && text.contains(r#""ok":false"#), "{code} {text}");
    assert_eq!(lab.listed().len(), ACCOUNTS);
    lab.lab.happen(Event::PromotionMended).unwrap();
    assert_eq!(lab.carbonio(PROMOTE).0, 0);
    assert_eq!(lab.listed(), Vec::<String>::new());
}

#[test]
fn a_list_that_cannot_be_had_exits_0_without_json() {
    let lab = sandbox();
    lab.lab.write("fail_list", "", 0o600).unwrap();
    let (code, text) = lab.carbonio(LIST);
    assert_eq!((code, &*text), (0, "Unable to communicate with server\n"));
}

#[test]
fn an_old_carbonio_knows_only_the_old_name() {
    let mut lab = sandbox();
    lab.lab.happen(Event::CarbonioIsOld).unwrap();
    for (name, code) in [("MailReplica", 1), ("mailreplica", 1), ("ha", 0)] {
        let line = LIST.replace("MailReplica", name);
        assert_eq!(lab.carbonio(&line).0, code, "{name}");
    }
}

#[test]
fn a_promotion_of_everything_is_refused() {
    let lab = sandbox();
    assert_eq!(lab.carbonio("--sync ha promoteAccounts").0, 1);
    assert_eq!(lab.carbonio("--sync ha promoteAccounts threads 2").0, 1);
    assert_eq!(lab.listed().len(), ACCOUNTS);
}

#[test]
fn a_flush_counts_each_name_and_fails_as_a_whole() {
    let lab = sandbox();
    lab.lab.write("fail_flush", "^user2@\n", 0o600).unwrap();
    let flush = |names: &[&str]| {
        let output = lab.start("zmprov", &[&["fc", "-a", "account"], names].concat());
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(
        flush(&["user1@example.com", "o'neill@example.com"]),
        (0, String::new())
    );
    let (code, text) = flush(&["user3@example.com", "user2@example.com"]);
    assert!(code == 2 && text.starts_with("ERROR: "), "{code} {text}");
    assert_eq!(
        flush(&[]).0,
        1,
        "a flush without names empties the whole cache"
    );
    let seen = lab.lab.look().unwrap();
    assert_eq!(seen.flushes, ["user1@example.com", "o'neill@example.com"]);
}

#[test]
fn the_module_and_the_operations_are_told_in_the_programs_own_words() {
    let lab = sandbox();
    for (line, answer) in [
        ("ha doStopService module", "service stopped\n"),
        ("MailReplica doStartService module", "service started\n"),
        (
            "--json core getAllOperations",
            "{\"ok\":true,\"response\":{\"operationList\":[]}}\n",
        ),
    ] {
        assert_eq!(lab.carbonio(line), (0, answer.to_owned()), "{line}");
    }
    let seen = lab.lab.look().unwrap();
    assert_eq!(
        (seen.count("doStopService"), seen.count("doStartService")),
        (1, 1)
    );
}

#[test]
fn ten_thousand_accounts_are_no_trouble() {
    let lab = sandbox();
    let many: String = (0..10_000)
        .map(|n| format!("u{n}@example.com mbox1.example.com\n"))
        .collect();
    lab.lab.write("accounts", &many, 0o600).unwrap();
    assert_eq!(lab.listed().len(), 10_000);
    assert_eq!(lab.carbonio(PROMOTE).0, 0);
    assert_eq!(lab.lab.look().unwrap().moved.len(), 10_000);
}

#[test]
fn the_config_is_yaml_wherever_the_lab_lies() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Lab::build(&folder.path().join("it's \"here\": #1"), &USUAL).unwrap();
    let config: serde_yaml::Value = serde_yaml::from_str(&lab.config(&USUAL)).unwrap();
    let path = lab.path("down");
    assert_eq!(config["local"]["checkDownFile"].as_str(), path.to_str());
}

#[test]
fn a_service_dies_and_comes_back_on_its_port() {
    use std::net::TcpStream;
    let mut service = Service::start(Ipv4Addr::new(127, 0, 0, 2)).unwrap();
    let address = service.address();
    for _ in 0..3 {
        assert!(TcpStream::connect(address).is_ok());
        service.die();
        assert!(TcpStream::connect(address).is_err());
        service.revive().unwrap();
    }
}
