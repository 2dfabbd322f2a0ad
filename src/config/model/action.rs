//! What is run, and for how long at the most.

use std::path::PathBuf;
use std::time::Duration;

use crate::clients::vcenter::Vcenter;

/// The programs that promote and flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carbonio {
    /// The user the programs run as; `None` = habeat's own.
    pub user: Option<String>,
    /// The `carbonio` program.
    pub carbonio: PathBuf,
    /// The `zmprov` program.
    pub zmprov: PathBuf,
    /// The name of the replica module on the command line.
    pub namespace: Namespace,
    /// Names per flush call, at the most.
    pub flush_batch: usize,
    /// How many of the accounts may lack an available replica.
    pub require_replica: Share,
}

/// A share of a whole: more than nothing, at most all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Parts of a million.
    millionths: u32,
}

impl Share {
    /// The whole.
    pub const ALL: Self = Self::of_millionths(MILLION);

    const fn of_millionths(millionths: u32) -> Self {
        Self { millionths }
    }

    /// Reads a decimal fraction such as `0.25`; `None` when it is not in (0..1].
    pub(in crate::config) fn read(text: &str) -> Option<Self> {
        let (whole, parts) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(parts) || parts.len() > 6 {
            return None;
        }
        let parts: u32 = format!("{parts:0<6}").parse().ok()?;
        let millionths = whole.parse::<u32>().ok()?.checked_mul(MILLION)?;
        let millionths = millionths.checked_add(parts)?;
        (1..=MILLION)
            .contains(&millionths)
            .then_some(Self::of_millionths(millionths))
    }

    /// Whether `lacking` of `all` accounts may go without: none ever matters, all of them never do.
    pub fn bears(self, lacking: usize, all: usize) -> bool {
        let part = |count: usize, of: u32| (count as u128) * u128::from(of);
        lacking == 0 || (lacking < all && part(lacking, MILLION) <= part(all, self.millionths))
    }
}

const MILLION: u32 = 1_000_000;

/// The name of the replica module on the command line of `carbonio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// Found out once per run.
    Auto,
    /// The name before 25.9.
    Ha,
    /// The name since 25.9.
    MailReplica,
}

/// Deadlines of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// A question.
    pub query: Duration,
    /// The promotion.
    pub promote: Duration,
    /// One flush call.
    pub flush: Duration,
    /// Any other command.
    pub command: Duration,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
}

/// What makes sure that the old active cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fence {
    /// The vCenter that powers the judged VM off, first of all.
    pub vcenter: Option<(Vcenter, Duration)>,
    /// Run in order; all must succeed.
    pub commands: Vec<Vec<String>>,
    /// Run in order afterwards; all must succeed.
    pub verify: Vec<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn a_share_bears_its_part_and_never_the_whole() {
        let quarter = Share::read("0.25").unwrap();
        for (share, lacking, all, expected) in [
            (Share::ALL, 0, 0, true),
            (Share::ALL, 99, 100, true),
            (Share::ALL, 100, 100, false),
            (quarter, 25, 100, true),
            (quarter, 26, 100, false),
            (quarter, 0, 3, true),
            (quarter, 1, 3, false),
            (quarter, usize::MAX, usize::MAX, false),
        ] {
            assert_eq!(share.bears(lacking, all), expected, "{lacking} of {all}");
        }
    }

    #[test]
    fn a_share_is_above_nothing_and_at_most_all() {
        for text in [
            "0",
            "0.0",
            "1.000001",
            "-1",
            "1.",
            ".5",
            "a",
            "",
            "0.0000001",
            "99999999999",
        ] {
            assert_eq!(Share::read(text), None, "{text}");
        }
        assert_eq!(Share::read("1.0"), Some(Share::ALL));
    }
}
