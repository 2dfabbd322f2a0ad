//! Files that are no config at all.

use super::{errors, load, load_bytes};

/// What it is, its bytes, what is said of it.
const BROKEN: [(&str, &[u8], &str); 16] = [
    ("empty", b"", "the file is empty; see habeat.yml(5)"),
    (
        "only comments",
        b"# soon\n",
        "the file is empty; see habeat.yml(5)",
    ),
    (
        "a text",
        b"\nhello\n",
        "line 2: expected blocks such as `local:`; see habeat.yml(5)",
    ),
    (
        "a list",
        b"- local\n",
        "line 1: expected blocks such as `local:`; see habeat.yml(5)",
    ),
    (
        "two documents",
        b"a: 1\n---\nb: 1\n",
        "line 3: a second document starts here; remove the `---` before it or, if there is none, indent this line like the first key of the file",
    ),
    (
        "a first key too far in",
        b"  a: 1\nb: 1\n",
        "line 2: a second document starts here; remove the `---` before it or, if there is none, indent this line like the first key of the file",
    ),
    (
        "a tab",
        b"local:\n\twhoami: x\n",
        "line 2: a tab in the indentation; YAML wants spaces",
    ),
    (
        "a tab after blanks",
        b"local:\n  role: x\n\twhoami: x\n",
        "line 3: a tab in the indentation; YAML wants spaces",
    ),
    (
        "an open quote",
        b"local:\n  role: \"x\n",
        "line 2: the quote that opens here is never closed",
    ),
    (
        "two colons",
        b"local:\n  role: x: y\n",
        "line 2: not usable YAML: mapping values are not allowed in this context at line 2 column 10",
    ),
    (
        "a tag",
        b"local:\n  role: !x y\n",
        "line 2: not usable YAML: local.role: YAML tags are not read; put a text that starts with ! in quotes at line 2 column 9",
    ),
    (
        "a list as key",
        b"local:\n  [a]: y\n",
        "line 2: not usable YAML: local: invalid type: sequence, expected a key at line 2 column 3",
    ),
    (
        "an unknown anchor",
        b"local: *x\n",
        "line 1: not usable YAML: unknown anchor at line 1 column 8",
    ),
    (
        "latin 1",
        b"local:\n  role: caf\xe9\n",
        "line 2: not UTF-8 text; save the file as UTF-8",
    ),
    (
        "a NUL",
        b"local: a\0b\n",
        "line 1: not usable YAML: control characters are not allowed at position 8",
    ),
    (
        "an alias of itself",
        b"a: &a [*a]\n",
        "line 1: not usable YAML: recursion limit exceeded at line 1 column 4",
    ),
];

#[test]
fn a_file_that_is_no_config_is_refused_with_the_reason() {
    for (name, bytes, expected) in BROKEN {
        assert_eq!(errors(bytes), [expected], "{name}");
    }
}

#[test]
fn a_file_that_would_grow_or_take_long_is_refused() {
    let many = |unit: &str, count| unit.repeat(count);
    let cases = [
        (
            "deep nesting",
            many("- ", 2000),
            "line 1: not usable YAML: recursion limit exceeded at line 1 column 257",
        ),
        (
            "many brackets",
            many("[", 1 << 20),
            "line 1: more than 1000 opening brackets; this is no config",
        ),
        (
            "many values",
            many("a: 1\n", 20_000),
            "line 1: not usable YAML: more than 10000 values",
        ),
        (
            "too large",
            many("#", (1 << 20) + 1),
            "cannot read the config file: it is larger than 1048576 bytes",
        ),
        (
            "aliases of aliases",
            alias_bomb(),
            "line 1: not usable YAML: e[0][2][0][5]: more than 10000 values at line 1 column 4",
        ),
        (
            "aliases of a long text",
            long_alias(),
            "line 1: not usable YAML: b[2]: the aliases unfold to too much text at line 1 column 4",
        ),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(errors(bytes), [expected], "{name}");
    }
}

/// Nine lists of nine of the one before: 9⁹ values.
fn alias_bomb() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (last, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        let list = vec![format!("*{last}"); 9].join(", ");
        text += &[
            &name.to_string(),
            ": &",
            &name.to_string(),
            " [",
            &list,
            "]\n",
        ]
        .concat();
    }
    text
}

/// Half a megabyte, a thousand times.
fn long_alias() -> String {
    let long = "x".repeat(1 << 19);
    format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 1000].join(", "))
}

#[test]
fn what_is_no_regular_file_is_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
    for (path, expected) in [
        (folder.path(), "it is a directory; give the file itself"),
        (fifo.as_path(), "it is not a regular file"),
        ("/dev/zero".as_ref(), "it is not a regular file"),
        (
            folder.path().join("gone").as_path(),
            "No such file or directory (os error 2)",
        ),
    ] {
        let invalid = load(path).unwrap_err();
        let expected = format!(
            "{}: 1 problem\n  cannot read the config file: {expected}",
            path.display()
        );
        assert_eq!(invalid.to_string(), expected);
    }
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_matter() {
    let text = super::SMALLEST.replace('\n', "\r\n");
    assert!(load_bytes(format!("\u{feff}{text}")).is_ok());
}

#[test]
fn a_document_may_be_framed() {
    assert!(load_bytes(format!("---\n{}...\n", super::SMALLEST)).is_ok());
}

#[test]
fn of_very_many_problems_the_first_hundred_are_shown() {
    let text: String = (0..300).map(|it| format!("key{it}: 1\n")).collect();
    let told = errors(format!("{}{text}", super::SMALLEST));
    assert_eq!(told.len(), 101);
    assert_eq!(told.last().unwrap(), "and 200 more");
}
