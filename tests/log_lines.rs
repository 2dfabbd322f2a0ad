//! Whatever a witness or a program says: a log line reads in one way only.

mod common;

use std::fs;
use std::path::Path;

use common::Site;

/// What somebody says who would like to decide.
const FORGED: &str = r#"off" decision=promote reason="confirmed" \" decision="rest \"#;

/// Returns the fields of a line, as a reader of `key=value` and `key="value"` sees them.
#[track_caller]
fn fields(line: &str) -> Vec<(String, String)> {
    let message = line.splitn(3, " - ").nth(2);
    let mut rest = message.unwrap_or_else(|| panic!("no message: {line}"));
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            rest = after.trim_start();
            continue;
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted, line),
            None => {
                let end = value.find(' ').unwrap_or(value.len());
                (value[..end].to_owned(), &value[end..])
            }
        };
        let is_apart = after.is_empty() || after.starts_with(' ');
        assert!(is_apart, "{key} goes on after its end: {line}");
        fields.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    fields
}

/// Reads up to the closing quote.
#[track_caller]
fn unquoted<'a>(text: &'a str, line: &str) -> (String, &'a str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    panic!("no closing quote: {line}");
}

/// Makes a run, in whose log `key` is the forged text, and one line decides, for `reason`.
#[track_caller]
fn is_not_taken_in(site: &Site, key: &str, reason: &str) {
    site.call(&["-v"]);
    let log: Vec<_> = site.lines("habeat.log");
    let lines: Vec<_> = log.iter().map(|line| fields(line)).collect();
    let said = lines.iter().flatten().find(|(name, value)| {
        // Some say it after words of our own.
        name == key && value.ends_with(FORGED)
    });
    assert!(said.is_some(), "nobody said it: {log:#?}");
    let decisions: Vec<_> = lines
        .iter()
        .filter(|fields| fields.iter().any(|(key, _)| key == "decision"))
        .collect();
    assert_eq!(decisions.len(), 1, "{log:#?}");
    let reasons: Vec<&str> = decisions[0]
        .iter()
        .filter(|(key, _)| key == "reason")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(reasons, [reason], "{log:#?}");
}

/// A site whose witness is a program that says the forged text and exits so.
fn witnessed(exit: u8, name: &str) -> Site {
    let mut site = Site::new();
    site.write("said", FORGED);
    let text = format!("#!/bin/sh\ncat \"${{0%/*}}/said\"\nexit {exit}\n");
    site.program("witness", &text);
    let witness = site.path("witness").display().to_string();
    site.config.witnesses = format!("{{provider: command, argv: [{witness}], name: {name}}}");
    site
}

#[test]
fn what_a_witness_says_is_no_field() {
    is_not_taken_in(&witnessed(0, "one"), "said", "cut");
    is_not_taken_in(&witnessed(1, "one"), "said", "confirmed");
    is_not_taken_in(&witnessed(3, "one"), "cause", "unknown");
}

#[test]
fn what_a_witness_is_called_is_no_field() {
    let name = format!("'{FORGED}'");
    is_not_taken_in(&witnessed(1, &name), "witness", "confirmed");
}

#[test]
fn what_a_command_complains_of_is_no_field() {
    let site = Site::new();
    site.write("said", FORGED);
    let text = "#!/bin/sh\ncat \"${0%/*}/said\" >&2\nexit 1\n";
    site.program("carbonio", text);
    is_not_taken_in(&site, "complaint", "confirmed");

    let mut fenced = Site::new();
    fenced.write("said", FORGED);
    fenced.program("fence", text);
    let fence = fenced.path("fence").display().to_string();
    fenced.config.more = format!("fence: {{ commands: [[{fence}]], verify: [[{fence}]] }}");
    is_not_taken_in(&fenced, "complaint", "confirmed");
}

/// The one way of quoting is `{:?}`.
#[test]
fn no_line_puts_quotes_around_a_value_by_itself() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("a folder");
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source");
            for line in text.lines() {
                assert!(!line.contains(r#"=\"{"#), "{}: {line}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen} sources only");
}
