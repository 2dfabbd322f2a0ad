//! The table of keys as a JSON Schema (<https://json-schema.org/draft/2020-12>), for editors.
//!
//! It knows form, not sense: what a role needs, and what does not fit together, `habeat check`
//! tells. A value may be written as text and may be left out, as the reader has it.

use serde_json::{Map, Value, json};

use super::scalar::Zero;
use super::table::{Block, Fallback, Form, blocks};

/// Returns the schema of `habeat.yml`.
pub fn schema() -> Value {
    let mut parts: Map<String, Value> = Map::new();
    for block in blocks() {
        let name = if block.path.is_empty() {
            "TOP"
        } else {
            block.path
        };
        let part = parts
            .entry(name)
            .or_insert_with(|| object(json!({"type": "object"})));
        add(part, block);
    }
    // Whatever else stands at the top is a site.
    parts["TOP"]["additionalProperties"] = reference("SITE");
    // An entry may be asked with the keys of its provider.
    for (_, keys) in super::provider::KINDS.map(|(word, kind)| (word, kind.keys())) {
        add(&mut parts["WITNESS"], keys);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "habeat.yml",
        "$ref": "#/$defs/TOP",
        "$defs": parts,
    })
}

/// Adds the keys of a block to its part of the schema.
fn add(part: &mut Value, block: &Block) {
    for key in block.keys {
        let mut value = form(key.form, &block.dotted(key.name));
        value["description"] = plain(key.prose).into();
        if let Fallback::Is(text) = key.fallback {
            value["default"] = fallback(key.form, text);
        }
        let required = key.fallback == Fallback::Required && matches!(block.path, "" | "local");
        part["properties"][key.name] = value;
        if required {
            let list = part["required"].as_array().cloned().unwrap_or_default();
            part["required"] = list.into_iter().chain([key.name.into()]).collect();
        }
    }
    for (alias, _) in block.aliases {
        part["properties"][*alias] = json!({"deprecated": true});
    }
}

/// Other kinds of values than a block stand for an empty one.
fn object(mut part: Value) -> Value {
    part["type"] = json!(["object", "null", "string", "array"]);
    part["maxItems"] = 0.into();
    part["pattern"] = "^$".into();
    part["properties"] = json!({});
    part["additionalProperties"] = false.into();
    part
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// What YAML makes of a text that looks like something else is read as the text.
fn scalar() -> Value {
    json!({"type": ["string", "number", "boolean", "null"]})
}

fn list(item: &Value) -> Value {
    json!({"type": ["array", "string", "null"], "items": item})
}

fn form(form: Form, path: &str) -> Value {
    match form {
        Form::Text
        | Form::Secret
        | Form::Site
        | Form::Place
        | Form::Host
        | Form::HostPort
        | Form::Account
        | Form::Path
        | Form::Regexp
        | Form::Url => scalar(),
        Form::Hosts => list(&scalar()),
        Form::Boolean => json!({"enum": [
            true, false, null, "", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE",
            "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE",
        ]}),
        Form::Number(least, most) => {
            let mut value = json!({
                "type": ["integer", "string", "null"], "pattern": "^[0-9]*$", "minimum": least,
            });
            if let Some(most) = most {
                value["maximum"] = most.into();
            }
            value
        }
        Form::Share => json!({
            "type": ["number", "string", "null"], "exclusiveMinimum": 0, "maximum": 1,
        }),
        Form::Span(Zero::Allowed | Zero::Refused) => json!({
            "type": ["string", "null"], "pattern": "^([0-9]+ *(ms|s|m|h|d))?$",
        }),
        Form::Words(words) => {
            let words = words.iter().map(|word| json!(word));
            json!({"enum": words.chain([Value::Null, "".into()]).collect::<Vec<_>>()})
        }
        Form::Quorum => json!({"type": ["integer", "string", "null"], "minimum": 1}),
        Form::Command => list(&scalar()),
        Form::Commands => list(&list(&scalar())),
        Form::Targets => list(&json!({"anyOf": [{"type": "string"}, reference("TARGET")]})),
        Form::Witnesses => list(&reference("WITNESS")),
        Form::Block => reference(path),
    }
}

fn fallback(form: Form, text: &str) -> Value {
    match form {
        Form::Boolean => json!(text == "true"),
        Form::Number(..) | Form::Share => text
            .parse::<u32>()
            .map_or_else(|_| text.into(), Value::from),
        Form::Command => words(text),
        Form::Text
        | Form::Secret
        | Form::Site
        | Form::Place
        | Form::Host
        | Form::HostPort
        | Form::Hosts
        | Form::Account
        | Form::Path
        | Form::Span(_)
        | Form::Words(_)
        | Form::Regexp
        | Form::Url
        | Form::Commands
        | Form::Targets
        | Form::Witnesses
        | Form::Quorum
        | Form::Block => text.into(),
    }
}

/// Reads the table's own way to write a command: `[a, b]`.
fn words(text: &str) -> Value {
    text.trim_matches(['[', ']']).split(", ").collect()
}

/// Returns Markdown without its links.
fn plain(prose: &str) -> String {
    let mut text = String::new();
    let mut rest = prose;
    while let Some((before, after)) = rest.split_once("](") {
        let (_, tail) = after.split_once(')').unwrap_or(("", after));
        text.push_str(&before.replacen('[', "", 1));
        rest = tail;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_description_has_no_links() {
        assert_eq!(plain("a [`b`](c.md#d) e [f](g)."), "a `b` e f.");
        assert_eq!(plain("a [b] c"), "a [b] c");
    }
}
