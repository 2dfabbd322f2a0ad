//! Consul. It has two voices, and they are not worth the same.
//!
//! While a leader is known, the catalog speaks ([`catalog`]): what a majority of the servers
//! agrees on. Without a leader only the gossip of the local agent is left ([`gossip`]): what our
//! own side sees. Neither can tell a dead host from one whose agent nobody hears.

use std::fmt::Write;

use super::conversation::{Conversation, Door, Reply};
use super::{Doubt, DoubtKind, Testimony, Voice};
use crate::config::{Consul, Gossip, Site};

mod catalog;
mod gossip;

/// The header that carries the token (Consul API documentation, "Authentication").
const TOKEN: &str = "X-Consul-Token";

/// What an empty answer may mean besides its plain sense. Under the default policy `deny` Consul
/// answers 200 with an empty list, not 403, to whoever may not read nodes; and its autopilot
/// removes a dead server (not a client) from the catalog within a minute.
const EMPTY_HINT: &str = "a missing or powerless token looks the same, and so does a dead server \
    that autopilot has cleaned up";

/// Asks about `peer`; returns the name it is known by, and what was said.
pub(super) fn testify(config: &Consul, own: &Site, peer: &Site) -> (String, Testimony) {
    match hear(config, &Names::of(own), &Names::of(peer)) {
        Ok((node, testimony)) => (node, testimony),
        Err(doubt) => (peer.host.clone(), Testimony::Unknown(doubt)),
    }
}

fn hear(config: &Consul, own: &Names, peer: &Names) -> Result<(String, Testimony), Doubt> {
    if own.overlap(peer) {
        let detail = format!("{} and {} share node names", own.host, peer.host);
        return Err(Doubt::new(DoubtKind::Ambiguous, detail));
    }
    let conversation = Conversation::open(&Door {
        base_url: &config.base_url,
        ca_file: config.ca_file.as_deref(),
        token: config.token.as_ref().map(|token| (TOKEN, token)),
        timeout: config.timeout,
    })?;
    let leader: String = conversation.get("/v1/status/leader")?.json()?;
    if !leader.is_empty() {
        return catalog::hear(&conversation, own, peer);
    }
    let voice = match config.gossip {
        Gossip::Anchored => Voice::Anchored,
        Gossip::Always => Voice::Proven,
        Gossip::Never => {
            let detail = "the servers have no leader, and consul.gossip is never";
            return Err(Doubt::new(DoubtKind::NoLeader, detail));
        }
    };
    gossip::hear(&conversation, own, peer, voice)
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
    fn of(site: &Site) -> Self {
        let dashed = site.host.replace('.', "-");
        Self {
            host: site.host.clone(),
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

/// Consul says so since 1.11 when the token may not see everything.
fn must_be_whole(reply: &Reply) -> Result<(), Doubt> {
    let name = "X-Consul-Results-Filtered-By-ACLs";
    if reply
        .headers
        .get_all(name)
        .iter()
        .any(|value| value != "false")
    {
        let detail = format!("{name} is set: the token may not read all nodes");
        return Err(Doubt::new(DoubtKind::Filtered, detail));
    }
    Ok(())
}

/// Returns `name` as one segment of a path (RFC 3986, section 2.3).
fn segment(name: &str) -> String {
    name.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(char::from(byte));
            }
            other => {
                // Writing to a String cannot fail.
                let _ = write!(path, "%{other:02X}");
            }
        }
        path
    })
}

#[cfg(test)]
mod tests;
