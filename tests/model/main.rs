//! The core, checked: every order of looks, outcomes, crashes, words of the operator and waits, over
//! the machine itself. What it covers and what it does not is in `docs/testing.md`.

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
use properties::Property;
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

fn check(role: Role) {
    let started = Instant::now();
    let setup = role.setup();
    let model = Model {
        role,
        setup,
        machine,
    };
    let found = Search::new(&model, &[], 8).run(roots(role));
    println!(
        "{role:?}: {} states, {} edges, {:.1} s",
        found.states,
        found.edges,
        started.elapsed().as_secs_f64()
    );
    let Found {
        broken, restless, ..
    } = found;
    for (property, path) in &broken {
        println!("{role:?} breaks {property:?}:\n{}", tell(path));
    }
    assert!(broken.is_empty());
    if let Some((count, path)) = restless {
        panic!(
            "{role:?}: {count} states never rest, as after:\n{}",
            tell(&path)
        );
    }
}

fn tell(path: &[moves::Move]) -> String {
    path.iter().map(|it| format!("  {it:?}\n")).collect()
}

#[test]
fn a_mailbox_server() {
    check(Role::Mailbox);
}

#[test]
fn a_mailbox_server_that_fences() {
    check(Role::FencedMailbox);
}

#[test]
fn a_proxy() {
    check(Role::Proxy);
}

#[test]
fn the_manual_site() {
    check(Role::ManualSite);
}

#[test]
fn a_mesh() {
    check(Role::Mesh);
}

#[test]
fn each_mistake_is_found() {
    let mut wrong = Vec::new();
    for mistake in &MISTAKES {
        let model = Model {
            role: mistake.role,
            setup: mistake.role.setup(),
            machine: mistake.machine,
        };
        let found = Search::new(&model, &[Property::Coherence], 1).run(roots(mistake.role));
        let (name, states) = (mistake.name, found.states);
        match found.broken.into_iter().next() {
            Some((property, path)) => {
                println!(
                    "{name}: {property:?} after {} moves, {states} states",
                    path.len()
                );
                if property != mistake.property {
                    wrong.push(format!("{name}: {property:?}:\n{}", tell(&path)));
                }
            }
            None => wrong.push(format!("{name}: not found in {states} states")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
