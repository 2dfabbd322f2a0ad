//! Waiting for what takes its time, but not for ever.

use std::thread;
use std::time::{Duration, Instant};

/// The slowest is Consul, which takes a silent node for dead after 6 to 10 s.
const PATIENCE: Duration = Duration::from_secs(300);
const TICK: Duration = Duration::from_millis(20);

/// Asks until there is something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(
            Instant::now() < end,
            "{what} did not come within {PATIENCE:?}"
        );
        thread::sleep(TICK);
    }
}

/// Asks until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    wait_for(what, || is_so().then_some(()));
}
