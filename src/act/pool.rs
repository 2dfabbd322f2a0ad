//! A bounded pool of scoped threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs `work` on every job, `width` at a time, and keeps the jobs' order.
///
/// The calling thread is one of the `width`, so a width of 0 or 1 starts no thread at all; where
/// the system refuses a thread, fewer work. A panic in `work` goes on in the caller.
pub fn run_all<J: Sync, R: Send>(
    jobs: &[J],
    width: usize,
    work: impl Fn(&J) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let shift = || -> Vec<(usize, R)> {
        std::iter::from_fn(|| {
            let index = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(index).map(|job| (index, work(job)))
        })
        .collect()
    };
    let mut done = thread::scope(|scope| {
        let crew: Vec<_> = (1..width.min(jobs.len()))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, shift).ok())
            .collect();
        let mut done = shift();
        for worker in crew {
            match worker.join() {
                Ok(part) => done.extend(part),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|&(index, _)| index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests;
