//! The catalog: what a majority of the servers agrees on, read through the leader.
//!
//! `serfHealth` is the check that the cluster itself keeps for every node. It says down only
//! after our own node was seen passing in the same conversation: that shows that the token may
//! read nodes and that we talk to the side that has the majority.

use std::thread::{Builder, scope};

use serde::Deserialize;
use ureq::http::HeaderMap;

use super::super::{Doubt, DoubtKind};
use super::{EMPTY_HINT, Names, any, list, segment};
use crate::clients::conversation::Conversation;

/// The check that the gossip pool keeps for every node.
const SERF: &str = "serfHealth";
/// The check that `consul maint` adds to a node.
const MAINTENANCE: &str = "_node_maintenance";

/// One check of a node, as `/v1/health/node/NODE` lists it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    node: String,
    #[serde(rename = "CheckID")]
    id: String,
    status: String,
}

/// What the checks of one node say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serf {
    /// Its agent lives.
    Passing,
    /// It does not.
    Critical,
}

/// What the catalog has of a host.
#[derive(Debug)]
pub(super) enum Said {
    /// This, under this name.
    Known(String, Serf),
    /// Nothing, although it knows our own node well.
    Nothing(Doubt),
}

/// Asks the catalog about `peer`; a host of our `own` site has to be seen alive before it may say
/// down.
pub(super) fn hear(
    conversation: &Conversation<'_>,
    own: &[Names],
    peer: &Names,
) -> Result<Said, Doubt> {
    let mut of_peer = ask_all(conversation, peer, own);
    let of_own = of_peer.split_off(peer.forms.len());
    match the_one(peer, of_peer) {
        Ok((node, Serf::Passing)) => Ok(Said::Known(node, Serf::Passing)),
        Ok((node, Serf::Critical)) => {
            prove(own, of_own)?;
            Ok(Said::Known(node, Serf::Critical))
        }
        Err(doubt) if doubt.kind == DoubtKind::NotFound && prove(own, of_own).is_ok() => {
            Ok(Said::Nothing(doubt))
        }
        Err(doubt) => Err(doubt),
    }
}

fn prove(own: &[Names], answers: Vec<Answer>) -> Result<(), Doubt> {
    let mut answers = answers.into_iter();
    let proofs = own.iter().map(|own| {
        let of_it = answers.by_ref().take(own.forms.len()).collect();
        match the_one(own, of_it)? {
            (_, Serf::Passing) => Ok(()),
            (node, Serf::Critical) => {
                let detail = format!("{SERF} of {node} is critical");
                Err(Doubt::new(DoubtKind::Unclear, detail))
            }
        }
    });
    any(own, proofs.collect())
}

/// One name and its checks.
type Answer = Result<(String, Vec<Listed>), Doubt>;

/// Asks for every form of all names at once: without a leader each question hangs for seven
/// seconds (`rpc_hold_timeout`), and all share one deadline.
fn ask_all(conversation: &Conversation<'_>, peer: &Names, own: &[Names]) -> Vec<Answer> {
    scope(|scope| {
        let own = own.iter().flat_map(|own| &own.forms);
        let asked: Vec<_> = peer
            .forms
            .iter()
            .chain(own)
            .map(|node| Builder::new().spawn_scoped(scope, || checks(conversation, node)))
            .collect();
        let lost = |why: String| Err(Doubt::new(DoubtKind::Unreachable, why));
        asked
            .into_iter()
            .map(|asked| match asked.map(|thread| thread.join()) {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => lost("a question ended without an answer".to_owned()),
                Err(err) => lost(format!("no thread could be started: {err}")),
            })
            .collect()
    })
}

/// Asks for the checks of one node, read so that a leader confirms them with a majority.
fn checks(conversation: &Conversation<'_>, node: &str) -> Answer {
    let path = format!("/v1/health/node/{}?consistent", segment(node));
    let answer = conversation.fetch(&path)?;
    must_be_fresh(answer.headers())?;
    // An unknown node has an empty list.
    let listed: Vec<Listed> = list(answer)?;
    match listed
        .iter()
        .find(|check| !check.node.eq_ignore_ascii_case(node))
    {
        Some(other) => {
            let detail = format!("asked for node {node}, told about {}", other.node);
            Err(Doubt::new(DoubtKind::BadAnswer, detail))
        }
        None => Ok((node.to_owned(), listed)),
    }
}

/// The headers are described under "Consistency Modes" in the API documentation. One that is
/// absent says nothing: a proxy may drop it, and older versions lack the last one.
fn must_be_fresh(headers: &HeaderMap) -> Result<(), Doubt> {
    let expected = [
        ("X-Consul-KnownLeader", "true"),
        ("X-Consul-LastContact", "0"),
        ("X-Consul-Effective-Consistency", "consistent"),
    ];
    for (name, fresh) in expected {
        for value in headers.get_all(name) {
            if value != fresh {
                let detail = format!("{name} is {value:?}, not {fresh}");
                return Err(Doubt::new(DoubtKind::Stale, detail));
            }
        }
    }
    Ok(())
}

/// Exactly one of the names must be known; any failed question spoils the count.
fn the_one(names: &Names, answers: Vec<Answer>) -> Result<(String, Serf), Doubt> {
    let mut known = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    known.retain(|(_, listed)| !listed.is_empty());
    match known.as_slice() {
        [] => {
            let forms = names.forms.join(", ");
            let detail = format!("no node is named {forms}; {EMPTY_HINT}");
            Err(Doubt::new(DoubtKind::NotFound, detail))
        }
        [(node, listed)] => Ok((node.clone(), serf(node, listed)?)),
        [(one, _), (other, _), ..] => {
            let detail = format!("both {one} and {other} are nodes");
            Err(Doubt::new(DoubtKind::Ambiguous, detail))
        }
    }
}

/// Maintenance leaves `serfHealth` as it is. A node that is down in maintenance was most likely
/// taken down on purpose.
fn serf(node: &str, listed: &[Listed]) -> Result<Serf, Doubt> {
    let of_serf: Vec<_> = listed.iter().filter(|check| check.id == SERF).collect();
    let unclear = |detail| Err(Doubt::new(DoubtKind::Unclear, detail));
    let [check] = of_serf.as_slice() else {
        return unclear(format!(
            "{node} has {} checks {SERF}, not one",
            of_serf.len()
        ));
    };
    match check.status.as_str() {
        "passing" => Ok(Serf::Passing),
        "critical" if listed.iter().any(|check| check.id == MAINTENANCE) => {
            let detail = format!("{node} is down while in maintenance");
            Err(Doubt::new(DoubtKind::TakenOut, detail))
        }
        "critical" => Ok(Serf::Critical),
        other => unclear(format!("{SERF} of {node} is {other:?}")),
    }
}
