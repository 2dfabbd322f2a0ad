use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, Mutex};
use std::thread;

use super::run_all;

#[test]
fn results_come_in_the_order_of_the_jobs() {
    let jobs: Vec<u64> = (0..500).collect();
    for width in [0, 1, 2, 7, 500, 10_000] {
        let doubled = run_all(&jobs, width, |job| job * 2);
        let expected: Vec<u64> = jobs.iter().map(|job| job * 2).collect();
        assert_eq!(doubled, expected, "width {width}");
    }
}

#[test]
fn no_jobs_give_no_results() {
    assert_eq!(run_all(&[], 5, |job: &u8| *job), Vec::<u8>::new());
}

#[test]
fn width_jobs_run_at_the_same_time_and_no_more() {
    let together = Barrier::new(3);
    let threads = Mutex::new(HashSet::new());
    run_all(&[(); 6], 3, |()| {
        together.wait();
        threads.lock().unwrap().insert(thread::current().id());
    });
    assert_eq!(threads.lock().unwrap().len(), 3);
}

#[test]
fn one_job_or_a_width_of_one_stays_on_the_calling_thread() {
    for (jobs, width) in [(1, 8), (20, 1), (20, 0)] {
        let threads = run_all(&vec![(); jobs], width, |()| thread::current().id());
        let ours = thread::current().id();
        assert!(
            threads.iter().all(|id| *id == ours),
            "{jobs} jobs, width {width}"
        );
    }
}

#[test]
fn a_panic_in_the_work_goes_on_in_the_caller() {
    for width in [1, 4] {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            run_all(&(0..40).collect::<Vec<_>>(), width, |job| {
                assert_ne!(*job, 17, "job seventeen fails");
            })
        }))
        .unwrap_err();
        let said = panic.downcast_ref::<String>().map_or("", String::as_str);
        assert!(
            said.contains("job seventeen fails"),
            "width {width}: {said:?}"
        );
    }
}
