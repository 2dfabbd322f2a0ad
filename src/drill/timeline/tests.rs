use super::*;

fn played(mismatches: &[&str]) -> Played {
    let line = |number, happened: &str, decision: &str, reason: &str| Line {
        decision: decision.to_owned(),
        reason: reason.to_owned(),
        exit: "0".to_owned(),
        ..Line::new(number, happened.to_owned())
    };
    let mut last = line(2, "the peer dies", "promote", "confirmed");
    last.done = vec!["12 moved".to_owned(), "12 flushed".to_owned()];
    last.mismatches = mismatches.iter().map(|&wrong| wrong.to_owned()).collect();
    Played {
        name: "blip",
        title: "a short one",
        lines: vec![line(1, "all is well", "rest", "alive"), last],
        trouble: Vec::new(),
    }
}

#[test]
fn a_scenario_is_one_aligned_block() {
    let expected = "\
blip: a short one
  run  what happened  decision  reason     exit  done
    1  all is well    rest      alive         0  nothing
    2  the peer dies  promote   confirmed     0  12 moved, 12 flushed
";
    assert_eq!(played(&[]).to_string(), expected);
}

#[test]
fn what_is_wrong_stands_below_its_line() {
    let played = played(&["it must exit with 3"]);
    assert!(
        played
            .to_string()
            .ends_with("12 flushed\n       FAILED: it must exit with 3\n")
    );
    assert_eq!(played.result(), Drilled::Failed);
}

#[test]
fn a_scenario_that_could_not_be_played_has_not_passed() {
    let mut played = played(&[]);
    assert_eq!(played.result(), Drilled::Passed);
    played.trouble.push("no port".to_owned());
    assert_eq!(played.result(), Drilled::Failed);
    assert!(played.to_string().ends_with("       FAILED: no port\n"));
}
