use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Duration;

use tempfile::TempDir;

use super::{Listed, list, operations};
use crate::base::command::{Finished, Outcome};
use crate::core::story::Story;
use crate::store::{AccountList, Bounds};

/// The host that every list here is asked about.
const HOST: &str = "mbox1.example.com";

fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn finished(output: File) -> Finished {
    Finished {
        outcome: Outcome::Ok,
        stdout: Some(output),
        stderr: String::new(),
        truncated: false,
        took: Duration::ZERO,
    }
}

fn new_list() -> (TempDir, AccountList) {
    let folder = tempfile::tempdir().unwrap();
    let promotion = folder.path().join("promotion");
    let list = AccountList::open(&promotion, &Story::default()).unwrap();
    (folder, list)
}

fn on_list(accounts: &AccountList) -> Vec<String> {
    let bounds = Bounds {
        names: usize::MAX,
        bytes: usize::MAX,
        beside: 0,
    };
    let all = std::iter::once(0..accounts.count()).collect();
    let batches = accounts.batches(all, bounds);
    batches.flat_map(|batch| batch.unwrap().names).collect()
}

/// What is listed of an answer, and the names.
fn told(text: &str) -> Result<(Listed, Vec<String>), String> {
    let (_folder, mut accounts) = new_list();
    let listed = list(&finished(file(text)), HOST, &mut accounts);
    let names = on_list(&accounts);
    match listed {
        Ok(listed) => {
            assert_eq!(listed.new, names.len(), "{text}");
            Ok((listed, names))
        }
        Err(Outcome::BadOutput(why)) => {
            assert_eq!(names, Vec::<String>::new(), "{text}");
            Err(why)
        }
        Err(outcome) => panic!("{text}: {outcome}"),
    }
}

fn names(text: &str) -> Result<Vec<String>, String> {
    told(text).map(|(_, names)| names)
}

fn of_accounts(accounts: &str) -> Result<(Listed, Vec<String>), String> {
    told(&format!(
        "{{\"ok\":true,\"response\":{{\"values\":[{accounts}]}}}}"
    ))
}

#[test]
fn names_come_in_order_from_every_form_of_envelope() {
    let list = r#"[{"accountName":"b@x"},{"accountName":"a@x","unknown":{"deep":[1,{"y":"}"}]}}]"#;
    for text in [
        format!(r#"{{"ok":true,"response":{{"values":{list}}}}}"#),
        format!(r#"{{"response":{{"values":{list}}},"ok":true}}"#),
        format!(r#"{{"values":{list}}}"#),
        format!(
            r#"{{"response":{{"mbx2.example.com":{{"ok":true,"response":{{"values":{list}}}}}}}}}"#
        ),
        format!(
            "Picked up JAVA_TOOL_OPTIONS: {{}}\n{{\"ok\":\"true\",\n\"response\":{{\"values\":{list}}}}}\n"
        ),
    ] {
        assert_eq!(
            names(&text),
            Ok(vec!["b@x".to_owned(), "a@x".to_owned()]),
            "{text}"
        );
    }
}

#[test]
fn the_answers_of_several_servers_are_one_list() {
    let text = r#"{"response":{
        "mbx1":{"ok":true,"response":{"values":[{"accountName":"a"}]}},
        "mbx2":{"ok":true,"response":{"values":[]}},
        "mbx3":{"ok":true,"response":{"values":[{"accountName":"b"}]}}}}"#;
    assert_eq!(names(text), Ok(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn an_empty_list_is_an_answer() {
    assert_eq!(
        names(r#"{"ok":true,"response":{"values":[]}}"#),
        Ok(Vec::new())
    );
}

#[test]
fn only_the_last_answer_is_told() {
    let text =
        "{\"values\":[{\"accountName\":\"old\"}]}\n{\"values\":[{\"accountName\":\"new\"}]}\n";
    assert_eq!(names(text), Ok(vec!["new".to_owned()]));
}

#[test]
fn nothing_is_kept_of_an_answer_that_is_an_error_or_cut() {
    for text in [
        r#"{"response":{"values":[{"accountName":"a"}]},"ok":false}"#,
        r#"{"response":{"values":[{"accountName":"a"}]},"error":"x"}"#,
        r#"{"ok":true,"response":{"values":[{"accountName":"a"}"#,
        r#"{"response":{"mbx1":{"response":{"values":[{"accountName":"a"}]}},"mbx2":{"ok":false}}}"#,
        "{\"values\":[{\"accountName\":\"a\"}]}\n{\"ok\":false}",
        "{\"values\":[{\"accountName\":\"a\"}]}\n{\"ok\":true,\"resp",
        "{\"values\":[{\"accountName\":\"a\"}]}\nUnable to communicate with server x",
    ] {
        assert!(names(text).is_err(), "{text}");
    }
}

#[test]
fn a_list_that_fails_leaves_the_names_of_the_one_before() {
    let (_folder, mut accounts) = new_list();
    let mut ask = |text: &str| list(&finished(file(text)), HOST, &mut accounts).map(|all| all.new);
    assert_eq!(ask(r#"{"values":[{"accountName":"a"}]}"#), Ok(1));
    let long = format!(r#"{{"accountName":"{}"}},"#, "x".repeat(60_000)).repeat(3);
    let cut = format!(r#"{{"values":[{{"accountName":"b"}},{long}"#);
    assert!(ask(&cut).is_err());
    assert_eq!(
        ask(r#"{"values":[{"accountName":"c"},{"accountName":"a"},{"accountName":"c"}]}"#),
        Ok(1)
    );
    assert_eq!(on_list(&accounts), ["a", "c"]);
}

#[test]
fn what_did_not_end_well_is_no_list() {
    let (_folder, mut accounts) = new_list();
    let answer = r#"{"values":[{"accountName":"a"}]}"#;
    for outcome in [
        Outcome::Exit(1),
        Outcome::Signal(9),
        Outcome::TimedOut,
        Outcome::Stopped,
        Outcome::Unjournalled("x".to_owned()),
        Outcome::Skipped("x".to_owned()),
    ] {
        let mut finished = finished(file(answer));
        finished.outcome = outcome.clone();
        assert_eq!(list(&finished, HOST, &mut accounts), Err(outcome));
    }
    let mut cut = finished(file(answer));
    cut.truncated = true;
    assert!(list(&cut, HOST, &mut accounts).is_err());
    let mut lost = finished(file(answer));
    lost.stdout = None;
    assert!(list(&lost, HOST, &mut accounts).is_err());
    assert_eq!(accounts.count(), 0);
}

#[test]
fn a_list_about_another_host_is_refused() {
    for host in [
        "mbox2.example.com",
        "mbox1.example.org",
        "mbox",
        "mbox10",
        "x",
    ] {
        let account = format!(
            r#"{{"accountName":"a","accountMailHost":"mbox1.example.com"}},
               {{"accountMailHost":"{host}","accountName":"b"}}"#
        );
        let why = of_accounts(&account).unwrap_err();
        let said = format!(
            "the account list is not about the host asked for: account 2 is on {host}, not on {HOST}"
        );
        assert_eq!(why, said);
    }
    for host in [
        r#""mbox1.example.com""#,
        r#""MBox1.Example.com.""#,
        r#""mbox1""#,
        "null",
        "[]",
    ] {
        let account = format!(r#"{{"accountName":"a","accountMailHost":{host}}}"#);
        assert!(of_accounts(&account).is_ok(), "{host}");
    }
}

#[test]
fn names_arrive_unchanged() {
    let hostile = [
        "o'brien@example.com",
        "a;reboot@example.com",
        "$(reboot)@example.com",
        "a b@example.com",
        "-rf@example.com",
        "müller@例え.jp",
        "back\\slash",
        "\"quoted\"",
        "{brace}",
        " leading",
    ];
    for name in hostile {
        let json = serde_json::json!({"ok": true, "response": {"values": [{"accountName": name}]}});
        assert_eq!(names(&json.to_string()), Ok(vec![name.to_owned()]));
    }
    let escaped = r#"{"values":[{"accountName":"\u006d\u00fc\ud83d\ude00\/"}]}"#;
    assert_eq!(names(escaped), Ok(vec!["mü😀/".to_owned()]));
}

#[test]
fn an_account_without_a_usable_name_costs_only_itself() {
    for account in [
        "{}",
        r#"{"accountName":null}"#,
        r#"{"accountName":""}"#,
        r#"{"accountName":"  "}"#,
        r#"{"accountName":7}"#,
        r#"{"accountName":true}"#,
        r#"{"accountName":["a"]}"#,
        r#"{"accountName":{"a":"b"}}"#,
        r#"{"accountName":"a\nb"}"#,
        r#"{"accountName":"a\u0000b"}"#,
        r#"{"accountName":"a\u001b[2J"}"#,
        r#"{"accountName":"a\u0085b"}"#,
        r#"{"accountName":"a\u007fb"}"#,
        r#"{"accountName":"\ud800"}"#,
        r#"{"accountName":"\udc00a"}"#,
    ] {
        let around = format!(r#"{{"accountName":"a"}},{account},{{"accountName":"b"}}"#);
        let expected = Listed {
            total: 3,
            unusable: 1,
            without_replica: 3,
            lagging: 0,
            new: 2,
        };
        let names = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(of_accounts(&around), Ok((expected, names)), "{account}");
    }
}

#[test]
fn a_name_in_another_encoding_costs_only_itself() {
    let (_folder, mut accounts) = new_list();
    let mut output = tempfile::tempfile().unwrap();
    let rows =
        b"{\"values\":[{\"accountName\":\"m\xfcller\"},{\"accountName\":\"m\xc3\xbcller\"}]}";
    output.write_all(rows).unwrap();
    let listed = list(&finished(output), HOST, &mut accounts).unwrap();
    assert_eq!((listed.total, listed.unusable), (2, 1));
    assert_eq!(on_list(&accounts), ["müller"]);
}

#[test]
fn a_row_that_is_no_account_is_an_error() {
    for account in [r#""a@example.com""#, "null", "7", r#"["a@example.com"]"#] {
        let rows = format!(r#"{{"accountName":"a"}},{account}"#);
        let why = of_accounts(&rows).unwrap_err();
        assert_eq!(why, "account 2 in the answer is not an object", "{account}");
    }
}

#[test]
fn values_that_are_not_a_list_are_an_error() {
    for values in ["{}", "\"a\"", "7", "{\"accountName\":\"a\"}"] {
        let why = names(&format!(
            "{{\"ok\":true,\"response\":{{\"values\":{values}}}}}"
        ));
        assert_eq!(
            why,
            Err("`values` in the answer is not a list".to_owned()),
            "{values}"
        );
    }
}

/// What an account has beside its name; is no replica available, does the best one lag?
const COUNTED: &[(&str, usize, usize)] = &[
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":9}]"#,
        0,
        0,
    ),
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":8}]"#,
        0,
        1,
    ),
    (
        r#""sequence":"9","replicas":[{"available":"true","sequence":"8"}]"#,
        0,
        1,
    ),
    (
        r#""replicas":[{"sequence":8.0,"available":true}],"sequence":9e0"#,
        0,
        1,
    ),
    // The best available one counts.
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":3},{"available":true,"sequence":9}]"#,
        0,
        0,
    ),
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":3},{"available":false,"sequence":9}]"#,
        0,
        1,
    ),
    (
        r#""sequence":9,"replicas":[{"available":true},{"available":true,"sequence":8}]"#,
        0,
        1,
    ),
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":9},{"available":true,"sequence":3}]"#,
        0,
        0,
    ),
    // Ahead is not behind.
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":10}]"#,
        0,
        0,
    ),
    // Lag needs two numbers.
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":null}]"#,
        0,
        0,
    ),
    (
        r#""sequence":null,"replicas":[{"available":true,"sequence":8}]"#,
        0,
        0,
    ),
    (
        r#""sequence":"new","replicas":[{"available":true,"sequence":8}]"#,
        0,
        0,
    ),
    (
        r#""sequence":9.5,"replicas":[{"available":true,"sequence":8}]"#,
        0,
        0,
    ),
    (
        r#""sequence":9,"replicas":[{"available":true,"sequence":18446744073709551615}]"#,
        0,
        0,
    ),
    // None available.
    (
        r#""sequence":9,"replicas":[{"available":false,"sequence":8}]"#,
        1,
        0,
    ),
    (
        r#""sequence":9,"replicas":[{"available":null,"sequence":8}]"#,
        1,
        0,
    ),
    (
        r#""sequence":9,"replicas":[{"available":1,"sequence":8}]"#,
        1,
        0,
    ),
    (
        r#""sequence":9,"replicas":[{"sequence":8},null,"x",[]]"#,
        1,
        0,
    ),
    (r#""sequence":9,"replicas":[]"#, 1, 0),
    (r#""sequence":9,"replicas":null"#, 1, 0),
    (r#""sequence":9,"replicas":{"available":true}"#, 1, 0),
    (r#""sequence":9"#, 1, 0),
];

#[test]
fn replicas_are_counted_whatever_the_types() {
    for &(rest, none_available, lagging) in COUNTED {
        let (listed, _) = of_accounts(&format!("{{\"accountName\":\"a\",{rest}}}")).unwrap();
        let counted = (listed.total, listed.without_replica, listed.lagging);
        assert_eq!(counted, (1, none_available, lagging), "{rest}");
    }
}

#[test]
fn a_hundred_thousand_accounts_are_read_to_the_last() {
    let mut out = BufWriter::new(tempfile::tempfile().unwrap());
    write!(
        out,
        "deprecated {{ha}}\n{{\"ok\":true,\"response\":{{\"values\":["
    )
    .unwrap();
    for number in 0..100_000 {
        let comma = if number == 0 { "" } else { ",\n" };
        let sequence = number % 2;
        write!(
            out,
            "{comma}{{\"accountName\":\"u{number}@x\",\"sequence\":1,\
             \"replicas\":[{{\"available\":true,\"sequence\":{sequence}}}]}}"
        )
        .unwrap();
    }
    write!(out, "]}}}}\nbye\n").unwrap();
    let (_folder, mut accounts) = new_list();
    let output = out.into_inner().unwrap();
    let expected = Listed {
        total: 100_000,
        unusable: 0,
        without_replica: 0,
        lagging: 50_000,
        new: 100_000,
    };
    assert_eq!(list(&finished(output), HOST, &mut accounts), Ok(expected));
    let names = on_list(&accounts);
    assert_eq!(names.len(), 100_000);
    for (number, name) in names.iter().enumerate() {
        assert_eq!(*name, format!("u{number}@x"));
    }
}

#[test]
fn running_operations_are_named() {
    for (list, promoting, expected) in [
        ("[]", 0, &[][..]),
        (
            r#"[{"id":"op-1","name":"doBackup","module":"ZxBackup","state":"Started"}]"#,
            0,
            &["doBackup"],
        ),
        (
            r#"[{"name":"PromoteAccounts","operationId":"8c21"},{"name":"b"}]"#,
            1,
            &["PromoteAccounts", "b"],
        ),
        (
            r#"[{"id":"op-1","module":"ZxHA"}]"#,
            0,
            &["unnamed ZxHA op-1"],
        ),
        (
            r#"[{"operationId":"8c21","name":" "}]"#,
            0,
            &["unnamed  8c21"],
        ),
        (r#"[{"name":"a\u001b[2Jb"}]"#, 0, &["a\u{fffd}[2Jb"]),
        (r#"[{},null]"#, 0, &["unnamed", "unnamed"]),
    ] {
        let expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
        for text in [
            format!(r#"{{"ok":true,"response":{{"operationList":{list}}}}}"#),
            format!(
                r#"{{"response":{{"mbx1":{{"ok":true,"response":{{"operationList":{list}}}}}}}}}"#
            ),
        ] {
            let found = operations(&file(&text)).unwrap();
            assert_eq!(
                (found.promoting, &found.names),
                (promoting, &expected),
                "{text}"
            );
        }
    }
}

#[test]
fn no_list_of_operations_is_not_an_empty_list() {
    let many = "{},".repeat(1001);
    for (text, said) in [
        ("", "no JSON answer"),
        (r#"{"ok":true,"response":{}}"#, "no `operationList`"),
        (
            r#"{"ok":true,"response":{"operationList":null}}"#,
            "no `operationList`",
        ),
        (
            r#"{"ok":true,"response":{"operationList":"none"}}"#,
            "not a list",
        ),
        (
            r#"{"ok":false,"error":{"message":"mailboxd is down"}}"#,
            "mailboxd is down",
        ),
        (
            &format!(r#"{{"ok":true,"response":{{"operationList":[{many}{{}}]}}}}"#),
            "more than 1000",
        ),
    ] {
        let why = operations(&file(text)).unwrap_err();
        assert!(why.contains(said), "{said}: {why}");
    }
}
