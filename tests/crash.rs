//! A whole promotion, killed or failed at every system call that changes the world, and then picked
//! up: every account is promoted once, none is forgotten, and nothing done is done again.
//!
//! strace(1) stops the program at the call and lets its children be, as a kill does.

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use common::Ran;
use common::world::World;

/// The calls that change the world, and those around which a child lives: `open` makes the state
/// files and the files for output, `clone3`/`vfork` starts a program, `wait4` asks after it.
const DEADLY: &str = "open,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,\
                      unlinkat,ftruncate,fallocate,mkdir,clone,clone3,vfork,wait4";
/// What a disk that is full, read-only or broken does.
const DISK: [(&str, &str); 5] = [
    ("open", "EROFS"),
    ("write", "ENOSPC"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("rename", "EIO"),
];
/// Worlds side by side.
const WORLDS: usize = 2;

/// What strace does to the n-th call.
#[derive(Debug, Clone)]
struct Fault {
    call: String,
    n: usize,
    effect: String,
    /// Whether all later calls fare the same.
    lasting: bool,
}

impl Fault {
    fn inject(&self) -> String {
        let on = if self.lasting { "+" } else { "" };
        format!("inject={}:{}:when={}{on}", self.call, self.effect, self.n)
    }
}

/// Tries each fault in a world of its own, and returns how many faults of each call were met.
fn in_each_world(
    faults: &[Fault],
    width: usize,
    attempt: impl Fn(&World, &Fault) -> Met + Sync,
) -> BTreeMap<String, usize> {
    let (next, met) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..WORLDS {
            scope.spawn(|| {
                let world = World::new(width);
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    world.reset();
                    if attempt(&world, fault) == Met::Yes {
                        let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
                        *met.entry(fault.call.clone()).or_insert(0) += 1;
                    }
                }
            });
        }
    });
    met.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a run came to its fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Yes,
    /// It made fewer such calls.
    No,
}

/// Kills a run at its fault, lets later runs pick it up, and looks at what is left.
fn kill_and_recover(world: &World, fault: &Fault) -> Met {
    let killed = world.run_under(&fault.inject());
    let met = match killed.exit {
        None => Met::Yes,
        Some(0) => Met::No,
        Some(_) => panic!("{fault:?}: neither killed nor done: {killed:#?}"),
    };
    let done = world.flushed_for_good();
    world.converges(&format!("{fault:?}"), 2);
    world.all_is_well(&format!("{fault:?}"), &done);
    met
}

#[test]
fn a_run_killed_at_any_call_is_picked_up_by_the_next() {
    let faults: Vec<Fault> = World::new(1)
        .count_calls(DEADLY)
        .into_iter()
        .flat_map(|(call, count)| {
            (1..=count).map(move |n| Fault {
                call: call.clone(),
                n,
                effect: "signal=KILL".to_owned(),
                lasting: false,
            })
        })
        .collect();
    let met = in_each_world(&faults, 1, kill_and_recover);
    let points: usize = met.values().sum();
    println!("killed at {points} points: {met:?}");
    assert!(points >= 60, "killed at {points} points only: {met:?}");
    for call in ["open", "write", "fsync", "fdatasync", "rename"] {
        assert!(met.contains_key(call), "no {call} was met: {met:?}");
    }
}

#[test]
fn a_run_with_a_pool_killed_between_batches_is_picked_up_by_the_next() {
    let faults: Vec<Fault> = (1..=12)
        .flat_map(|n| ["fdatasync", "clone3"].map(|call| (call, n)))
        .map(|(call, n)| Fault {
            call: call.to_owned(),
            n,
            effect: "signal=KILL".to_owned(),
            lasting: false,
        })
        .collect();
    let met = in_each_world(&faults, 3, kill_and_recover);
    println!("killed at {met:?}");
    assert!(met.values().sum::<usize>() >= 12, "{met:?}");
}

/// Lets the disk fail in a run; it must say so, and do nothing that is not written down.
fn fail_and_recover(world: &World, fault: &Fault) -> Met {
    let ran = world.run_under(&fault.inject());
    let what = format!("{fault:?}: {ran:#?}");
    assert!(!ran.stderr.contains("bug:"), "{what}");
    match ran.exit {
        Some(0) => assert!(world.is_promoted(), "{what}"),
        Some(1) => assert!(world.is_begun(), "{what}"),
        Some(78) => {}
        Some(_) | None => panic!("{what}"),
    }
    if !world.is_begun() {
        assert_eq!(ran.exit, Some(78), "{what}");
        assert_eq!(world.site.lines("calls"), Vec::<String>::new(), "{what}");
        assert_eq!(world.site.lines("fenced"), Vec::<String>::new(), "{what}");
    }
    let done = world.flushed_for_good();
    world.converges(&what, 2);
    world.all_is_well(&what, &done);
    if ran.exit == Some(0) {
        Met::No
    } else {
        Met::Yes
    }
}

#[test]
fn a_disk_that_fails_stops_what_cannot_be_written_down() {
    let world = World::new(1);
    let mut faults = Vec::new();
    for (call, error) in DISK {
        let count = world.count_calls(call).remove(call).unwrap_or(0);
        assert!(count > 0, "the run makes no {call}");
        for n in 1..=count {
            faults.push(Fault {
                call: call.to_owned(),
                n,
                effect: format!("error={error}"),
                lasting: error == "ENOSPC",
            });
        }
    }
    drop(world);
    let met = in_each_world(&faults, 1, fail_and_recover);
    println!("{} faults tried; the run failed for {met:?}", faults.len());
    assert!(met.values().sum::<usize>() >= 40, "{met:?}");
}

#[test]
fn an_interrupted_call_is_made_again() {
    let faults: Vec<Fault> = ["write", "fsync", "fdatasync"]
        .into_iter()
        .flat_map(|call| (1..=10).map(move |n| (call, n)))
        .map(|(call, n)| Fault {
            call: call.to_owned(),
            n,
            effect: "error=EINTR".to_owned(),
            lasting: false,
        })
        .collect();
    let met = in_each_world(&faults, 1, |world, fault| {
        let ran: Ran = world.run_under(&fault.inject());
        assert_eq!(ran.exit, Some(0), "{fault:?}: {ran:#?}");
        world.all_is_well(&format!("{fault:?}"), &BTreeMap::new());
        Met::Yes
    });
    assert_eq!(met.values().sum::<usize>(), faults.len());
}
