//! vCenter as a witness and as a fence, against VMware's own simulator. The list of VMs, which the
//! simulator lacks in REST, is served by `tests/lab/vcenter/front.py` from what the simulator says
//! over SOAP; VMware's own client is asked too, so that the front cannot be wrong our way.
//! `tests/run` builds the parts.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and starts the programs it needs"
)]

mod site;
mod vcsim;

use std::time::Duration;

use habeat::base::deadline::Deadline;
use habeat::clients::vcenter::{Vcenter, power_off};
use habeat::config::{Provider, Secret, Site, Witness};
use habeat::drill::fake_consul::{FakeConsul, Node};
use habeat::witness::{Testimony, testify};
use site::Secondary;
use vcsim::{BOTH, Interface, Vcsim};

/// The VM of the primary.
const NAME: &str = "mbox1.example.com";

/// Long enough for a busy machine.
const AMPLE: Duration = Duration::from_secs(120);

fn config(vcsim: &Vcsim, password: &str) -> Vcenter {
    Vcenter {
        base_url: vcsim.url(),
        username: vcsim::USER.to_owned(),
        password: Secret::new(password.to_owned()),
        ca_file: Some(vcsim.ca_file()),
    }
}

/// Asks about the primary, as `habeat` does.
fn ask(vcsim: &Vcsim, password: &str) -> String {
    let witness = Witness::plain(Provider::Vcenter(config(vcsim, password)), AMPLE);
    let site = |host: &str| Site {
        name: host.to_owned(),
        hosts: vec![host.to_owned()],
    };
    let heard = testify(&witness, &site("mbox2.example.com"), &site(NAME));
    match heard.testimony {
        Testimony::Up => "up".to_owned(),
        Testimony::Down(_) => "down".to_owned(),
        Testimony::Unknown(doubt) => doubt.to_string(),
    }
}

/// What is done, one after another, and what habeat then hears.
const STORY: &[(&str, &[&str], &str)] = &[
    ("it is on", &[], "up"),
    (
        "it is suspended",
        &["suspend NAME"],
        "unclear: mbox1.example.com (vm-",
    ),
    ("it goes on", &["on NAME"], "up"),
    ("it is off", &["off NAME"], "down"),
    (
        "it is off, its host in maintenance",
        &["maintain NAME"],
        "down",
    ),
    ("the session ends at the VMs", &["at vm expire 1"], "down"),
    (
        "the session ends at the hosts",
        &["at host expire 1"],
        "down",
    ),
    ("the session ends twice", &["at host expire 2"], "denied: "),
    (
        "the peer dies in mid-list",
        &["at vm die 1"],
        "bad-answer: ",
    ),
    (
        "the peer dies in the list of hosts",
        &["at host die 1"],
        "bad-answer: ",
    ),
    ("all is well again", &[], "down"),
    ("more matches than are listed", &["limit 0"], "filtered: "),
    ("few enough", &["limit 4000"], "down"),
    (
        "its host does not respond",
        &["link NAME NOT_RESPONDING"],
        "unclear: mbox1.example.com (vm-",
    ),
    (
        "its host is disconnected",
        &["link NAME DISCONNECTED"],
        "unclear: ",
    ),
    ("its host is back", &["link NAME CONNECTED"], "down"),
    ("it has a clone", &["clone NAME"], "ambiguous: vm-"),
    (
        "both are renamed",
        &["rename NAME one", "rename NAME two"],
        "not-found: ",
    ),
];

#[test]
#[ignore = "needs vcsim: tests/run"]
fn what_is_heard_of_a_vm_is_what_became_of_it() {
    for interface in BOTH {
        let mut vcsim = Vcsim::start(interface);
        vcsim.obey(&format!("rename DC0_C0_RP0_VM0 {NAME}"));
        for (name, orders, expected) in STORY {
            for order in *orders {
                vcsim.obey(&order.replace("NAME", NAME));
            }
            let heard = ask(&vcsim, vcsim::PASSWORD);
            assert!(
                heard.starts_with(expected),
                "{interface:?}, {name}: {heard}"
            );
            assert_eq!(vcsim.obey("sessions"), "0", "{interface:?}, {name}");
        }
    }
}

#[test]
#[ignore = "needs vcsim: tests/run"]
fn a_wrong_password_is_denied() {
    for interface in BOTH {
        let vcsim = Vcsim::start(interface);
        let heard = ask(&vcsim, "guessed");
        assert!(heard.starts_with("denied: "), "{interface:?}: {heard}");
        assert!(!heard.contains("guessed"), "{heard}");
    }
}

#[test]
#[ignore = "needs vcsim: tests/run"]
fn a_fence_powers_off_the_one_vm_of_the_name_and_sees_it_off() {
    for interface in BOTH {
        let mut vcsim = Vcsim::start(interface);
        vcsim.obey(&format!("rename DC0_C0_RP0_VM0 {NAME}"));
        let fence = |vcsim: &Vcsim| {
            power_off(
                &config(vcsim, vcsim::PASSWORD),
                NAME,
                Deadline::after(AMPLE),
            )
        };
        let state = |vcsim: &mut Vcsim| vcsim.obey(&format!("state {NAME}"));
        assert_eq!(state(&mut vcsim), "poweredOn");
        assert_eq!(fence(&vcsim), Ok(()), "{interface:?}");
        assert_eq!(state(&mut vcsim), "poweredOff");
        assert_eq!(ask(&vcsim, vcsim::PASSWORD), "down");
        // Off already, suspended, and with a session that ends at the order.
        assert_eq!(fence(&vcsim), Ok(()), "{interface:?}");
        for orders in [["on", "suspend"], ["on", "at stop expire 1"]] {
            for order in orders {
                let whole = order.contains(' ');
                vcsim.obey(&if whole {
                    order.to_owned()
                } else {
                    format!("{order} {NAME}")
                });
            }
            assert_eq!(fence(&vcsim), Ok(()), "{interface:?} {orders:?}");
            assert_eq!(state(&mut vcsim), "poweredOff", "{interface:?} {orders:?}");
        }
        // With a clone beside it, neither is touched.
        vcsim.obey(&format!("on {NAME}"));
        vcsim.obey(&format!("clone {NAME}"));
        let states = state(&mut vcsim);
        let doubt = fence(&vcsim).expect_err("a doubt");
        assert_eq!(doubt.kind.code(), "ambiguous", "{doubt}");
        assert_eq!(state(&mut vcsim), states);
        assert_eq!(vcsim.obey("sessions"), "0");
    }
}

#[test]
#[ignore = "needs vcsim: tests/run"]
fn vmwares_own_client_understands_the_front() {
    let mut vcsim = Vcsim::start(Interface::Both);
    vcsim.obey(&format!("rename DC0_H0_VM0 {NAME}"));
    vcsim.obey(&format!("off {NAME}"));
    vcsim.obey(&format!("suspend {}", "DC0_C0_RP0_VM1"));
    vcsim.obey("link DC0_C0_RP0_VM0 NOT_RESPONDING");
    let understood = vcsim.client();
    for interface in ["rest", "api"] {
        for line in [
            format!(" {NAME} POWERED_OFF 1 32"),
            " DC0_H0_VM1 POWERED_ON 1 32".to_owned(),
            " DC0_C0_RP0_VM1 SUSPENDED 1 32".to_owned(),
            " DC0_H0 CONNECTED POWERED_ON".to_owned(),
            " NOT_RESPONDING None".to_owned(),
            " left Unauthenticated".to_owned(),
        ] {
            let known = understood
                .lines()
                .any(|said| said.starts_with(interface) && said.contains(&line));
            assert!(known, "{interface}: {line}\n{understood}");
        }
    }
    assert!(understood.contains("rest absent NotFound"), "{understood}");
    assert!(
        understood.contains("rest off AlreadyInDesiredState"),
        "{understood}"
    );
    assert_eq!(vcsim.obey("sessions"), "0");
}

#[test]
#[ignore = "needs vcsim: tests/run"]
fn an_outage_is_confirmed_by_vcenter_and_taken_over() {
    for interface in BOTH {
        let mut vcsim = Vcsim::start(interface);
        vcsim.obey(&format!("rename DC0_C0_RP0_VM0 {NAME}"));
        let mut secondary = Secondary::with_witness(&vcsim);
        assert_eq!(secondary.run(), "rest alive, exit 0");
        secondary.mute();
        assert_eq!(secondary.run(), "hold cut, exit 3");
        vcsim.obey(&format!("suspend {NAME}"));
        assert_eq!(secondary.run(), "hold unknown, exit 3");
        vcsim.obey(&format!("off {NAME}"));
        assert_eq!(secondary.run(), "hold confirming, exit 0");
        vcsim.obey(&format!("link {NAME} NOT_RESPONDING"));
        assert_eq!(secondary.run(), "hold unknown, exit 3");
        assert_eq!(secondary.promoted(), 0);
        vcsim.obey(&format!("link {NAME} CONNECTED"));
        assert_eq!(secondary.run(), "promote confirmed, exit 0");
        assert_eq!(secondary.promoted(), 1);
        assert_eq!(secondary.run(), "hold already-promoted, exit 0");
        vcsim.obey(&format!("on {NAME}"));
        secondary.answer();
        assert_eq!(secondary.run(), "hold returning, exit 0");
        assert_eq!(secondary.run(), "return returned, exit 0");
        assert_eq!(secondary.promoted(), 1);
        assert_eq!(vcsim.obey("sessions"), "0");
    }
}

#[test]
#[ignore = "needs vcsim: tests/run"]
fn a_fence_comes_before_the_promotion_and_not_in_a_dry_run() {
    let mut vcsim = Vcsim::start(Interface::Both);
    vcsim.obey(&format!("rename DC0_C0_RP0_VM0 {NAME}"));
    // Consul is right that nobody hears the agent; the VM runs all the same.
    let consul = FakeConsul::start().unwrap();
    consul.cluster().set("agent-mbox2-example-com", Node::ALIVE);
    consul
        .cluster()
        .set("agent-mbox1-example-com", Node::FAILED);
    let mut secondary = Secondary::with_fence(&vcsim, consul.port());
    secondary.mute();
    assert_eq!(secondary.run(), "hold confirming, exit 0");
    assert_eq!(secondary.dry_run(), "promote confirmed, exit 0");
    assert_eq!(vcsim.obey(&format!("state {NAME}")), "poweredOn");
    // It looks until its time is up.
    vcsim.obey(&format!("link {NAME} NOT_RESPONDING"));
    secondary.have_patience("3s");
    assert_eq!(secondary.run(), "promote confirmed, exit 1");
    assert_eq!(secondary.promoted(), 0, "the VM was not seen off");
    secondary.have_patience(site::AMPLE);
    vcsim.obey(&format!("link {NAME} CONNECTED"));
    vcsim.obey(&format!("on {NAME}"));
    assert_eq!(secondary.run(), "hold fence-failed, exit 3");
    assert_eq!(vcsim.obey(&format!("state {NAME}")), "poweredOn");
    secondary.retry();
    assert_eq!(secondary.run(), "resume unfinished, exit 0");
    assert_eq!(vcsim.obey(&format!("state {NAME}")), "poweredOff");
    assert_eq!(secondary.promoted(), 1);
    assert_eq!(vcsim.obey("sessions"), "0");
}
