use rustix::io::Errno;
use rustix::process::Signal;

use super::{Process, Stat};

#[test]
fn a_name_may_look_like_the_numbers_behind_it() {
    let text = "7 (a) S 1 2 3) R 4 5 6 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n";
    let stat = Stat::parse(7, text).unwrap();
    let expected = Stat {
        pid: 7,
        parent: 4,
        group: 5,
        session: 6,
        started: 4711,
        runs: true,
    };
    assert_eq!(stat, expected);
    assert!(!Stat::parse(7, &text.replace(") R", ") Z")).unwrap().runs);
    for cut in ["", "7 (a", "7 (a) S 1 2", "7 (a) S 1 2 3 x"] {
        assert_eq!(Stat::parse(7, cut), None, "{cut:?}");
    }
}

#[test]
fn we_are_among_all_processes_and_our_own() {
    let pid = i32::try_from(std::process::id()).unwrap();
    let me = Stat::of(pid).unwrap().unwrap();
    assert!(Stat::all().unwrap().contains(&me));
    assert_eq!(me.user(), Some(rustix::process::getuid().as_raw()));
    let process = Process::of(pid).unwrap();
    assert_eq!((process.pid, process.started), (pid, me.started));
}

#[test]
fn a_number_that_another_process_has_by_now_gets_no_signal() {
    let pid = i32::try_from(std::process::id()).unwrap();
    let mut earlier = Stat::of(pid).unwrap().unwrap();
    earlier.started -= 1;
    assert_eq!(earlier.signal(Signal::KILL), Err(Errno::SRCH));
}

#[test]
fn only_another_boot_that_is_known_says_that_a_process_is_gone() {
    let mut process = Process::of(1).unwrap();
    for (recorded, now, may_be_there) in [
        ("a", "a", true),
        ("a", "b", false),
        ("", "b", true),
        ("a", "", true),
    ] {
        recorded.clone_into(&mut process.boot_id);
        assert_eq!(
            process.is_of_boot(now),
            may_be_there,
            "{recorded:?} {now:?}"
        );
    }
}
