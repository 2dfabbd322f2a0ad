//! A bounded pool of scoped threads.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs `work` on every job, `width` at a time. A job is fetched when a thread is free for it, so
/// that there are never more than `width` of them.
///
/// The calling thread is one of the `width`, so a width of 0 or 1, or a single job, starts no
/// thread at all; where the system refuses a thread, fewer work. A panic in `work` goes on in the
/// caller.
pub fn run_all<J: Send>(
    jobs: impl Iterator<Item = J> + Send,
    width: usize,
    work: impl Fn(J) + Sync,
) {
    let jobs = Mutex::new(jobs.fuse().peekable());
    let lock = || jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || lock().next();
    let shift = || {
        while let Some(job) = next() {
            work(job);
        }
    };
    let Some(first) = next() else { return };
    thread::scope(|scope| {
        let crew: Vec<_> = (1..width)
            .take_while(|_| lock().peek().is_some())
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, shift).ok())
            .collect();
        work(first);
        shift();
        for worker in crew {
            if let Err(panic) = worker.join() {
                resume_unwind(panic);
            }
        }
    });
}

#[cfg(test)]
mod tests;
