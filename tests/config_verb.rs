//! `habeat config`: what counts, where it comes from, and the schema that every config of the
//! project fits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod common;

use std::path::{Path, PathBuf};

use common::Site;
use habeat::config::schema::schema;
use regex_lite::Regex;
use serde_json::{Value, json};

#[test]
fn each_value_is_shown_with_its_source_and_no_secret() {
    let mut site = Site::new();
    site.config.token = "s3cret-token".to_owned();
    let shown = site.call(&["config", "show"]);
    assert_eq!(shown.exit, Some(0), "{shown:#?}");
    let lines: Vec<&str> = shown.stdout.lines().map(str::trim).collect();
    for (value, source) in [
        ("whoami: secondary", "line 2"),
        ("token: \"[redacted]\"", ""),
        ("recover_runs: 2", "default"),
        ("manual_site: primary", "default"),
        ("gossip: anchored", "default"),
    ] {
        let found = lines.iter().find(|line| line.starts_with(value));
        let found = found.unwrap_or_else(|| panic!("{value}: {}", shown.stdout));
        assert!(found.contains(&format!("# {source}")), "{found}");
    }
    assert!(!shown.stdout.contains("s3cret"), "{}", shown.stdout);
    // What is shown is a config, and says what the first one says.
    site.write(
        "again.yml",
        shown.stdout.replace("\"[redacted]\"", "s3cret-token"),
    );
    let again = site.path("again.yml");
    let again = habeat::roles::load(&again).unwrap().config;
    let first = habeat::roles::load(&site.path("habeat.yml"))
        .unwrap()
        .config;
    assert_eq!(format!("{again:?}"), format!("{first:?}"));
}

#[test]
fn a_config_that_cannot_be_used_is_not_shown() {
    let mut site = Site::new();
    site.config.provider = "consull";
    assert_eq!(site.call(&["config", "show"]).exit, Some(78));
    assert_eq!(
        site.call(&["config", "import", "promoter", "--x"]).exit,
        Some(2)
    );
}

#[test]
fn the_schema_that_is_printed_is_that_of_the_library() {
    let printed = Site::new().call(&["config", "schema"]);
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(printed, schema());
}

/// Returns what does not fit, as paths. It knows the words of JSON Schema that ours is made of,
/// and panics at any other.
#[expect(
    clippy::too_many_lines,
    reason = "a word of the schema language an arm"
)]
fn misfits(schema: &Value, part: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let bad = |found: &mut Vec<String>, fits: bool, word: &str| {
        if !fits {
            found.push(format!("{at}: {word}"));
        }
    };
    for (word, rule) in part.as_object().unwrap() {
        match word.as_str() {
            "description" | "default" | "deprecated" | "title" | "$schema" | "$defs" => {}
            "$ref" => {
                let path = rule.as_str().unwrap().strip_prefix('#').unwrap();
                found.extend(misfits(schema, schema.pointer(path).unwrap(), value, at));
            }
            "type" => {
                let is = |kind: &Value| match kind.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                let fits = rule
                    .as_array()
                    .map_or_else(|| is(rule), |any| any.iter().any(is));
                bad(&mut found, fits, word);
            }
            "enum" => bad(&mut found, rule.as_array().unwrap().contains(value), word),
            "pattern" => {
                let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
                bad(
                    &mut found,
                    value.as_str().is_none_or(|it| pattern.is_match(it)),
                    word,
                );
            }
            "minimum" | "maximum" | "exclusiveMinimum" => {
                let (bound, number) = (rule.as_f64().unwrap(), value.as_f64());
                let fits = |it: f64| match word.as_str() {
                    "minimum" => it >= bound,
                    "maximum" => it <= bound,
                    _ => it > bound,
                };
                bad(&mut found, number.is_none_or(fits), word);
            }
            "maxItems" => {
                let most = rule.as_u64().unwrap();
                let fits = value.as_array().is_none_or(|it| it.len() as u64 <= most);
                bad(&mut found, fits, word);
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(misfits(schema, rule, item, &format!("{at}[{index}]")));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap().iter().filter_map(Value::as_str) {
                    let fits = value.as_object().is_none_or(|it| it.contains_key(name));
                    bad(&mut found, fits, &format!("required {name}"));
                }
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if let Some(rule) = rule.get(name) {
                        found.extend(misfits(schema, rule, inner, &format!("{at}.{name}")));
                    }
                }
            }
            "additionalProperties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if part["properties"].get(name).is_none() {
                        let at = format!("{at}.{name}");
                        if *rule == Value::Bool(false) {
                            found.push(format!("{at}: unknown"));
                        } else {
                            found.extend(misfits(schema, rule, inner, &at));
                        }
                    }
                }
            }
            "anyOf" => {
                let mut any = rule.as_array().unwrap().iter();
                let fits = any.any(|rule| misfits(schema, rule, value, at).is_empty());
                bad(&mut found, fits, word);
            }
            other => panic!("{other} is not known here"),
        }
    }
    found
}

fn misfits_of(text: &str) -> Vec<String> {
    let value: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    let schema = schema();
    misfits(&schema, &schema, &serde_json::to_value(value).unwrap(), "")
}

/// Returns every file below a folder of the project that ends like a config.
fn configs_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(configs_below(&path));
        } else if path.extension().is_some_and(|it| it == "yml") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_config_of_the_project_fits_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for folder in ["config", "tests", "docs"] {
        for path in configs_below(&root.join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(
                misfits_of(&text),
                Vec::<String>::new(),
                "{}",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} configs were found");
    // The lab's template, filled in.
    for site in [Site::new(), Site::proxy(true, true)] {
        site.call(&["config", "show"]);
        let text = std::fs::read_to_string(site.path("habeat.yml")).unwrap();
        assert_eq!(misfits_of(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_the_reader_refuses_for_its_form_does_not_fit_the_schema() {
    let local = "local: {whoami: a, dc_check: b, role: appserver}\n";
    assert_eq!(misfits_of(local), Vec::<String>::new());
    for wrong in [
        "probe: {attempt: 3}",
        "probe: {timeout: 2}",
        "probe: [a]",
        "policy: {confirm_runs: 0}",
        "policy: {mode: advise}",
        "notify: [mail]",
        "metrics: {textfile: /a}",
        "a: {appserver_ipp: b}",
        "carbonio: {require_replica: 2}",
        "quorum: 0",
        "witnesses: [{provider: redfish}]",
        "anchors: [{url: 'http://a', statuss: 1}]",
        "consul: {gossip: allways}",
    ] {
        assert_ne!(
            misfits_of(&format!("{local}{wrong}\n")),
            Vec::<String>::new(),
            "{wrong}"
        );
    }
    assert_ne!(misfits_of("probe: {}"), Vec::<String>::new());
    assert_eq!(
        misfits(&json!({}), &json!({"enum": [1]}), &json!(2), "a"),
        ["a: enum"]
    );
}
