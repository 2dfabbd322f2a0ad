//! Consul. It has two voices, and they are not worth the same.
//!
//! While a leader is known, the catalog speaks ([`catalog`]): what a majority of the servers
//! agrees on; the gossip of the local agent ([`gossip`]) is asked beside it, and may contradict
//! ([`voices`]). Without a leader only the gossip is left: what our own side sees. Neither can tell
//! a dead host from one whose agent nobody hears.
//!
//! The gossip also speaks of a host that the catalog has lost. A server that was restarted has
//! never met those that were dead by then, and strikes them off when it becomes the leader
//! (`reconcileReaped` in hashicorp/consul, `agent/consul/leader.go`): so ends every recovery of a
//! lost quorum. The agents of other hosts still have them as failed.

use std::thread::{Builder, scope};

use serde::de::DeserializeOwned;
use ureq::http::HeaderMap;

use super::{Case, Doubt, DoubtKind, Loss, Provider, Question, Testimony, Voice};
use crate::base::deadline::Deadline;
use crate::base::rows::{OrNull, Rows};
use crate::clients::conversation::{Answer, Conversation, Door};
use crate::clients::http::{BODY_CAP, segment};
use crate::config::{Consul, Gossip, Site};

mod catalog;
mod gossip;
mod voices;

/// The header that carries the token (Consul API documentation, "Authentication").
const TOKEN: &str = "X-Consul-Token";

/// What an empty answer may mean besides its plain sense. Under the default policy `deny` Consul
/// answers 200 with an empty list, not 403, to whoever may not read nodes; and its autopilot
/// removes a dead server (not a client) from the catalog within a minute.
const EMPTY_HINT: &str = "a missing or powerless token looks the same, and so does a dead server \
    that autopilot has cleaned up";

impl Provider for Consul {
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt> {
        ask(self, question.own, question.host, question.deadline)
    }

    /// The documented layout has most servers in the primary site: what takes the site or the line
    /// away takes the leader away, and our own side's gossip takes a cut for a death.
    fn would_say(&self, case: &Case<'_>) -> Testimony {
        if case.config.own.hosts == case.config.peer.hosts {
            let detail = "both hosts have one name";
            return Testimony::Unknown(Doubt::new(DoubtKind::Ambiguous, detail));
        }
        let has_leader = match case.loss {
            // The peer's servers are the majority, or there is nothing to recover.
            Loss::Host => case.config.role.leader.is_none(),
            Loss::Site | Loss::SiteAlone | Loss::Line | Loss::Ourselves => false,
        };
        match self.gossip {
            _ if has_leader => Testimony::Down(Voice::Proven),
            Gossip::Never => Testimony::Unknown(Doubt::new(DoubtKind::NoLeader, "gossip: never")),
            Gossip::Anchored => Testimony::Down(Voice::Anchored),
            Gossip::Always => Testimony::Down(Voice::Proven),
        }
    }
}

/// Asks about `host`. It says down only after it was seen to know `own` as alive.
fn ask(
    config: &Consul,
    own: &Site,
    host: &str,
    deadline: Deadline,
) -> Result<(String, Testimony), Doubt> {
    let peer = &Names::of(host);
    let own: Vec<Names> = own.hosts.iter().map(|host| Names::of(host)).collect();
    if let Some(twin) = own.iter().find(|own| own.overlap(peer)) {
        let detail = format!("{} and {} share node names", twin.host, peer.host);
        return Err(Doubt::new(DoubtKind::Ambiguous, detail));
    }
    let conversation = open(config, deadline)?;
    let voice = match config.gossip {
        Gossip::Anchored => Some(Voice::Anchored),
        Gossip::Always => Some(Voice::Proven),
        Gossip::Never => None,
    };
    if leader_of(&conversation)?.is_some() {
        let (catalog, gossip) = hear_both(&conversation, &own, peer);
        return voices::together(catalog?, gossip, voice);
    }
    let Some(voice) = voice else {
        let detail = "the servers have no leader, and consul.gossip is never";
        return Err(Doubt::new(DoubtKind::NoLeader, detail));
    };
    let (node, seen) = gossip::hear(&conversation, &own, peer)?;
    Ok((node, seen.testimony(voice)))
}

/// Asks both voices at the same time: they share one deadline.
fn hear_both(
    conversation: &Conversation<'_>,
    own: &[Names],
    peer: &Names,
) -> (Result<catalog::Said, Doubt>, Result<gossip::Heard, Doubt>) {
    scope(|scope| {
        let gossip = Builder::new().spawn_scoped(scope, || gossip::hear(conversation, own, peer));
        let catalog = catalog::hear(conversation, own, peer);
        let lost = |why: String| Err(Doubt::new(DoubtKind::Unreachable, why));
        let gossip = match gossip.map(|thread| thread.join()) {
            Ok(Ok(heard)) => heard,
            Ok(Err(_)) => lost("a question ended without an answer".to_owned()),
            Err(err) => lost(format!("no thread could be started: {err}")),
        };
        (catalog, gossip)
    })
}

/// Asks an agent who leads its servers, as `ADDRESS:PORT`; `None` = nobody does.
///
/// # Errors
/// When the agent does not say.
pub fn leader(config: &Consul, deadline: Deadline) -> Result<Option<String>, Doubt> {
    leader_of(&open(config, deadline)?)
}

fn open(config: &Consul, deadline: Deadline) -> Result<Conversation<'_>, Doubt> {
    Conversation::open(&Door {
        base_url: &config.base_url,
        ca_file: config.ca_file.as_deref(),
        token: config.token.as_ref().map(|token| (TOKEN, token)),
        deadline,
        max_age: 0,
    })
}

fn leader_of(conversation: &Conversation<'_>) -> Result<Option<String>, Doubt> {
    let leader: String = conversation.get("/v1/status/leader")?.json()?;
    Ok(Some(leader).filter(|leader| !leader.is_empty()))
}

/// The node names a host may have in Consul.
#[derive(Debug)]
struct Names {
    host: String,
    forms: [String; 3],
}

impl Names {
    /// Carbonio names a node by its kind and its host name, with dashes for dots; nodes set up by
    /// hand often lack the kind.
    fn of(host: &str) -> Self {
        let dashed = host.replace('.', "-");
        Self {
            host: host.to_owned(),
            forms: [
                format!("agent-{dashed}"),
                format!("server-{dashed}"),
                dashed,
            ],
        }
    }

    /// Consul compares node names without regard to case.
    fn contain(&self, node: &str) -> bool {
        self.forms
            .iter()
            .any(|form| form.eq_ignore_ascii_case(node))
    }

    fn overlap(&self, other: &Self) -> bool {
        self.forms.iter().any(|form| other.contain(form))
    }
}

/// Reads a list that nothing was left out of. Some endpoints of Consul say `null` for an empty one.
fn list<R: DeserializeOwned>(answer: Answer) -> Result<Vec<R>, Doubt> {
    must_be_whole(answer.headers())?;
    let mut kept = Vec::new();
    let rows = Rows::each(|row| {
        kept.push(row);
        Ok(())
    });
    answer.streamed(BODY_CAP, OrNull(rows))?;
    Ok(kept)
}

/// One host of our own site that is seen alive shows that there is sight.
fn any(own: &[Names], proofs: Vec<Result<(), Doubt>>) -> Result<(), Doubt> {
    let mut failed = Vec::new();
    for (own, proof) in own.iter().zip(proofs) {
        match proof {
            Ok(()) => return Ok(()),
            Err(doubt) => failed.push(format!("{}: {doubt}", own.host)),
        }
    }
    let detail = format!("says down, but of our own node {}", failed.join("; "));
    Err(Doubt::new(DoubtKind::Blind, detail))
}

/// Consul says so since 1.11 when the token may not see everything.
fn must_be_whole(headers: &HeaderMap) -> Result<(), Doubt> {
    let name = "X-Consul-Results-Filtered-By-ACLs";
    if headers.get_all(name).iter().any(|value| value != "false") {
        let detail = format!("{name} is set: the token may not read all nodes");
        return Err(Doubt::new(DoubtKind::Filtered, detail));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
