use std::fs::File;
use std::io::{BufWriter, Write};

use super::{Replicas, operations, read};

fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    read(file(text), |name| names.push(name.to_owned())).map(|_| names)
}

fn replicas(accounts: &str) -> Replicas {
    let text = format!("{{\"ok\":true,\"response\":{{\"values\":[{accounts}]}}}}");
    read(file(&text), |_| {}).unwrap()
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
fn nothing_is_told_of_an_answer_that_is_an_error_or_cut() {
    for text in [
        r#"{"response":{"values":[{"accountName":"a"}]},"ok":false}"#,
        r#"{"response":{"values":[{"accountName":"a"}]},"error":"x"}"#,
        r#"{"ok":true,"response":{"values":[{"accountName":"a"}"#,
        r#"{"response":{"mbx1":{"response":{"values":[{"accountName":"a"}]}},"mbx2":{"ok":false}}}"#,
    ] {
        let mut told = 0;
        assert!(read(file(text), |_| told += 1).is_err(), "{text}");
        assert_eq!(told, 0, "{text}");
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
fn an_account_without_a_usable_name_is_an_error_that_names_it() {
    for (account, said) in [
        ("{}", "account 2 in the answer has no accountName"),
        (
            r#"{"accountName":null}"#,
            "account 2 in the answer has no accountName",
        ),
        (
            r#"{"accountName":""}"#,
            "the accountName of account 2 is empty",
        ),
        (
            r#"{"accountName":"  "}"#,
            "the accountName of account 2 is empty",
        ),
        (
            r#"{"accountName":7}"#,
            "the accountName of account 2 is not a text",
        ),
        (
            r#"{"accountName":["a"]}"#,
            "the accountName of account 2 is not a text",
        ),
        (
            r#"{"accountName":"a\nb"}"#,
            r#"of account 2 has a control character: "a\nb""#,
        ),
        (
            r#"{"accountName":"a\u0000b"}"#,
            r#"of account 2 has a control character: "a\0b""#,
        ),
        (
            r#"{"accountName":"a\u001b[2J"}"#,
            r#"of account 2 has a control character: "a\u{1b}[2J""#,
        ),
        (
            r#"{"accountName":"a\u0085b"}"#,
            r#"of account 2 has a control character: "a\u{85}b""#,
        ),
        (
            r#""a@example.com""#,
            "account 2 in the answer is not an object",
        ),
        ("null", "account 2 in the answer is not an object"),
        (
            r#"["a@example.com"]"#,
            "account 2 in the answer is not an object",
        ),
        (r#"{"accountName":"\ud800"}"#, "the answer cannot be used"),
    ] {
        let text =
            format!(r#"{{"ok":true,"response":{{"values":[{{"accountName":"a"}},{account}]}}}}"#);
        let why = names(&text).unwrap_err();
        assert!(why.contains(said), "{account}: {why}");
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
        let expected = Replicas {
            total: 1,
            none_available,
            lagging,
        };
        assert_eq!(
            replicas(&format!("{{\"accountName\":\"a\",{rest}}}")),
            expected,
            "{rest}"
        );
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
    let mut next = 0;
    let counted = read(out.into_inner().unwrap(), |name| {
        assert_eq!(name, format!("u{next}@x"));
        next += 1;
    });
    let expected = Replicas {
        total: 100_000,
        none_available: 0,
        lagging: 50_000,
    };
    assert_eq!((counted, next), (Ok(expected), 100_000));
}

#[test]
fn running_operations_are_named() {
    for (list, expected) in [
        ("[]", &[][..]),
        (
            r#"[{"id":"op-1","name":"doBackup","module":"ZxBackup","state":"Started"}]"#,
            &["doBackup"],
        ),
        (
            r#"[{"name":"PromoteAccounts","operationId":"8c21"},{"name":"b"}]"#,
            &["PromoteAccounts", "b"],
        ),
        (r#"[{"id":"op-1","module":"ZxHA"}]"#, &["unnamed ZxHA op-1"]),
        (r#"[{"operationId":"8c21","name":" "}]"#, &["unnamed  8c21"]),
        (r#"[{"name":"a\u001b[2Jb"}]"#, &["a\u{fffd}[2Jb"]),
        (r#"[{},null]"#, &["unnamed", "unnamed"]),
    ] {
        let expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
        for text in [
            format!(r#"{{"ok":true,"response":{{"operationList":{list}}}}}"#),
            format!(
                r#"{{"response":{{"mbx1":{{"ok":true,"response":{{"operationList":{list}}}}}}}}}"#
            ),
        ] {
            assert_eq!(operations(file(&text)), Ok(expected.clone()), "{text}");
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
        let why = operations(file(text)).unwrap_err();
        assert!(why.contains(said), "{said}: {why}");
    }
}
