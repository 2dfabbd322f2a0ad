//! The core, checked: every order of looks, outcomes, crashes, words of the operator and waits, over
//! the machine itself. What it covers and what it does not is in `docs/testing.md`.

#![allow(
    clippy::collapsible_if,
    clippy::format_push_string,
    clippy::print_stdout,
    clippy::question_mark,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

mod apply;
mod happen;
mod mistakes;
mod moves;
mod properties;
mod search;
mod setup;
mod system;
mod time;
mod world;

use std::time::Instant;

use habeat::core::event::Event;
use habeat::core::machine::{Setup, State, Turn, step};

use apply::Model;
use mistakes::MISTAKES;
use search::{Found, Search};
use setup::Role;
use system::{System, Tale};
use world::{Account, World};

fn machine(setup: &Setup, state: State, event: Event, _: &mut Tale) -> Turn {
    step(setup, state, event)
}

fn roots(role: Role) -> Vec<System> {
    let accounts = if role.has_accounts() {
        vec![
            [Account::Left, Account::Absent],
            [Account::Absent, Account::Absent],
        ]
    } else {
        vec![[Account::Absent, Account::Absent]]
    };
    accounts
        .into_iter()
        .map(|it| System::new(World::with(it)))
        .collect()
}

/// Broken properties after which a search ends.
const MOST: usize = 1;

/// States of a role that are gone on from in each run of the tests: 1 million takes 500 MB.
const QUICK: usize = 200_000;

fn check(role: Role, limit: usize) {
    let started = Instant::now();
    let setup = role.setup();
    let model = Model {
        role,
        setup,
        machine,
        is_adapted: false,
    };
    let found = Search::new(&model, MOST, limit).run(roots(role));
    println!(
        "{role:?}: {} states, {} edges, {}, {:.1} s",
        found.states,
        found.edges,
        if found.is_whole { "all" } else { "the nearest" },
        started.elapsed().as_secs_f64()
    );
    let Found {
        broken, restless, ..
    } = found;
    for (property, path) in &broken {
        println!("{role:?} breaks {property:?}:\n{}", tell(&model, path));
    }
    assert!(broken.is_empty());
    if let Some((count, path)) = restless {
        panic!(
            "{role:?}: {count} states never rest, as after:\n{}",
            tell(&model, &path)
        );
    }
}

/// Goes the way once more, and tells what was asked for at each move.
fn tell(model: &Model, path: &[moves::Move]) -> String {
    let replayed = roots(model.role).into_iter().filter_map(|mut system| {
        let mut told = String::new();
        for (number, step) in path.iter().enumerate() {
            let effect = system.run.as_ref().map(|run| format!("{:?} ", run.effect));
            let effect: String = effect.unwrap_or_default().chars().take(WIDTH).collect();
            told += &format!("  {effect}<- {step:?}\n");
            match model.apply(&system, *step) {
                Ok(next) => system = next,
                Err(_) if number + 1 == path.len() => return Some((true, told)),
                Err(_) => return None,
            }
        }
        Some((false, told))
    });
    let longest = replayed.max_by_key(|(is_broken, _)| *is_broken);
    longest.map_or_else(|| format!("{path:?}"), |(_, told)| told)
}

/// Letters of an effect that a counterexample shows.
const WIDTH: usize = 140;

#[test]
fn a_mailbox_server() {
    check(Role::Mailbox, QUICK);
}

#[test]
fn a_mailbox_server_that_fences() {
    check(Role::FencedMailbox, QUICK);
}

#[test]
fn a_proxy() {
    check(Role::Proxy, QUICK);
}

#[test]
#[ignore = "not yet green: see docs/testing.md"]
fn the_manual_site() {
    check(Role::ManualSite, QUICK);
}

#[test]
#[ignore = "not yet green: see docs/testing.md"]
fn a_mesh() {
    check(Role::Mesh, QUICK);
}

#[test]
#[ignore = "takes minutes and 10 GB"]
fn every_state_of_every_role() {
    for role in [
        Role::Proxy,
        Role::ManualSite,
        Role::Mesh,
        Role::Mailbox,
        Role::FencedMailbox,
    ] {
        check(role, usize::MAX);
    }
}

#[test]
#[ignore = "not yet green: see docs/testing.md"]
fn each_mistake_is_found() {
    let mut wrong = Vec::new();
    for mistake in &MISTAKES {
        let model = Model {
            role: mistake.role,
            setup: mistake.role.setup(),
            machine: mistake.machine,
            is_adapted: true,
        };
        let found = Search::new(&model, 1, usize::MAX).run(roots(mistake.role));
        let (name, states) = (mistake.name, found.states);
        match found.broken.into_iter().next() {
            Some((property, path)) => {
                println!(
                    "{name}: {property:?} after {} moves, {states} states",
                    path.len()
                );
                if property != mistake.property {
                    wrong.push(format!("{name}: {property:?}:\n{}", tell(&model, &path)));
                }
            }
            None => wrong.push(format!("{name}: not found in {states} states")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
