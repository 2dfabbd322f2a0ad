//! Observers outside both sites' failure domain. A witness has one verb: it testifies.
//!
//! To add a provider: one file beside `consul.rs` that implements [`Provider`], one row in
//! [`provider`], one page in `docs/witnesses/`. A provider cannot turn a failure into a death: what
//! errs is a [`Doubt`].

use std::fmt;
use std::thread;

use crate::base::deadline::Deadline;
use crate::config::{self, Site, Stands, Witness};

mod command;
mod consul;
mod hetrix;
mod page;
mod prospect;
mod vcenter;

pub use crate::base::doubt::{Doubt, DoubtKind};
pub use consul::leader;
pub use prospect::{Case, Loss, would_say};

/// Somebody who can be asked about a host.
pub trait Provider {
    /// Asks; returns the name the host is known by, and what was said of it. The conversation ends
    /// at the deadline.
    ///
    /// # Errors
    /// Why it cannot say.
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt>;

    /// Says what it would testify if this were lost, so that `check` can tell beforehand what a set
    /// of witnesses leads to. By itself a provider sees the host from where it stands, and takes
    /// whatever it does not reach for dead.
    fn would_say(&self, case: &Case<'_>) -> Testimony {
        case.seen_from_outside()
    }
}

/// The table of providers: which one a block of the config means.
pub fn provider(of: &config::Provider) -> &dyn Provider {
    match of {
        config::Provider::Consul(consul) => consul,
        config::Provider::Vcenter(vcenter) => vcenter,
        config::Provider::Hetrix(hetrix) => hetrix,
        config::Provider::Command { argv } => argv,
        config::Provider::Http(page) => page,
    }
}

/// What a provider is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Our own site: a provider may need to see it to show that it sees anything.
    pub own: &'a Site,
    /// The name that it is asked about.
    pub host: &'a str,
    /// When the conversation is over.
    pub deadline: Deadline,
}

/// Asks one witness about `peer`. It may need to see `own` to show that it sees anything.
///
/// The conversation ends within [`Witness::timeout`]; whatever goes wrong in it is a [`Doubt`].
pub fn testify(witness: &Witness, own: &Site, peer: &Site) -> Heard {
    let deadline = Deadline::after(witness.timeout);
    let (host, testimony) = match (&witness.host, peer.hosts.as_slice()) {
        (Some(only), _) | (None, [only]) => about(witness, own, only, deadline),
        (None, hosts) => about_all(witness, own, hosts, deadline),
    };
    Heard {
        witness: witness.name.clone(),
        host,
        testimony,
        weight: weight(witness),
    }
}

fn about(witness: &Witness, own: &Site, host: &str, deadline: Deadline) -> (String, Testimony) {
    let question = Question {
        own,
        host,
        deadline,
    };
    match provider(&witness.provider).ask(&question) {
        Ok((known_as, testimony)) => (known_as, prove_sight(witness, testimony, &question)),
        Err(doubt) => (host.to_owned(), Testimony::Unknown(doubt)),
    }
}

/// Asks about all hosts at once: a single one that is up is a veto, and all must be down.
fn about_all(
    witness: &Witness,
    own: &Site,
    hosts: &[String],
    deadline: Deadline,
) -> (String, Testimony) {
    let said = thread::scope(|scope| {
        let ask = |host| {
            let work = move || about(witness, own, host, deadline);
            thread::Builder::new().spawn_scoped(scope, work)
        };
        let asked: Vec<_> = hosts.iter().map(|host| (host, ask(host))).collect();
        let lost = |host: &String, why: String| {
            let doubt = Doubt::new(DoubtKind::Unreachable, why);
            (host.clone(), Testimony::Unknown(doubt))
        };
        let said = asked.into_iter().map(|(host, asked)| match asked {
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|_| lost(host, "the question ended without an answer".into())),
            Err(err) => lost(host, format!("no thread could be started: {err}")),
        });
        said.collect::<Vec<_>>()
    });
    weakest(said)
}

/// Returns the testimony that speaks most against a death; `down` is about all of the hosts.
fn weakest(said: Vec<(String, Testimony)>) -> (String, Testimony) {
    let rank = |testimony: &Testimony| match testimony {
        Testimony::Up => 0,
        Testimony::Unknown(doubt) if doubt.kind != DoubtKind::NotMember => 1,
        Testimony::Unknown(_) => 2,
        Testimony::Down(Voice::Anchored) => 3,
        Testimony::Down(Voice::Proven) => 4,
    };
    let names: Vec<&str> = said.iter().map(|(host, _)| host.as_str()).collect();
    let all = names.join(",");
    let weakest = said
        .into_iter()
        .min_by_key(|(_, testimony)| rank(testimony));
    match weakest {
        Some((_, testimony @ Testimony::Down(_))) => (all, testimony),
        Some(one) => one,
        None => {
            let doubt = Doubt::new(DoubtKind::Unusable, "there is no host to ask about");
            (all, Testimony::Unknown(doubt))
        }
    }
}

/// Returns what a witness's `down` is worth.
pub fn weight(witness: &Witness) -> Weight {
    match witness.stands {
        Stands::InJudged => Weight::VetoOnly,
        Stands::Unsaid | Stands::InOwn | Stands::Apart => Weight::Full,
    }
}

/// A `down` counts only from a witness that sees the canary up in the same run.
fn prove_sight(witness: &Witness, testimony: Testimony, question: &Question<'_>) -> Testimony {
    let (Testimony::Down(_), Some(canary)) = (&testimony, &witness.canary) else {
        return testimony;
    };
    let question = Question {
        host: canary,
        ..*question
    };
    let said = match provider(&witness.provider).ask(&question) {
        Ok((_, Testimony::Up)) => return testimony,
        Ok((_, said @ (Testimony::Down(_) | Testimony::Unknown(_)))) => said.to_string(),
        Err(doubt) => doubt.to_string(),
    };
    let detail = format!("says down, but of the canary {canary}, known to be up: {said}");
    Testimony::Unknown(Doubt::new(DoubtKind::Blind, detail))
}

/// What one witness said about the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The witness, as named in the config.
    pub witness: String,
    /// The name it knows the peer by, or the one it was asked for.
    pub host: String,
    /// What it said.
    pub testimony: Testimony,
    /// What its `down` is worth.
    pub weight: Weight,
}

/// What a witness's `down` is worth. Its `up` is always a veto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It counts towards the quorum.
    Full,
    /// It counts for nothing: the witness stands in the judged site.
    VetoOnly,
}

/// What a witness says. Not knowing is a valid answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Testimony {
    /// The peer runs.
    Up,
    /// The peer does not run, as seen by this voice.
    Down(Voice),
    /// It cannot say.
    Unknown(Doubt),
}

/// Whose eyes a `Down` rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// It proved in the same run that it can see.
    Proven,
    /// Our own side's gossip: worth something only while an anchor answers.
    Anchored,
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Down(Voice::Proven) => f.write_str("down"),
            Self::Down(Voice::Anchored) => f.write_str("down (gossip)"),
            Self::Unknown(doubt) => write!(f, "unknown ({doubt})"),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
