//! The table that is printed.

use std::fmt;

/// What stands where the ancestor was not given.
const NOT_GIVEN: &str = "not given";

/// What stands where there is nothing to say.
pub(crate) const NOTHING: &str = "–";

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// Only with its bound.
    Nothing,
    /// With that of the ancestor, where that is given.
    Ancestor(Option<u64>),
}

/// One figure.
#[derive(Debug)]
pub(crate) struct Row {
    /// What it is.
    pub(crate) figure: String,
    /// What habeat does.
    pub(crate) habeat: String,
    /// What it is compared with: the ancestor, or what is possible at best.
    pub(crate) against: String,
    /// How the two compare.
    pub(crate) ratio: Option<String>,
    /// What is aimed at.
    pub(crate) bound: String,
    /// Whether it is met.
    pub(crate) verdict: Verdict,
}

/// Whether a bound is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Missed,
    /// There was nothing to compare with.
    Open,
}

impl Verdict {
    /// Judges a bound.
    pub(crate) fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }
}

impl Row {
    /// Compares two times in seconds; the ancestor's should be `times` as long, at the least.
    pub(crate) fn faster(figure: &str, habeat: f64, ancestor: Option<f64>, times: f64) -> Self {
        let ratio = ancestor.map(|ancestor| ancestor / habeat);
        Self {
            figure: figure.to_owned(),
            habeat: seconds(habeat),
            against: ancestor.map_or_else(|| NOT_GIVEN.to_owned(), seconds),
            ratio: ratio.map(|ratio| format!("{ratio:.1} ×")),
            bound: format!("≥ {times} × faster"),
            verdict: ratio.map_or(Verdict::Open, |ratio| Verdict::of(ratio >= times)),
        }
    }

    /// Holds a figure against the most it may be.
    pub(crate) fn at_most(
        figure: &str,
        (habeat, against): (u64, Against),
        most: u64,
        shown: impl Fn(u64) -> String,
    ) -> Self {
        let (against, ratio) = match against {
            Against::Nothing => (NOTHING.to_owned(), None),
            Against::Ancestor(None) => (NOT_GIVEN.to_owned(), None),
            Against::Ancestor(Some(theirs)) => {
                let ratio = theirs as f64 / habeat as f64;
                (shown(theirs), Some(format!("{ratio:.1} ×")))
            }
        };
        Self {
            figure: figure.to_owned(),
            habeat: shown(habeat),
            against,
            ratio,
            bound: format!("≤ {}", shown(most)),
            verdict: Verdict::of(habeat <= most),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::Open => "open",
        };
        write!(
            f,
            "| {} | {} | {} | {} | {} | {verdict} |",
            self.figure,
            self.habeat,
            self.against,
            self.ratio.as_deref().unwrap_or(NOTHING),
            self.bound,
        )
    }
}

/// Shows a time.
pub(crate) fn seconds(time: f64) -> String {
    if time < 1.0 {
        format!("{:.1} ms", time * 1000.0)
    } else {
        format!("{time:.2} s")
    }
}

/// Shows an amount of memory or a size, given in KiB.
pub(crate) fn mebibytes(kibibytes: u64) -> String {
    format!("{:.1} MiB", kibibytes as f64 / 1024.0)
}
