//! A proxy switches its traffic, and switches it back.

use crate::common::Site;
use crate::common::proxy::{BACK, WHOLE};
use crate::world::{End, Left, Scene};

/// A switch, or one that is begun again after half a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    First,
    Again,
}

/// A return, and how the peer fares when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Return {
    /// It is from half a switch, whose journal is to be ended as well.
    PeerStays,
    /// It is from a whole switch.
    PeerDiesAgain,
}

const PROMOTED: End = End {
    phase: Some("finished"),
    reason: "already-promoted",
    exit: 0,
    journal: Some("ended"),
};

impl Scene for Activation {
    fn site(&self) -> Site {
        let mut site = Site::proxy(true, true);
        match self {
            Self::First => {
                site.config.confirm_runs = 2;
                site.run().is("confirming", 0);
            }
            Self::Again => {
                site.run().is("confirmed", 0);
                site.write("fail_home", "");
                site.peer_comes_back();
                site.run().is("returning", 0);
                site.run().is("returned", 1);
                site.remove("fail_home");
                site.peer_falls_silent();
            }
        }
        site
    }

    fn effects(&self) -> &'static [&'static str] {
        &["switched"]
    }

    fn end(&self, _left: &Left) -> End {
        PROMOTED
    }

    /// Each command once, in order; only the one in flight may be there twice.
    fn all_is_well(&self, site: &Site, left: &Left, what: &str) {
        let switched = once_proven(site);
        let in_flight = self.in_flight(left);
        let mut repeated = WHOLE.to_vec();
        repeated.extend(in_flight.map(|at| WHOLE[at]));
        repeated.sort_by_key(|command| WHOLE.iter().position(|it| it == command));
        repeated.dedup_by(|again, before| again == before && *again == "proof");
        assert!(
            switched == WHOLE || switched == repeated,
            "{what}: {switched:?}; in flight: {in_flight:?}"
        );
    }
}

/// What switched; whether that still holds is asked in every later run.
fn once_proven(site: &Site) -> Vec<String> {
    let mut switched = site.switched();
    switched.dedup_by(|again, before| again == before && again == "proof");
    switched
}

impl Activation {
    /// Returns which of [`WHOLE`] was begun, and is not recorded as done.
    fn in_flight(self, left: &Left) -> Option<usize> {
        let steps = left.events("before").count();
        // The journal of a switch begun again says from the start that there is something to undo.
        let begun = match self {
            Self::First => steps,
            Self::Again => steps.saturating_sub(1),
        };
        let done = left.events("command-done").count();
        assert!(begun <= done + 1, "two in flight: {left:#?}");
        (begun > done).then_some(done)
    }
}

impl Scene for Return {
    fn site(&self) -> Site {
        let mut site = Site::proxy(true, true);
        match self {
            Self::PeerStays => {
                site.write("fail_two", "");
                site.run().is("confirmed", 1);
            }
            Self::PeerDiesAgain => site.run().is("confirmed", 0),
        }
        site.peer_comes_back();
        site.run().is("returning", 0);
        site
    }

    fn effects(&self) -> &'static [&'static str] {
        &["switched"]
    }

    fn meanwhile(&self, site: &mut Site) {
        match self {
            Self::PeerStays => {}
            Self::PeerDiesAgain => site.peer_falls_silent(),
        }
    }

    fn end(&self, left: &Left) -> End {
        match (self, left.phase.as_deref()) {
            (Self::PeerStays, _) => End {
                phase: None,
                reason: "alive",
                exit: 0,
                journal: Some("ended"),
            },
            (Self::PeerDiesAgain, Some(_)) => PROMOTED,
            // It was returned from all the same: this is another death, and too early a one.
            (Self::PeerDiesAgain, None) => End {
                phase: None,
                reason: "blocked",
                exit: 3,
                journal: Some("ended"),
            },
        }
    }

    /// A return that was not done is begun again, or else all of the switch is.
    fn all_is_well(&self, site: &Site, left: &Left, what: &str) {
        let whole: &[&str] = match (self, left.phase.as_deref()) {
            (Self::PeerStays, _) | (Self::PeerDiesAgain, None) => &BACK,
            (Self::PeerDiesAgain, Some("finished")) => &[],
            (Self::PeerDiesAgain, Some(_)) => &WHOLE[..WHOLE.len() - 1],
        };
        let most = match left.phase.as_deref() {
            Some("returning") => BACK.len(),
            Some(_) | None => 0,
        };
        // Whether it holds is asked in every run that finds it done.
        let mut switched = site.switched();
        switched.retain(|command| command != "proof");
        let at = switched.len().checked_sub(whole.len());
        let (before, after) = switched.split_at(at.unwrap_or(0));
        assert!(
            after == whole && before.len() <= most && before == &BACK[..before.len()],
            "{what}: {switched:?}; left: {left:?}"
        );
    }
}
