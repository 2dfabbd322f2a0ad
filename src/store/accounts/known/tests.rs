use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;

use super::{Known, RECENT};

/// A hash of four values, so that every name shares one with others.
#[derive(Default)]
struct Tiny(u64);

impl Hasher for Tiny {
    fn finish(&self) -> u64 {
        self.0 % 4
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    }
}

type Tight = Known<BuildHasherDefault<Tiny>>;

fn name(n: u32) -> String {
    format!("user{n}@example.com")
}

#[test]
fn names_that_share_a_hash_are_told_apart_by_what_is_at_their_place() {
    let mut known = Tight::default();
    let mut places = BTreeMap::new();
    for n in 0..40 {
        let name = name(n);
        let is_at = |offset| Ok(places.get(&offset) == Some(&name));
        assert!(!known.find(name.as_bytes(), is_at).unwrap(), "{name}");
        if n % 2 == 0 {
            known.insert(name.as_bytes(), n);
        } else {
            known.append(name.as_bytes(), n);
            known.sort();
        }
        places.insert(n, name);
    }
    for n in 0..40 {
        let name = name(n);
        let is_at = |offset| Ok(places.get(&offset) == Some(&name));
        assert!(known.find(name.as_bytes(), is_at).unwrap(), "{name}");
    }
    known.forget_from(20);
    for n in 0..40 {
        let name = name(n);
        let is_at = |offset| Ok(places.get(&offset) == Some(&name));
        assert_eq!(
            known.find(name.as_bytes(), is_at).unwrap(),
            n < 20,
            "{name}"
        );
    }
}

#[test]
fn a_place_that_cannot_be_read_is_an_error() {
    let mut known = Tight::default();
    known.insert(b"a", 0);
    let unreadable = |_| Err(io::Error::other("broken"));
    assert!(known.find(b"a", unreadable).is_err());
}

#[test]
fn recent_names_are_found_after_they_are_sorted_in() {
    let mut known: Known = Known::default();
    let many = u32::try_from(RECENT).unwrap() * 3 + 7;
    for n in 0..many {
        known.insert(name(n).as_bytes(), n);
    }
    assert!(known.recent.len() < RECENT);
    assert!(known.settled.is_sorted());
    assert_eq!(known.settled.len() + known.recent.len(), many as usize);
    for n in (0..many).step_by(101) {
        let is_at = |offset| Ok(offset == n);
        assert!(known.find(name(n).as_bytes(), is_at).unwrap(), "{n}");
    }
}
