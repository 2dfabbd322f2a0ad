//! What is not YAML, in words, and on the line where it began: the parser tells where it gave up.

use super::suggest::{deceiving, quoted};

/// Why the text is not YAML that we read.
#[derive(Debug)]
pub(super) struct Syntax {
    /// The line, from 1, where it is known.
    pub(super) line: Option<usize>,
    /// What is wrong.
    pub(super) message: String,
}

/// Explains what the parser said, having given up at `line`.
pub(super) fn explain(text: &str, line: Option<usize>, said: &str) -> Syntax {
    let at = |number: usize| {
        text.lines()
            .nth(number.saturating_sub(1))
            .unwrap_or_default()
    };
    if line.is_some_and(|line| is_indented_by_tab(at(line))) {
        let message = "a tab in the indentation; YAML wants spaces".to_owned();
        return Syntax { line, message };
    }
    if let Some(began) = after(said, "while scanning a simple key at line ") {
        let message = broken_key(at(began));
        return Syntax {
            line: Some(began),
            message,
        };
    }
    if let Some(began) = after(said, "while scanning a quoted scalar at line ") {
        let message = "the quote that opens here is never closed".to_owned();
        return Syntax {
            line: Some(began),
            message,
        };
    }
    let above = text
        .lines()
        .take(line.unwrap_or_default().saturating_sub(1));
    let open = above.enumerate().filter(|(_, it)| opens_a_quote(it)).last();
    if let (Some(line), Some((index, _))) = (line, open) {
        return Syntax {
            line: Some(index + 1),
            message: format!(
                "the quote that opens here is not closed on this line; YAML gives up at line {line}"
            ),
        };
    }
    let message = format!("not usable YAML: {said}");
    Syntax { line, message }
}

/// Returns what is meant when a key and its value have run together.
///
/// The value is not repeated: it may be a secret.
pub(super) fn run_together(text: &str) -> Option<String> {
    let (key, value) = text.trim().split_once(':')?;
    let is_key = !key.is_empty()
        && key
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_');
    (is_key && !value.starts_with("//")).then(|| match deceiving(value) {
        Some(what) => format!(
            "behind the colon of {} stands {what}; write a plain blank",
            quoted(key)
        ),
        None => format!("a blank is missing behind the colon of {}", quoted(key)),
    })
}

fn broken_key(line: &str) -> String {
    let holding = |what| format!("this line holds {what}; write plain blanks");
    run_together(line)
        .or_else(|| deceiving(line).map(holding))
        .unwrap_or_else(|| "this line has no key: a `:` and a blank are missing in it".to_owned())
}

fn is_indented_by_tab(line: &str) -> bool {
    let indent = line.len() - line.trim_start().len();
    line.get(..indent).is_some_and(|it| it.contains('\t'))
}

/// Returns the line number behind `words`.
fn after(said: &str, words: &str) -> Option<usize> {
    let (_, rest) = said.split_once(words)?;
    let end = rest
        .find(|it: char| !it.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Whether a value in quotes begins on this line, and does not end on it.
fn opens_a_quote(line: &str) -> bool {
    let value = line.split_once(": ").map_or(line, |(_, value)| value);
    let value = value.trim_start().trim_start_matches("- ").trim_start();
    let Some(quote) = value.chars().next().filter(|it| matches!(it, '"' | '\'')) else {
        return false;
    };
    let plain = if quote == '"' {
        value.replace("\\\"", "")
    } else {
        value.to_owned()
    };
    plain.matches(quote).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::{explain, opens_a_quote, run_together};

    #[test]
    fn an_open_quote_is_seen() {
        for (line, expected) in [
            ("  a: \"b", true),
            ("  a: \"b\"", false),
            ("  a: \"b\\\"", true),
            ("  - 'it''s", true),
            ("  - 'it''s'", false),
            ("  a: it's", false),
        ] {
            assert_eq!(opens_a_quote(line), expected, "{line}");
        }
    }

    #[test]
    fn a_value_that_has_run_into_its_key_is_not_repeated() {
        let told = run_together("token:s3cret").unwrap();
        assert!(told.contains("token") && !told.contains("s3cret"), "{told}");
        assert_eq!(run_together("http://a"), None);
        assert_eq!(run_together("a b"), None);
    }

    #[test]
    fn what_is_not_understood_is_told_as_the_parser_says_it() {
        let told = explain("a: [\n", Some(1), "strange at line 1");
        assert_eq!(
            (told.line, told.message.as_str()),
            (Some(1), "not usable YAML: strange at line 1")
        );
    }
}
