//! Whole runs of each role, killed or failed at every system call that changes the world, and then
//! picked up: nothing is forgotten, nothing that is recorded as done is done again, and of the rest
//! only what was in flight.
//!
//! strace(1) stops the program at the call and lets its children be, as a kill does.

#[path = "../common/mod.rs"]
mod common;

mod appserver;
mod consulserver;
mod proxyserver;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use appserver::Promotion;
use consulserver::Recovery;
use proxyserver::{Activation, Return};
use world::{Scene, World};

/// The calls that change the world, and those around which a child lives: `open` makes the state
/// files and the files for output, `clone3`/`vfork` starts a program, `wait4` asks after it.
const DEADLY: &str = "open,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,\
                      unlinkat,ftruncate,fallocate,mkdir,fchown,syncfs,clone,clone3,vfork,wait4";
/// Those that start a program.
const STARTS: [&str; 3] = ["clone", "clone3", "vfork"];
/// What a disk that is full, read-only or broken does.
const DISK: [(&str, &str); 9] = [
    ("open", "EROFS"),
    ("write", "ENOSPC"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("rename", "EIO"),
    ("unlink", "EIO"),
    ("unlinkat", "EIO"),
    ("syncfs", "EIO"),
    ("fchown", "EROFS"),
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
    fn kill(call: &str, n: usize) -> Self {
        Self {
            call: call.to_owned(),
            n,
            effect: "signal=KILL".to_owned(),
            lasting: false,
        }
    }

    fn inject(&self) -> String {
        let on = if self.lasting { "+" } else { "" };
        format!("inject={}:{}:when={}{on}", self.call, self.effect, self.n)
    }
}

/// Tries each fault in a world of its own, and returns how many faults of each call were met.
fn in_each_world(
    scene: &dyn Scene,
    faults: &[Fault],
    attempt: impl Fn(&mut World<'_>, &Fault) -> Met + Sync,
) -> BTreeMap<String, usize> {
    let (next, met) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..WORLDS {
            scope.spawn(|| {
                let mut world = World::new(scene);
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    world.reset();
                    if attempt(&mut world, fault) == Met::Yes {
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
fn kill_and_recover(world: &mut World<'_>, fault: &Fault) -> Met {
    let killed = world.run_under(&fault.inject());
    let met = match killed.exit {
        None => Met::Yes,
        Some(_) if world.ended_well(&killed) => Met::No,
        Some(_) => panic!("{fault:?}: neither killed nor done: {killed:#?}"),
    };
    let what = format!("{fault:?}");
    let left = world.left(&what);
    world.recovers(&left, &what);
    met
}

/// Kills the runs of a scene at every call.
#[track_caller]
fn is_picked_up(scene: &dyn Scene, at_least: usize) {
    let met = killed_at(scene, &World::new(scene).points(DEADLY), at_least);
    for call in ["open", "write", "fsync", "rename", "clone3"] {
        assert!(met.contains_key(call), "no {call} was met: {met:?}");
    }
}

/// Kills the runs of a scene at every call from the start of so many last programs on.
#[track_caller]
fn is_picked_up_late(scene: &dyn Scene, programs: usize, at_least: usize) {
    let points = World::new(scene).points(DEADLY);
    killed_at(scene, late(&points, programs), at_least);
}

/// Returns the calls from the start of so many last programs on.
fn late(points: &[(String, usize)], programs: usize) -> &[(String, usize)] {
    let is_start = |(_, (call, _)): &(usize, &(String, usize))| STARTS.contains(&call.as_str());
    let starts = points.iter().enumerate().filter(is_start);
    let mut from = starts.map(|(at, _)| at).rev().skip(programs - 1);
    from.next().map_or(points, |from| &points[from..])
}

#[track_caller]
fn killed_at(
    scene: &dyn Scene,
    points: &[(String, usize)],
    at_least: usize,
) -> BTreeMap<String, usize> {
    let faults = points.iter().map(|(call, n)| Fault::kill(call, *n));
    let met = in_each_world(scene, &faults.collect::<Vec<_>>(), kill_and_recover);
    let points: usize = met.values().sum();
    assert!(
        points >= at_least,
        "killed at {points} points only: {met:?}"
    );
    met
}

#[test]
fn a_promotion_killed_at_any_call_is_picked_up_by_the_next_run() {
    is_picked_up(&Promotion { width: 1 }, 150);
}

#[test]
fn a_promotion_with_a_pool_killed_between_batches_is_picked_up_by_the_next_run() {
    let faults: Vec<Fault> = (1..=12)
        .flat_map(|n| ["fdatasync", "clone3"].map(|call| Fault::kill(call, n)))
        .collect();
    let met = in_each_world(&Promotion { width: 3 }, &faults, kill_and_recover);
    println!("killed at {met:?}");
    assert!(met.values().sum::<usize>() >= 12, "{met:?}");
}

#[test]
fn a_switch_killed_at_any_call_is_picked_up_by_the_next_run() {
    is_picked_up(&Activation::First, 80);
}

#[test]
fn a_switch_begun_again_and_killed_at_any_call_is_picked_up_by_the_next_run() {
    is_picked_up(&Activation::Again, 80);
}

#[test]
fn a_return_killed_at_any_call_is_completed_by_the_next_run() {
    is_picked_up(&Return::PeerStays, 30);
}

#[test]
fn a_return_killed_at_any_call_is_taken_over_from_the_start_if_the_peer_dies_again() {
    is_picked_up(&Return::PeerDiesAgain, 30);
}

#[test]
fn a_recovery_killed_at_any_call_is_picked_up_by_the_next_run() {
    is_picked_up(&Recovery::First, 100);
}

#[test]
fn a_recovery_killed_while_it_is_undone_is_undone_by_the_next_run() {
    is_picked_up_late(&Recovery::Undone, 3, 40);
}

#[test]
fn a_service_that_a_killed_recovery_stopped_runs_again_when_the_peer_is_back() {
    is_picked_up_late(&Recovery::PeerReturns, 3, 40);
}

#[test]
fn a_killed_run_that_starts_the_service_again_is_picked_up_by_the_next_one() {
    is_picked_up_late(&Recovery::Restored, 1, 5);
}

/// Lets the disk fail in a run; it must say so, and do nothing that is not written down.
fn fail_and_recover(world: &mut World<'_>, fault: &Fault) -> Met {
    let ran = world.run_under(&fault.inject());
    let what = format!("{fault:?}: {ran:#?}");
    assert!(!ran.stderr.contains("bug:"), "{what}");
    let left = world.left(&what);
    let met = match ran.exit {
        Some(0) => Met::No,
        Some(1) => {
            assert!(world.is_begun(), "{what}");
            Met::Yes
        }
        Some(78) => Met::Yes,
        Some(_) | None => panic!("{what}"),
    };
    if met == Met::No {
        world.is_over(&left, &what);
    }
    world.recovers(&left, &what);
    met
}

/// Lets the disk fail at every call of a scene's runs.
#[track_caller]
fn says_what_the_disk_fails(scene: &dyn Scene, at_least: usize) {
    let points = World::new(scene).points(&DISK.map(|(call, _)| call).join(","));
    failed_at(scene, &points, at_least);
}

/// Lets the disk fail at every call from the start of so many last programs on.
#[track_caller]
fn says_what_the_disk_fails_late(scene: &dyn Scene, programs: usize, at_least: usize) {
    let calls = [&DISK.map(|(call, _)| call)[..], &STARTS].concat();
    let points = World::new(scene).points(&calls.join(","));
    failed_at(scene, late(&points, programs), at_least);
}

#[track_caller]
fn failed_at(scene: &dyn Scene, points: &[(String, usize)], at_least: usize) {
    let faults: Vec<Fault> = points
        .iter()
        .filter_map(|(call, n)| {
            let (_, error) = DISK.iter().find(|(known, _)| known == call)?;
            Some(Fault {
                call: call.clone(),
                n: *n,
                effect: format!("error={error}"),
                lasting: *error == "ENOSPC",
            })
        })
        .collect();
    let met = in_each_world(scene, &faults, fail_and_recover);
    assert!(met.values().sum::<usize>() >= at_least, "{met:?}");
}

#[test]
fn a_disk_that_fails_stops_a_promotion_that_cannot_be_written_down() {
    says_what_the_disk_fails(&Promotion { width: 1 }, 100);
}

#[test]
fn a_disk_that_fails_stops_a_switch_that_cannot_be_written_down() {
    says_what_the_disk_fails(&Activation::First, 60);
}

#[test]
fn a_disk_that_fails_stops_a_return_that_cannot_be_written_down() {
    says_what_the_disk_fails(&Return::PeerStays, 15);
}

#[test]
fn a_disk_that_fails_stops_a_recovery_or_undoes_it() {
    says_what_the_disk_fails_late(&Recovery::Mended, 3, 30);
}

#[test]
fn a_disk_that_fails_puts_off_the_undoing_of_a_recovery() {
    says_what_the_disk_fails_late(&Recovery::Undone, 3, 20);
}

#[test]
fn an_interrupted_call_is_made_again() {
    const CALLS: [&str; 3] = ["write", "fsync", "fdatasync"];
    let scene = Promotion { width: 1 };
    let points = World::new(&scene).points(&CALLS.join(","));
    let faults = points.into_iter().map(|(call, n)| Fault {
        call,
        n,
        effect: "error=EINTR".to_owned(),
        lasting: false,
    });
    let faults: Vec<Fault> = faults.collect();
    let met = in_each_world(&scene, &faults, |world, fault| {
        let what = format!("{fault:?}");
        let ran = world.run_under(&fault.inject());
        assert_eq!(ran.exit, Some(0), "{what}: {ran:#?}");
        let left = world.left(&what);
        world.is_over(&left, &what);
        let met = world.met();
        world.recovers(&left, &what);
        met
    });
    for call in CALLS {
        assert!(met.contains_key(call), "no {call} was met: {met:?}");
    }
    assert!(met.values().sum::<usize>() >= 30, "{met:?}");
}
