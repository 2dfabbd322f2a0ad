use super::*;

fn ran(status: i32, stdout: &str) -> Ran {
    Ran {
        status: std::process::ExitStatus::from_raw(status << 8),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn an_answer_that_is_not_the_expected_one_is_told() {
    let json = |exit: i32| {
        format!(r#"{{"decision":"hold","reason":"cut","verdict":"cut","exit":{exit},"more":1}}"#)
    };
    for (ran, wrong) in [
        (ran(3, &json(3)), None),
        (ran(0, &json(0)), Some("exit with 3")),
        (ran(3, &json(0)), Some("says it exits with 0")),
        (ran(3, "not json"), Some("not the JSON")),
        (
            ran(3, &json(3).replace("cut", "unknown")),
            Some("decided hold/unknown"),
        ),
    ] {
        let mut told = Line::new(1, String::new());
        hold_against(&mut told, &ran, ("hold/cut", 3));
        let all = told.mismatches.join("; ");
        assert_eq!(all.is_empty(), wrong.is_none(), "{all}");
        assert!(all.contains(wrong.unwrap_or_default()), "{all}");
    }
}

#[test]
fn every_fact_that_is_not_so_is_told() {
    let seen = Seen {
        calls: names(&[
            "carbonio --sync ha promoteAccounts source_mail_host mbox1.example.com threads 2",
            "carbonio ha doStopService module",
        ]),
        moves: 1,
        moved: names(&["a@x", "b@x"]),
        on_peer: 10,
        flushes: names(&["a@x"]),
        switched: names(&["here-1"]),
        mesh: names(&["stop"]),
        raft: "as it was".to_owned(),
        contradictions: 1,
        remembered: vec!["down-appserver"],
    };
    let so = [
        Fact::Promotions(1),
        Fact::Moves(1),
        Fact::OnPeer(10),
        Fact::Flushed(1),
        Fact::FlushedAgain(0),
        Fact::Fences(0),
        Fact::ModuleStops(1),
        Fact::ModuleStarts(0),
        Fact::Switched(&["here-1"]),
        Fact::Service(&["stop"]),
        Fact::Raft("as it was"),
        Fact::Contradictions(1),
    ];
    assert_eq!(facts(&so, &seen), Vec::<String>::new());
    let not_so = [
        Fact::Promotions(0),
        Fact::Moves(2),
        Fact::OnPeer(0),
        Fact::Flushed(2),
        Fact::FlushedAgain(1),
        Fact::Fences(1),
        Fact::ModuleStops(0),
        Fact::ModuleStarts(1),
        Fact::Switched(&["here-1", "here-2"]),
        Fact::Service(&["stop", "start"]),
        Fact::Raft("recovered"),
        Fact::Contradictions(0),
        Fact::NothingRemembered,
    ];
    assert_eq!(facts(&not_so, &seen).len(), not_so.len());
}

#[test]
fn an_account_promoted_twice_or_flushed_for_nothing_is_told() {
    let mut seen = Seen {
        moved: names(&["a@x", "b@x"]),
        flushes: names(&["a@x"]),
        ..Seen::default()
    };
    assert_eq!(never_twice(&seen), Vec::<String>::new());
    seen.moved.push("a@x".to_owned());
    seen.flushes.push("c@x".to_owned());
    assert_eq!(
        never_twice(&seen),
        [
            "a@x was promoted twice",
            "c@x was flushed, and never promoted"
        ]
    );
}

#[test]
fn what_was_done_is_what_grew() {
    let after = Seen {
        calls: names(&["carbonio ha doStartService module", "zmprov fc account a@x"]),
        moved: names(&["a@x"]),
        flushes: names(&["a@x"]),
        mesh: names(&["stop", "start"]),
        ..Seen::default()
    };
    assert_eq!(
        done(&Seen::default(), &after),
        [
            "1 moved",
            "1 flushed",
            "1 service stop",
            "1 service start",
            "1 doStartService"
        ]
    );
    assert!(done(&after, &after).is_empty());
}
