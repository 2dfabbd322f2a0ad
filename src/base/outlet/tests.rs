use std::io::Read;
use std::time::Instant;

use super::*;

#[test]
fn everything_arrives_in_order_where_somebody_reads() {
    let (mut read, write) = io::pipe().unwrap();
    let outlet = Outlet::new(write).unwrap();
    let reader = thread::spawn(move || {
        let mut text = vec![0; 3000 * 5];
        read.read_exact(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    let due: String = (0..3000).map(|n| format!("{n:04}\n")).collect();
    for line in due.lines() {
        outlet.put(format!("{line}\n").as_bytes());
    }
    outlet.drain();
    assert_eq!(reader.join().unwrap(), due);
    assert_eq!(outlet.trouble(), None);
}

#[test]
fn a_reader_that_does_not_read_costs_lines_and_no_waiting() {
    let (read, write) = io::pipe().unwrap();
    let outlet = Outlet::new(write).unwrap();
    let line = [b'x'; 1024];
    for _ in 0..2000 {
        outlet.put(&line);
    }
    let (why, left_out) = outlet.trouble().unwrap();
    assert_eq!(why, "is not read fast enough");
    // What lies in the pipe and what waits fits; the rest does not.
    assert!((1000..2000).contains(&left_out), "{left_out}");
    outlet.drain();
    outlet.drain();
    let (why, all) = outlet.trouble().unwrap();
    assert_eq!(why, "is not read");
    assert!(all > left_out && all < 2000, "{all} {left_out}");
    drop(read);
}

#[test]
fn a_text_larger_than_the_queue_arrives_whole() {
    let (mut read, write) = io::pipe().unwrap();
    let outlet = Outlet::new(write).unwrap();
    let text = vec![b'x'; 2 * WAITING_MAX];
    outlet.put(&text);
    let due = text.len();
    let reader = thread::spawn(move || {
        let mut text = vec![0; due];
        read.read_exact(&mut text).map(|()| text.len()).unwrap()
    });
    outlet.drain();
    assert_eq!(reader.join().unwrap(), due);
}

#[test]
fn what_cannot_be_written_is_known_and_counted() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let outlet = Outlet::new(full).unwrap();
    outlet.put(b"one\n");
    let end = Instant::now() + Duration::from_secs(60);
    while outlet.trouble().is_none() {
        assert!(Instant::now() < end, "nobody knows");
        thread::sleep(Duration::from_millis(5));
    }
    outlet.put(b"two\n");
    let (why, left_out) = outlet.trouble().unwrap();
    assert!(why.contains("No space left"), "{why}");
    assert_eq!(left_out, 2);
}
