//! Breadth first over all that can happen: a counterexample is a shortest one.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::apply::Model;
use crate::moves::{Move, moves};
use crate::properties::{Property, is_at_rest};
use crate::system::System;

/// What a search found.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) edges: usize,
    /// Whether there is no state that was not gone on from.
    pub(crate) is_whole: bool,
    /// The property that is broken, and the moves that lead there.
    pub(crate) broken: Vec<(Property, Vec<Move>)>,
    /// States from which a calm world does not come to rest: how many, and the moves to the nearest.
    pub(crate) restless: Option<(usize, Vec<Move>)>,
}

pub(crate) struct Search<'a> {
    model: &'a Model,
    /// How many broken properties are enough.
    most: usize,
    /// After how many states no more are gone on from.
    limit: usize,
    visited: HashMap<u128, u32, BuildHasherDefault<Ready>>,
    parents: Vec<(u32, Move)>,
    at_rest: Vec<u32>,
    /// Moves of a calm world, backwards.
    calm: Vec<(u32, u32)>,
    frontier: VecDeque<(u32, System)>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(model: &'a Model, most: usize, limit: usize) -> Self {
        Self {
            model,
            most,
            limit,
            visited: HashMap::default(),
            parents: Vec::new(),
            at_rest: Vec::new(),
            calm: Vec::new(),
            frontier: VecDeque::new(),
        }
    }

    /// Goes everywhere, or to the first state that breaks something.
    pub(crate) fn run(mut self, roots: Vec<System>) -> Found {
        for root in roots {
            let id = u32::try_from(self.parents.len()).unwrap();
            self.visit(root, (id, Move::Delete));
        }
        let (mut edges, mut broken) = (0, Vec::<(Property, Vec<Move>)>::new());
        while self.parents.len() < self.limit
            && let Some((id, system)) = self.frontier.pop_front()
        {
            for step in moves(self.model.role, &self.model.setup, &system) {
                edges += 1;
                match self.model.apply(&system, step) {
                    Ok(next) => {
                        let next = self.visit(next, (id, step));
                        if !step.is_fault() {
                            self.calm.push((next, id));
                        }
                    }
                    Err(property) if broken.iter().any(|it| it.0 == property) => {}
                    Err(property) => {
                        let mut path = self.path(id);
                        path.push(step);
                        broken.push((property, path));
                        if broken.len() == self.most {
                            return self.found(edges, broken, None);
                        }
                    }
                }
            }
        }
        // Past the edge of what was seen nothing is known: what lies there may come to rest.
        let restless = (self.frontier.is_empty())
            .then(|| self.restless())
            .flatten();
        self.found(edges, broken, restless)
    }

    fn found(
        self,
        edges: usize,
        broken: Vec<(Property, Vec<Move>)>,
        restless: Option<(usize, Vec<Move>)>,
    ) -> Found {
        Found {
            states: self.parents.len(),
            edges,
            is_whole: self.frontier.is_empty(),
            broken,
            restless,
        }
    }

    fn visit(&mut self, system: System, from: (u32, Move)) -> u32 {
        let next = u32::try_from(self.parents.len()).unwrap();
        let id = *self.visited.entry(fingerprint(&system)).or_insert(next);
        if id == next {
            self.parents.push(from);
            if is_at_rest(&system) {
                self.at_rest.push(id);
            }
            self.frontier.push_back((id, system));
        }
        id
    }

    fn path(&self, to: u32) -> Vec<Move> {
        let mut path = Vec::new();
        let mut at = to;
        while let Some((from, step)) = self.parents.get(at as usize).filter(|it| it.0 != at) {
            path.push(*step);
            at = *from;
        }
        path.reverse();
        path
    }

    /// Goes back from where all is at rest.
    fn restless(&mut self) -> Option<(usize, Vec<Move>)> {
        self.calm.sort_unstable();
        let mut rests = vec![false; self.parents.len()];
        let mut open = self.at_rest.clone();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut rests[id as usize], true) {
                continue;
            }
            let first = self.calm.partition_point(|edge| edge.0 < id);
            let edges = self.calm[first..].iter().take_while(|edge| edge.0 == id);
            open.extend(edges.map(|edge| edge.1).filter(|it| !rests[*it as usize]));
        }
        let nearest = rests.iter().position(|it| !it)?;
        let count = rests.iter().filter(|it| !**it).count();
        Some((count, self.path(u32::try_from(nearest).unwrap())))
    }
}

/// A state as 128 bits: that two of some millions have the same ones is out of the question.
fn fingerprint(system: &System) -> u128 {
    let mut print = Print(0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f);
    // Where the disk is what the machine takes it for, it is told once.
    let is_same = (system.run.as_ref()).is_some_and(|run| run.state.memory == system.disk);
    (!is_same).then_some(&system.disk).hash(&mut print);
    (&system.world, &system.ghost, &system.run).hash(&mut print);
    u128::from(print.0) << 64 | u128::from(print.1)
}

struct Print(u64, u64);

impl Hasher for Print {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let word = u64::from_le_bytes(word);
            self.0 = fold(self.0 ^ word, 0xa076_1d64_78bd_642f);
            self.1 = fold(self.1.rotate_left(23) ^ word, 0xe703_7ed1_a0b4_28db);
        }
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ b) * u128::from(a.rotate_left(32) ^ 0x8ebc_6af0_9c88_c6e3 | 1);
    let [low, high] = [product, product >> 64].map(|it| u64::try_from(it & u128::from(u64::MAX)));
    low.unwrap() ^ high.unwrap().wrapping_mul(b)
}

/// A fingerprint is as good as its hash.
#[derive(Default)]
pub(crate) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, print: u128) {
        self.0 = u64::try_from(print >> 64).unwrap();
    }
}
