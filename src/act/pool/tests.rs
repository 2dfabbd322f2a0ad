use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use super::run_all;

#[test]
fn every_job_is_done_once() {
    for width in [0, 1, 2, 7, 500, 10_000] {
        let done = Mutex::new(Vec::new());
        run_all(0..500, width, |job| done.lock().unwrap().push(job));
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..500).collect::<Vec<_>>(), "width {width}");
    }
}

#[test]
fn a_job_is_fetched_when_a_thread_is_free_for_it() {
    let done = AtomicUsize::new(0);
    let jobs = (0..200).inspect(|fetched| {
        // Two are in the hands of the others, and one was looked at before.
        let ahead = fetched - done.load(Ordering::SeqCst);
        assert!(ahead <= 3, "{ahead}");
    });
    run_all(jobs, 3, |_| {
        done.fetch_add(1, Ordering::SeqCst);
    });
}

#[test]
fn no_jobs_are_no_work() {
    run_all(std::iter::empty::<u8>(), 5, |job| panic!("{job}"));
}

#[test]
fn width_jobs_run_at_the_same_time_and_no_more() {
    let together = Barrier::new(3);
    let threads = Mutex::new(HashSet::new());
    run_all([(); 6].into_iter(), 3, |()| {
        together.wait();
        threads.lock().unwrap().insert(thread::current().id());
    });
    assert_eq!(threads.lock().unwrap().len(), 3);
}

#[test]
fn one_job_or_a_width_of_one_stays_on_the_calling_thread() {
    for (jobs, width) in [(1, 8), (20, 1), (20, 0)] {
        let ours = thread::current().id();
        run_all(0..jobs, width, |_| {
            assert_eq!(thread::current().id(), ours, "{jobs} jobs, width {width}");
        });
    }
}

#[test]
fn a_panic_in_the_work_goes_on_in_the_caller() {
    for width in [1, 4] {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            run_all(0..40, width, |job| {
                assert_ne!(job, 17, "job seventeen fails");
            });
        }))
        .unwrap_err();
        let said = panic.downcast_ref::<String>().map_or("", String::as_str);
        assert!(
            said.contains("job seventeen fails"),
            "width {width}: {said:?}"
        );
    }
}
