//! What one monitor's entry says. The names of its fields and of their values: HetrixTools
//! API v3, `GET /uptime-monitors` (<https://docs.hetrixtools.com/api/v3/>).

use serde::Deserialize;
use serde_json::Value;

use super::super::Voice;
use super::{Doubt, DoubtKind, Testimony};

/// What passes as fresh at the least, and how far the two clocks may be apart, in seconds.
const ALLOWANCE: i64 = 5 * 60;

/// A monitor may be late by this many of its rounds.
const ROUNDS: i64 = 3;

/// What never passes as fresh, in seconds, whatever a monitor says of its own rounds.
const OLDEST: i64 = 15 * 60;

/// One monitor. Its many other fields are not read: some change their type from one page of the
/// documentation to the next.
#[derive(Debug, Deserialize)]
pub(super) struct Monitor {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    monitor_status: Option<String>,
    uptime_status: Option<String>,
    /// Unix seconds.
    last_check: Option<i64>,
    /// Minutes.
    check_frequency: Option<i64>,
    /// An object with a key per city, by the example; an array, by the text; `null` where nobody
    /// looks from outside.
    #[serde(default)]
    locations: Value,
}

impl Monitor {
    /// Says what the monitor comes to at the moment `now`.
    pub(super) fn testify(&self, now: i64) -> Result<Testimony, Doubt> {
        self.must_be_active()?;
        self.must_be_fresh(now)?;
        match self.uptime_status.as_deref() {
            Some("up") => Ok(Testimony::Up),
            Some("down") => {
                self.must_be_seen_down(now)?;
                Ok(Testimony::Down(Voice::Proven))
            }
            other => Err(self.unclear(&format!("uptime_status is {}", shown(other)))),
        }
    }

    /// A monitor that is not active keeps the last status it had.
    fn must_be_active(&self) -> Result<(), Doubt> {
        match self.monitor_status.as_deref() {
            Some("active") => Ok(()),
            Some(status @ ("paused" | "disabled" | "maint" | "maint_dnd")) => {
                let detail = format!("the monitor {:?} is {status}", self.name);
                Err(Doubt::new(DoubtKind::TakenOut, detail))
            }
            other => Err(self.unclear(&format!("monitor_status is {}", shown(other)))),
        }
    }

    fn must_be_fresh(&self, now: i64) -> Result<(), Doubt> {
        let stale = |why: String| {
            let detail = format!("the monitor {:?} {why}", self.name);
            Err(Doubt::new(DoubtKind::Stale, detail))
        };
        let Some(last) = self.last_check else {
            return stale("was never checked".to_owned());
        };
        let (age, limit) = (now.saturating_sub(last), self.limit());
        if age > limit {
            return stale(format!("was last checked {age} s ago, more than {limit} s"));
        }
        if age < -ALLOWANCE {
            let ahead = age.saturating_neg();
            return stale(format!(
                "was last checked {ahead} s from now: one of the two clocks is wrong; look at ours"
            ));
        }
        Ok(())
    }

    /// How old a look may be, in seconds.
    fn limit(&self) -> i64 {
        let round = self.check_frequency.unwrap_or(0).saturating_mul(60);
        round.saturating_mul(ROUNDS).clamp(ALLOWANCE, OLDEST)
    }

    /// One location may be cut off itself: more than half of those that looked just now must
    /// say so, and two at the least.
    fn must_be_seen_down(&self, now: i64) -> Result<(), Doubt> {
        if self.kind.as_deref() == Some("heartbeat") || self.locations.is_null() {
            let kind = shown(self.kind.as_deref());
            return Err(self.unclear(&format!(
                "says down, but nobody looked from outside (type {kind}): a silent agent is no \
                 dead host; use a website, ping, service or smtp monitor"
            )));
        }
        let seen = looks(&self.locations);
        let fresh: Vec<_> = seen.iter().filter(|look| self.fits(look, now)).collect();
        let down = fresh.iter().filter(|look| look.down).count();
        let of = format!("of {} fresh locations ({} in all)", fresh.len(), seen.len());
        if fresh.len() < 2 {
            return Err(self.unclear(&format!("says down, but by {down} {of}: that is too few")));
        }
        if down < fresh.len() / 2 + 1 {
            return Err(self.unclear(&format!("says down, but by only {down} {of}")));
        }
        Ok(())
    }

    fn fits(&self, look: &Look, now: i64) -> bool {
        look.last_check.is_some_and(|last| {
            let age = now.saturating_sub(last);
            (-ALLOWANCE..=self.limit()).contains(&age)
        })
    }

    fn unclear(&self, why: &str) -> Doubt {
        let detail = format!("the monitor {:?}: {why}", self.name);
        Doubt::new(DoubtKind::Unclear, detail)
    }
}

/// What one location saw last.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    down: bool,
    last_check: Option<i64>,
}

/// Finds the looks, whichever way they are nested.
fn looks(locations: &Value) -> Vec<Look> {
    match locations {
        Value::Object(one) if one.contains_key("uptime_status") => vec![Look {
            down: one.get("uptime_status").and_then(Value::as_str) == Some("down"),
            last_check: one.get("last_check").and_then(Value::as_i64),
        }],
        Value::Object(cities) => cities.values().flat_map(looks).collect(),
        Value::Array(items) => items.iter().flat_map(looks).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn shown(word: Option<&str>) -> String {
    word.map_or_else(|| "missing".to_owned(), |word| format!("{word:?}"))
}
