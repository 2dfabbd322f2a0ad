//! Work on a thread of its own that is left behind when it is late.
//!
//! Some calls cannot be cancelled (`getaddrinfo`), others must not hold up a run that already
//! has its answer. The result comes over a channel, so waiting always has an end.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The result of work that goes on elsewhere.
pub(crate) struct Aside<T> {
    outcome: io::Result<Receiver<T>>,
    due: Instant,
}

impl<T: Send + 'static> Aside<T> {
    /// Starts `work`; [`Aside::wait`] waits for it no longer than `within` from now.
    pub(crate) fn start(within: Duration, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let started = thread::Builder::new().spawn(move || {
            // Nobody listens any more when it is late.
            let _ = sender.send(work());
        });
        Self {
            outcome: started.map(|_| receiver),
            due: Instant::now() + within,
        }
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// Why there is none, as a phrase that reads after "cannot …:".
    pub(crate) fn wait(self) -> Result<T, String> {
        let receiver = self
            .outcome
            .map_err(|err| format!("no thread could be started: {err}"))?;
        let left = self.due.saturating_duration_since(Instant::now());
        receiver.recv_timeout(left).map_err(|err| match err {
            RecvTimeoutError::Timeout => "no result within the deadline".to_owned(),
            RecvTimeoutError::Disconnected => "it ended without a result".to_owned(),
        })
    }

    /// Returns the result if it is there already.
    pub(crate) fn at_hand(self) -> Option<T> {
        self.outcome.ok()?.try_recv().ok()
    }
}
