//! How a program ends, and what it comes to.

use std::time::Duration;

use super::{Doubt, DoubtKind, Testimony, ask};
use crate::base::deadline::Deadline;
use crate::witness::tests::golden::{Page, Row};

const HOST: &str = "mbx1.example.com";
const AMPLE: Duration = Duration::from_secs(60);

const PAGE: Page = Page {
    path: "docs/witnesses/command-table.md",
    opening: "# A program: what each end comes to\n\n\
        The programs are given as a shell would run them. How to set it up: \
        [command.md](command.md).",
    situation: "the program",
};

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn shell(script: &str, time: Duration) -> Result<(String, Testimony), Doubt> {
    ask(
        &argv(&["/bin/sh", "-c", script]),
        HOST,
        Deadline::after(time),
    )
}

const SCRIPTS: [&str; 18] = [
    "exit 0",
    "echo it serves",
    "echo disk full >&2",
    "exit 1",
    "echo powered off; exit 1",
    "echo; echo ' powered off '; echo since noon; exit 1",
    "echo powered off; echo a warning >&2; exit 1",
    "echo Traceback >&2; echo 'KeyError: status' >&2; exit 1",
    "echo asking pve1; echo Traceback >&2; echo 'KeyError: status' >&2; exit 1",
    "echo no such guest; exit 2",
    "exit 3",
    "echo not allowed >&2; exit 126",
    "exit 127",
    "exit 255",
    "kill -9 $$",
    "echo so far so good; kill -15 $$",
    "printf 'a\\tb\\033[31mc\\n'; exit 2",
    "yes powered off | head -c 5000 | tr -d '\\n'; exit 2",
];

#[test]
fn the_page_shows_what_each_end_comes_to() {
    let mut rows: Vec<Row> = SCRIPTS
        .iter()
        .map(|script| {
            let heard = shell(script, AMPLE);
            (format!("`{}`", script.replace('|', "\\|")), heard)
        })
        .collect();
    let late = shell("echo asking; sleep 600", Duration::from_secs(3));
    rows.push(("`echo asking; sleep 600`, past its time".to_owned(), late));
    let deaf = "trap '' TERM; echo asking; while :; do sleep 1; done";
    let late = shell(deaf, Duration::from_secs(3));
    rows.push((format!("`{deaf}`, past its time"), late));
    for words in [&["/no/such/program"][..], &["/etc/passwd"], &[]] {
        let heard = ask(&argv(words), HOST, Deadline::after(AMPLE));
        rows.push((format!("not a program: {words:?}"), heard));
    }
    PAGE.must_show(&rows);
}

#[test]
fn the_program_is_told_the_name_and_is_not_a_shell() {
    let script = r#"test "$HABEAT_HOST" = mbx1.example.com && test "$1" = '$(reboot)' || exit 9"#;
    let words = ["/bin/sh", "-c", script, "sh", "$(reboot)"];
    let heard = ask(&argv(&words), HOST, Deadline::after(AMPLE));
    assert_eq!(heard, Ok((HOST.to_owned(), Testimony::Up)));
}

#[test]
fn a_program_without_end_to_its_output_is_a_doubt() {
    let doubt =
        shell("while :; do echo powered off; done", Duration::from_secs(3)).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Timeout, "{doubt}");
    assert!(doubt.detail.ends_with(": powered off"), "{doubt}");
}

#[test]
fn no_time_left_is_never_down() {
    let doubt = shell("sleep 5; exit 1", Duration::ZERO).expect_err("a doubt");
    assert_eq!(doubt.kind, DoubtKind::Timeout, "{doubt}");
}
