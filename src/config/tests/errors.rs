//! What is wrong in a file that is YAML: each line of the message.

use super::{SMALLEST, errors, load_bytes};

/// One case of `mistakes.txt`.
struct Mistake {
    rule: String,
    old: String,
    new: String,
    told: Vec<String>,
}

fn mistakes() -> Vec<Mistake> {
    let mut rule = String::new();
    let mut cases = Vec::new();
    for block in include_str!("mistakes.txt").split("\n\n").skip(2) {
        let lines = |mark: char| -> Vec<_> {
            let marked = block.lines().filter_map(|line| line.strip_prefix(mark));
            marked
                .map(|it| it.get(1..).unwrap_or("").to_owned())
                .collect()
        };
        if let [title] = lines('#').as_slice() {
            rule.clone_from(title);
            continue;
        }
        cases.push(Mistake {
            rule: rule.clone(),
            old: lines('-').join("\n"),
            new: lines('+').join("\n"),
            told: lines('!'),
        });
    }
    cases
}

#[test]
fn every_mistake_is_told_with_line_key_and_remedy() {
    let cases = mistakes();
    assert!(cases.len() > 120, "only {} cases were found", cases.len());
    for Mistake {
        rule,
        old,
        new,
        told,
    } in cases
    {
        let text = match old.as_str() {
            "" => format!("{SMALLEST}{new}\n"),
            old => SMALLEST.replacen(old, &new, 1),
        };
        assert_ne!(text, SMALLEST, "{rule}: nothing to replace: {old}");
        assert!(!told.is_empty(), "{rule}: nothing is expected");
        assert_eq!(errors(&text), told, "{rule}\n{text}");
    }
}

#[test]
fn the_block_local_may_not_be_missing() {
    for (local, place) in [("", ""), ("local:\n", "line 1: ")] {
        let missing = |what: &str| format!("{place}local.{what}");
        let site = |key, what| {
            missing(&format!(
                "{key}: missing; write the name of the site this node {what}, such as \"secondary\""
            ))
        };
        let expected = [
            site("whoami", "stands in"),
            site("dc_check", "watches"),
            missing("role: missing; write appserver or proxyserver or consulserver"),
        ];
        assert_eq!(errors(format!("{local}quorum: all\n")), expected);
    }
}

#[test]
fn two_sites_of_which_neither_is_the_manual_one_are_refused() {
    for (own, peer) in [("dc2", "dc1"), ("Primary", "Secondary")] {
        let text = SMALLEST.replace("primary", peer).replace("secondary", own);
        let told = errors(&text);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("local.manual_site: missing; neither"),
            "{told:?}"
        );
        let named = text.replace("  role", &format!("  manual_site: {peer}\n  role"));
        assert_eq!(errors(&named), [""; 0]);
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = "\
local:
  whoami: secondary
  dc_check: primary
  role: appserver
  provider: consull
  threads: many
primary:
  appserver_ip: delete
secondary:
  appserver_vmname: mbx2
probe:
  attempt: 3
";
    let invalid = load_bytes(text).unwrap_err();
    let path = invalid.path.display();
    let expected = format!(
        "{path}: 5 problems
  line 5: local.provider: unknown provider \"consull\"; did you mean \"consul\"?
  line 6: local.threads: expected a whole number from 1 to 256, found \"many\"
  line 7: primary.appserver_vmname: missing; write the name by which Carbonio and Consul know \
the peer's mailbox server
  line 8: primary.appserver_ip: \"delete\" is a leftover; write the address of the peer's \
mailbox server, to probe it
  line 12: probe.attempt: unknown key; did you mean \"attempts\"?"
    );
    assert_eq!(invalid.to_string(), expected);
}

#[test]
fn what_is_no_yaml_is_told_where_it_began() {
    let quote = "the quote that opens here is never closed";
    for (old, new, told) in [
        (": secondary", ": \"secondary", format!("line 2: {quote}")),
        (": secondary", ": 'secondary", format!("line 2: {quote}")),
        (
            "dc_check: primary\n  role: appserver",
            "dc_check: \"primary\n  role: \"appserver\"",
            "line 3: the quote that opens here is not closed on this line; YAML gives up at line 4"
                .to_owned(),
        ),
        (
            "role: appserver",
            "role: appserver\n  threads:5",
            "line 5: a blank is missing behind the colon of \"threads\"".to_owned(),
        ),
        (
            "role: appserver",
            "role:\u{a0}appserver",
            "line 4: behind the colon of \"role\" stands a no-break space (U+00A0); write a plain \
             blank"
                .to_owned(),
        ),
        (
            "role: appserver",
            "role appserver",
            "line 4: this line has no key: a `:` and a blank are missing in it".to_owned(),
        ),
    ] {
        let text = SMALLEST.replacen(old, new, 1);
        assert_ne!(text, SMALLEST, "{old}");
        assert_eq!(errors(&text), [told], "{text}");
    }
}

#[test]
fn a_secret_that_has_run_into_its_key_is_not_shown() {
    let told = errors(format!("{SMALLEST}consul:\n  token:s3cret\n")).concat();
    assert!(
        told.contains("\"token\"") && !told.contains("s3cret"),
        "{told}"
    );
}
