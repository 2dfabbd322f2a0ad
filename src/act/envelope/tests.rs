use std::fs::File;
use std::io::Write;

use serde::de::{DeserializeSeed, Deserializer};

use super::loose::{As, Plain, Scalar};
use super::{Payload, Unread, find, printable, read};

fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// What is found: what `values` is in the answer, `none`, or why not.
fn found(text: &str) -> String {
    let mut values = Values::default();
    match find(&file(text), &mut values) {
        Ok(Some(_)) => format!("{:?}", values.0),
        Ok(None) => "none".to_owned(),
        Err(why) => why,
    }
}

/// Keeps every `values` that is a scalar.
#[derive(Default)]
struct Values(Vec<String>);

impl Payload for Values {
    fn key(&self) -> &'static str {
        "values"
    }

    fn forget(&mut self) {
        self.0.clear();
    }

    fn take<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<bool, D::Error> {
        let value = As(Plain).deserialize(from)?;
        let is_there = value != Scalar::Null;
        self.0.extend(value.text());
        Ok(is_there)
    }

    fn complaint(&mut self) -> Option<String> {
        None
    }
}

const ANSWER: &str = r#"{"ok":true,"response":{"values":"ours"}}"#;
/// What is found of it.
const OURS: &str = r#"["ours"]"#;

#[test]
fn the_answer_is_found_behind_noise() {
    for before in [
        "",
        "  \t",
        "\n\n",
        "WARNING: the ha command is deprecated, use MailReplica instead\n",
        "Welcome to Ubuntu 22.04 {jammy}\n * Documentation: https://help.ubuntu.com\n",
        "{\n",
        "{ not json }\n",
        "{'python': True}\n",
        "{key=value, other={nested}}\n",
        "{}\n",
        "{} {} {}\r\n",
        "{\"level\":\"warn\",\"text\":\"namespace ha { is deprecated\"}\n",
        "{\"level\":\"warn\"}\n{\"level\":\"info\",\"list\":[{},{}]}\n",
        "[1, 2, 3]\n",
        "\u{1b}[33mdeprecated\u{1b}[0m\n",
        "\u{1b}[0m",
        "\u{feff}",
        "prov> ",
        "note {a} and {b}: ",
        "nul \0 and bell \u{7}\n",
        "{\"ok\":true,\"response\":{\"operationId\":\"op-1\"}}\n",
    ] {
        for after in [
            "",
            "\n",
            "\n\n  \n",
            "\ndone\n",
            "\ndone {\n",
            "\n{}\n",
            "\n}\n",
            " trailing",
        ] {
            let text = format!("{before}{ANSWER}{after}");
            assert_eq!(found(&text), OURS, "{text:?}");
        }
    }
}

#[test]
fn the_last_complete_answer_wins() {
    let other = r#"{"ok":false,"error":"x","values":"other"}"#;
    let (ours, others) = (OURS, r#"["other"]"#);
    for (text, expected) in [
        (format!("{other}\n{ANSWER}"), ours),
        (format!("{ANSWER}\n{other}"), others),
        (format!("{other}\n{other}\n{ANSWER}\n"), ours),
        (format!("{ANSWER}\n{ANSWER}\n{other}\n{{}}\nbye"), others),
        (format!("{ANSWER}{other}"), others),
        (format!("{other} {ANSWER} done\n"), ours),
        (format!("{ANSWER} done {other}\n"), ours),
        (format!("{ANSWER}\n{{ {other}\n"), ours),
        // One that begins a line goes before one that does not.
        (format!("{ANSWER}\nnote: {other}\n"), ours),
        (format!("note: {other}\n{ANSWER}\n"), ours),
        (format!("note: {other} note: {ANSWER}\n"), ours),
    ] {
        assert_eq!(found(&text), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_answer_is_not_found() {
    for text in [
        "",
        "no braces at all",
        "{",
        "{{{{{{",
        "{}",
        "[]",
        "null",
        "\"{\"",
        "{\"accountName\":\"a@example.com\"}",
        "{\"ok\":null,\"error\":null,\"response\":null,\"values\":null}",
        "{\"ok",
    ] {
        assert_eq!(found(text), "none", "{text:?}");
    }
}

#[test]
fn a_damaged_answer_is_an_error_and_its_inside_is_never_an_answer() {
    let inside = format!("{{\"ok\":true,\"response\":{{\"mbx1\":\n{ANSWER},\n\"mbx2\":");
    for (text, said) in [
        ("{\"ok\":true,\"response\":{\"values\":[", "breaks off"),
        ("{\"ok\":true", "breaks off"),
        ("{\"ok\":", "breaks off"),
        (inside.as_str(), "breaks off"),
        (&format!("{inside} oops }}}}\n"), "damaged"),
        (&format!("{ANSWER}\n{{\"ok\":true,\"resp"), "breaks off"),
        ("{\"ok\":true,,\"response\":{}}", "damaged"),
        ("{\"ok\":true]", "damaged"),
        ("{\"ok\":true,\"response\":{\"a\":01}}", "damaged"),
    ] {
        assert!(found(text).contains(said), "{text:?}: {}", found(text));
    }
}

#[test]
fn every_cut_of_an_answer_is_refused() {
    let answer = "{\n \"ok\": true,\n \"response\": {\n  \"s\":\n  {\"ok\":true,\"response\":\n{\"values\":\n\"ours\"}}}}";
    for end in 0..answer.len() {
        let cut = &answer[..end];
        assert!(!found(cut).starts_with('['), "{cut:?}");
    }
    assert_eq!(found(answer), OURS);
}

#[test]
fn what_would_need_much_memory_is_refused() {
    let deep = format!("{{\"ok\":true,\"response\":{}", "[".repeat(100_000));
    let deep_objects = format!("{{\"ok\":true,\"response\":{}", "{\"a\":".repeat(100_000));
    let long = format!("{{\"ok\":true,\"response\":\"{}\"}}", "x".repeat(70_000));
    let long_key = format!("{{\"{}", "x".repeat(70_000));
    for (text, said) in [
        (deep, "deeper than 64 levels"),
        (deep_objects, "deeper than 64 levels"),
        (long, "longer than 65536 bytes"),
        (long_key, "longer than 65536 bytes"),
        ("{a\n".repeat(100), "too much noise"),
    ] {
        assert!(found(&text).contains(said), "{said}: {}", found(&text));
    }
}

#[test]
fn thousands_of_log_lines_in_json_are_no_obstacle() {
    let lines =
        "{\"level\":\"info\",\"text\":\"a } or a { in a text \\\" is none\"}\n".repeat(5_000);
    assert_eq!(found(&format!("{lines}{ANSWER}\n{lines}")), OURS);
}

/// Answers without a list of values, and what is said of them.
const REFUSED: &[(&str, &str)] = &[
    (r#"{"ok":false}"#, "ok is false, without a message"),
    (
        r#"{"ok":"false","response":{"values":[]}}"#,
        "ok is false, without a message",
    ),
    (
        r#"{"ok":0,"response":{"values":[]}}"#,
        "ok is false, without a message",
    ),
    (
        r#"{"ok":true,"response":{"values":[]},"ok":false}"#,
        "ok is false, without a message",
    ),
    (
        r#"{"ok":false,"ok":true,"response":{"values":[]}}"#,
        "ok is false, without a message",
    ),
    (
        r#"{"ok":false,"message":"no such server"}"#,
        "no such server",
    ),
    (r#"{"ok":false,"error":"no such server"}"#, "no such server"),
    (
        r#"{"ok":true,"error":"no such server","response":{"values":[]}}"#,
        "no such server",
    ),
    (
        r#"{"error":{"message":"no such server","code":"X"}}"#,
        "no such server",
    ),
    (
        r#"{"error":{"code":"NO_SUCH_SERVER","details":{"a":[1]},"cause":null}}"#,
        "NO_SUCH_SERVER",
    ),
    (r#"{"error":{}}"#, "an error without a message"),
    (r#"{"error":true}"#, "an error without a message"),
    (
        r#"{"error":"red \u001b[31m\n alert"}"#,
        "red \u{fffd}[31m\u{fffd} alert",
    ),
    (
        r#"{"response":{"mbx1":{"ok":true,"response":{"values":[]}},"mbx2":{"ok":false,"error":{"message":"down"}}}}"#,
        "mbx2: down",
    ),
    (
        r#"{"ok":true,"response":{"mbx1":{"ok":false}}}"#,
        "mbx1: ok is false, without a message",
    ),
    (r#"{"ok":true,"response":{}}"#, "the answer has no `values`"),
    (r#"{"ok":true}"#, "the answer has no `values`"),
    (
        r#"{"ok":true,"response":null}"#,
        "the answer has no `values`",
    ),
    (
        r#"{"ok":true,"response":"values"}"#,
        "the answer has no `values`",
    ),
    (
        r#"{"ok":true,"response":{"values":null}}"#,
        "the answer has no `values`",
    ),
    (
        r#"{"response":{"mbx1":{"ok":true,"response":{"values":[]}},"mbx2":{"ok":true}}}"#,
        "the answer has no `values`",
    ),
    ("no json", "there is no JSON answer in the output"),
];

#[test]
fn an_error_is_recognised_in_every_form() {
    for &(text, said) in REFUSED {
        assert_eq!(
            read(&file(text), &mut Unread("values")),
            Err(said.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn a_good_answer_is_no_error_in_any_form() {
    for text in [
        ANSWER,
        r#"{"values":[]}"#,
        r#"{"ok":"true","error":null,"response":{"values":[],"more":{"x":1}}}"#,
        r#"{"ok":true,"error":"","response":{"values":[]}}"#,
        r#"{"ok":true,"error":false,"response":{"values":[]}}"#,
        r#"{"response":{"mbx1":{"ok":true,"response":{"values":[]}}}}"#,
        r#"{"ok":true,"response":{"mbx1":{"ok":true,"response":{"values":[]}},"mbx2":{"values":[]},"took":7}}"#,
    ] {
        assert_eq!(read(&file(text), &mut Unread("values")), Ok(()), "{text}");
    }
}

#[test]
fn shown_text_is_short_and_harmless() {
    assert_eq!(
        printable(" a\tb\u{85}c\u{7f} "),
        "a\u{fffd}b\u{fffd}c\u{fffd}"
    );
    assert_eq!(printable(&"é".repeat(200)), "é".repeat(200));
    assert_eq!(printable(&"é".repeat(201)), format!("{}…", "é".repeat(199)));
}

#[test]
fn a_byte_that_is_no_text_spoils_only_the_string_it_is_in() {
    for (bytes, expected) in [
        (&b"m\xc3\xbcller \xf0\x9f\x98\x80"[..], "müller 😀"),
        (b"m\xfcller", "m\u{7f}ller"),
        (b"\xfc", "\u{7f}"),
        // Cut short: by the end of the string, by another character, by an escape.
        (b"\xc3", "\u{7f}"),
        (b"\xf0\x9f\x98", "\u{7f}\u{7f}\u{7f}"),
        (b"\xe2\x82\xc3\xbc", "\u{7f}\u{7f}ü"),
        (b"\xc3\\n", "\u{7f}\n"),
        // Too long a form, half a surrogate pair, beyond the last character, a stray part.
        (b"\xc0\xaf", "\u{7f}\u{7f}"),
        (b"\xed\xa0\x80", "\u{7f}\u{7f}\u{7f}"),
        (b"\xf4\x90\x80\x80", "\u{7f}\u{7f}\u{7f}\u{7f}"),
        (b"\xff\x80", "\u{7f}\u{7f}"),
    ] {
        let text = [
            b"banner \xe9t\xe9\n{\"values\":\"",
            bytes,
            b"\",\"ok\":true}\n",
        ]
        .concat();
        let mut output = tempfile::tempfile().unwrap();
        output.write_all(&text).unwrap();
        let mut values = Values::default();
        assert_eq!(read(&output, &mut values), Ok(()), "{bytes:?}");
        assert_eq!(values.0, [expected], "{bytes:?}");
    }
}
