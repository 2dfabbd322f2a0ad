//! Right before the first step the evidence is taken once more. What has changed by then counts.

mod common;

use common::Site;

/// Says down when it is asked for the first time, and afterwards what `then` says.
const FICKLE: &str = r#"#!/bin/sh
here=${0%/*}
echo "it is $HABEAT_HOST" | tee -a "$here/asked"
[ "$(wc -l <"$here/asked")" -gt 1 ] || exit 1
exit "$(cat "$here/then")"
"#;

fn fickle(then: &str) -> Site {
    let mut site = Site::new();
    site.program("fickle", FICKLE);
    site.write("then", then);
    let program = site.path("fickle").display().to_string();
    site.config.witnesses = format!("{{provider: command, argv: [{program}]}}");
    site
}

#[test]
fn evidence_that_changed_holds_and_says_what_it_became() {
    for (then, became, testimony) in [
        ("0", ": cut", "testimony=up"),
        ("2", ": unknown (", "testimony=unknown doubt=unclear"),
    ] {
        let site = fickle(then);
        let run = site.run();
        run.is("changed", 3);
        assert_eq!(site.lines("asked").len(), 2);
        assert!(!site.path("calls").exists(), "something was run: {run:#?}");
        let lines = |part: &str| {
            run.stderr
                .lines()
                .filter(|line| line.contains(part))
                .count()
        };
        assert_eq!(
            lines("host=mbox1.example.com testimony=down"),
            1,
            "{run:#?}"
        );
        assert_eq!(
            lines(&format!("host=mbox1.example.com {testimony}")),
            1,
            "{run:#?}"
        );
        assert_eq!(lines("decision="), 1, "{run:#?}");
        let detail = run.report()["detail"].to_string();
        assert!(detail.contains(became), "{detail}");
    }
}

#[test]
fn evidence_that_stays_is_acted_upon() {
    let site = fickle("1");
    site.run().is("confirmed", 0);
    // To decide, to confirm, and just before the promotion.
    assert_eq!(site.lines("asked").len(), 3);
    assert_eq!(site.calls("promoteAccounts"), 1);
}
