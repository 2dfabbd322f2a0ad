//! The only place that reads the clock. Everything else takes [`Now`] as an argument.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::anyhow;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::base::refusal::Refusal;

/// The kernel's identity of this boot (proc(5), `/proc/sys/kernel/random/boot_id`).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Requires that this boot can be told from another one. Without that no run could count as the
/// next one after another, and no takeover would ever be confirmed.
///
/// # Errors
/// When the kernel's identity of this boot cannot be read.
pub fn require_boot_id() -> Result<(), Refusal> {
    let why = match std::fs::read_to_string(BOOT_ID) {
        Ok(id) if id.trim().is_empty() => "it is empty".to_owned(),
        Ok(_) => return Ok(()),
        Err(error) => error.to_string(),
    };
    Err(Refusal::unusable(anyhow!(
        "cannot read the boot id {BOOT_ID}: {why}; without it no run counts as following another, \
         and nothing would ever be taken over; let the container or the hardened /proc show it; \
         see docs/runbook.md#no-boot-id"
    )))
}

/// Returns the identity of this boot, read once: it outlives every run.
fn boot_id() -> &'static str {
    static READ: OnceLock<String> = OnceLock::new();
    READ.get_or_init(|| {
        let id = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
        id.trim().to_owned()
    })
}

/// A moment, as a run knows it: boot time for measuring, wall time for reading.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Now {
    /// Seconds since the Unix epoch; shown, and compared with what other machines say of their
    /// own clocks, never with an earlier reading.
    pub wall: i64,
    /// Milliseconds since boot, suspend included (`CLOCK_BOOTTIME`).
    pub boot_ms: u64,
    /// Which boot `boot_ms` belongs to.
    pub boot_id: String,
}

impl Now {
    /// Reads the clocks.
    pub fn read() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        let wall = clock_gettime(ClockId::Realtime);
        Self {
            wall: wall.tv_sec,
            boot_ms: u64::try_from(boot.tv_sec).unwrap_or(0) * 1000
                + u64::try_from(boot.tv_nsec).unwrap_or(0) / 1_000_000,
            boot_id: boot_id().to_owned(),
        }
    }

    /// Returns a time that has certainly passed since `earlier`.
    ///
    /// Within one boot it is exact. Across a reboot only the time since this boot is certain.
    pub fn at_least_since(&self, earlier: &Self) -> Duration {
        let same_boot = self.boot_id == earlier.boot_id && self.boot_ms >= earlier.boot_ms;
        Duration::from_millis(if same_boot {
            self.boot_ms - earlier.boot_ms
        } else {
            self.boot_ms
        })
    }

    /// Whether both moments lie in one boot, as far as is known.
    pub fn same_boot(&self, other: &Self) -> bool {
        !self.boot_id.is_empty() && self.boot_id == other.boot_id
    }

    /// Returns the wall time as `2026-01-31T12:34:56Z`.
    pub fn utc(&self) -> String {
        time::OffsetDateTime::from_unix_timestamp(self.wall)
            .ok()
            .and_then(|t| {
                t.format(&time::format_description::well_known::Rfc3339)
                    .ok()
            })
            .unwrap_or_else(|| self.wall.to_string())
    }
}

#[cfg(test)]
mod tests;
