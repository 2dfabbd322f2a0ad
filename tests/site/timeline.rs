//! What happened when, as a table.

use std::fmt;
use std::time::Instant;

/// Events after a beginning.
pub(crate) struct Timeline {
    pub(crate) began: Instant,
    events: Vec<(Instant, String)>,
}

impl Timeline {
    pub(crate) fn begin(what: &str) -> Self {
        let began = Instant::now();
        Self {
            began,
            events: vec![(began, what.to_owned())],
        }
    }

    pub(crate) fn note(&mut self, at: Instant, what: impl Into<String>) {
        self.events.push((at, what.into()));
    }

    /// Requires that these happened, in this order.
    #[track_caller]
    pub(crate) fn expect_order(&self, events: &[&str]) {
        let at = |what: &str| {
            let mut known = self.events.iter().filter(|(_, it)| it == what);
            known
                .next()
                .unwrap_or_else(|| panic!("no {what}\n{self}"))
                .0
        };
        for pair in events.windows(2) {
            assert!(at(pair[0]) <= at(pair[1]), "{pair:?}\n{self}");
        }
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut events = self.events.clone();
        events.sort_by_key(|(at, _)| *at);
        writeln!(f, "| Seconds | What |\n|---:|---|")?;
        events.iter().try_for_each(|(at, what)| {
            let after = at.duration_since(self.began).as_secs_f64();
            writeln!(f, "| {after:.1} | {what} |")
        })
    }
}
