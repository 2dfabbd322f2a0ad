//! Whether the timer of a service is there, enabled and at work, and how often it elapses.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::runner::Runner;
use super::{UNIT_FOLDERS, installed};
use crate::base::command::Runner as Commands;
use crate::config::Config;
use crate::roles::check::Findings;

/// systemd is in charge where this is (`sd_booted(3)`).
const BOOTED: &str = "run/systemd/system";
/// A question to systemd.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer is a word.
const ANSWER_MAX: u64 = 64;

/// Returns why the timer does not start the service regularly; `None` when it does, or when it is
/// not known whether it does.
pub(super) fn fault(root: &Path, runner: &Runner) -> Option<String> {
    let timer = runner.timer();
    let names = Runner::files(&timer);
    if is_masked(root, &names) {
        return Some(format!(
            "is masked; nothing starts habeat: systemctl unmask {timer}"
        ));
    }
    if installed(root, &names).is_none() {
        return Some("is not installed; nothing starts habeat regularly".to_owned());
    }
    if !is_enabled(root, &timer) {
        return Some(format!(
            "is not enabled; nothing starts habeat after a reboot: systemctl enable --now {timer}"
        ));
    }
    is_stopped(root, &timer).then(|| {
        format!("is stopped; nothing starts habeat until a reboot: systemctl start {timer}")
    })
}

fn is_masked(root: &Path, names: &[String]) -> bool {
    let paths = names.iter().flat_map(|name| {
        let folders = UNIT_FOLDERS.iter().map(|folder| root.join(folder));
        folders.map(move |folder| folder.join(name))
    });
    let target = paths.filter_map(|path| fs::read_link(path).ok());
    target.into_iter().any(|it| it == Path::new("/dev/null"))
}

/// Whether some target wants or requires it: what `systemctl enable` makes is a link.
fn is_enabled(root: &Path, timer: &str) -> bool {
    let folders = UNIT_FOLDERS.iter().map(|folder| root.join(folder));
    let entries = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let mut wanting = entries.map(|entry| entry.path()).filter(|path| {
        let kind = path.extension();
        kind.is_some_and(|kind| kind == "wants" || kind == "requires")
    });
    wanting.any(|folder| fs::symlink_metadata(folder.join(timer)).is_ok())
}

/// Whether systemd says that it is not at work; where nobody can be asked, it is not known.
fn is_stopped(root: &Path, timer: &str) -> bool {
    if root != Path::new("/") || !root.join(BOOTED).exists() {
        return false;
    }
    let commands = Commands {
        stop: Arc::new(AtomicBool::new(false)),
        grace: Duration::from_secs(1),
        environment: Vec::new(),
        spool_dir: std::env::temp_dir(),
        gate: None,
    };
    let argv = ["systemctl", "is-active", timer].map(str::to_owned);
    let finished = commands.run_keeping(ANSWER_MAX, &argv, PATIENCE);
    let answer = finished.stdout.map(std::io::read_to_string);
    let answer = answer.and_then(Result::ok).unwrap_or_default();
    ["inactive", "failed", "deactivating"].contains(&answer.trim())
}

/// Holds `policy.run_spacing` against the time between two runs of the timer.
pub(super) fn spacing(root: &Path, config: &Config, runner: &Runner, found: &mut Findings) {
    let timer = runner.timer();
    let text = installed(root, &Runner::files(&timer)).unwrap_or_default();
    let spacing = config.policy.run_spacing;
    if let Some(period) = period(&text)
        && spacing >= period
    {
        found.warn(
            "policy.run_spacing",
            format!(
                "{} s is not shorter than the {} s between two runs of {timer}: some of them \
                 count nothing, and a death takes longer to be confirmed",
                spacing.as_secs(),
                period.as_secs()
            ),
        );
    }
}

/// Returns the time between two runs, of the forms that are usual for one.
fn period(timer: &str) -> Option<Duration> {
    let last = |key: &str| {
        let of = format!("{key}=");
        let mut values = timer.lines().filter_map(|line| line.strip_prefix(&of));
        values.next_back().map(str::trim)
    };
    let since = last("OnUnitActiveSec").or_else(|| last("OnUnitInactiveSec"));
    since
        .and_then(span)
        .or_else(|| last("OnCalendar").and_then(calendar))
}

/// Reads a time span such as `5min`, `300` or `1h 30min` (systemd.time(7)).
fn span(text: &str) -> Option<Duration> {
    let mut seconds = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let one = match unit {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            _ => return None,
        };
        seconds += number.parse::<u64>().ok()? * one;
        rest = after.trim_start();
    }
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Reads `*:0/5`, `*:*:0/30`, `minutely` and `hourly`, with or without a date of stars, seconds of
/// zero, and a time zone.
fn calendar(text: &str) -> Option<Duration> {
    let text = text.trim_end_matches(" UTC").trim_start_matches("*-*-* ");
    let parts: Vec<&str> = text.split(':').collect();
    let every = |part: &str| part.split_once('/')?.1.parse().ok();
    let seconds = match parts.as_slice() {
        ["minutely"] | ["*", "*"] => 60,
        ["hourly"] => 3600,
        ["*", minutes] | ["*", minutes, "0" | "00"] => 60 * every(minutes)?,
        ["*", "*", seconds] => every(seconds)?,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_two_runs_is_read_in_the_usual_forms() {
        for (timer, seconds) in [
            (include_str!("../../../../systemd/habeat.timer"), Some(300)),
            ("OnCalendar=*:0/5\n", Some(300)),
            ("OnCalendar=*:00/10:00\n", Some(600)),
            ("OnCalendar=*-*-* *:0/1 UTC\n", Some(60)),
            ("OnCalendar=*:*:0/30\n", Some(30)),
            ("OnCalendar=minutely\n", Some(60)),
            ("OnCalendar=Mon 03:00\n", None),
            ("OnUnitActiveSec=5min\n", Some(300)),
            ("OnBootSec=1min\nOnUnitInactiveSec=1h 30min\n", Some(5400)),
            ("OnUnitActiveSec=90\n", Some(90)),
            ("OnUnitActiveSec=soon\n", None),
            ("", None),
        ] {
            let due = seconds.map(Duration::from_secs);
            assert_eq!(period(timer), due, "{timer}");
        }
    }
}
