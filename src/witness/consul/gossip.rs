//! The gossip of the local agent: what our own side sees.
//!
//! A node that is cut off from everybody reports its living peer as failed, with status 200 and
//! no sign of doubt. Whether that may count is for the anchors to show, not for this file.

use std::net::IpAddr;

use serde::Deserialize;

use super::super::{Doubt, DoubtKind, Testimony, Voice};
use super::{EMPTY_HINT, Names, any, list};
use crate::clients::conversation::Conversation;

/// One entry of `/v1/agent/members`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    name: String,
    status: i64,
    #[serde(default)]
    addr: Option<String>,
    #[serde(default)]
    tags: Option<Tags>,
}

#[derive(Debug, Deserialize)]
struct Tags {
    id: Option<String>,
}

/// The states of a member (`MemberStatus` in hashicorp/serf, `serf/serf.go`).
const ALIVE: i64 = 1;
const LEAVING: i64 = 2;
const LEFT: i64 = 3;
const FAILED: i64 = 4;

/// A member, by the name it was found under.
pub(super) type Heard = (String, Seen);

/// What our agent sees of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Alive,
    Failed,
}

impl Seen {
    /// What it comes to where the gossip speaks alone, with this voice.
    pub(super) fn testimony(self, voice: Voice) -> Testimony {
        match self {
            Self::Alive => Testimony::Up,
            Self::Failed => Testimony::Down(voice),
        }
    }
}

/// Asks the local agent about `peer`.
pub(super) fn hear(
    conversation: &Conversation<'_>,
    own: &[Names],
    peer: &Names,
) -> Result<Heard, Doubt> {
    let members: Vec<Member> = list(conversation.fetch("/v1/agent/members")?)?;
    let sight = || any(own, own.iter().map(|own| prove(own, &members)).collect());
    let found = the_one(peer, &members).map_err(|doubt| match (doubt.kind, sight()) {
        (DoubtKind::NotFound, Ok(())) => Doubt::new(DoubtKind::NotMember, doubt.detail),
        (_, Ok(()) | Err(_)) => doubt,
    })?;
    let name = &found.name;
    let seen = match found.status {
        ALIVE => Seen::Alive,
        FAILED => {
            sight()?;
            must_be_gone(found, &members)?;
            Seen::Failed
        }
        LEAVING | LEFT => {
            let detail = format!("{name} left the cluster (status {})", found.status);
            return Err(Doubt::new(DoubtKind::TakenOut, detail));
        }
        other => {
            let detail = format!("{name} has status {other}");
            return Err(Doubt::new(DoubtKind::Unclear, detail));
        }
    };
    Ok((name.clone(), seen))
}

/// A node that comes back under a new name leaves its old one behind, failed for 72 hours.
fn must_be_gone(failed: &Member, members: &[Member]) -> Result<(), Doubt> {
    let mut living = members.iter().filter(|member| member.status == ALIVE);
    let Some(twin) = living.find(|member| member.is_same_node(failed)) else {
        return Ok(());
    };
    let detail = format!(
        "{} has failed, but {} lives at its address or has its id: renamed?",
        failed.name, twin.name
    );
    Err(Doubt::new(DoubtKind::Ambiguous, detail))
}

impl Member {
    fn is_same_node(&self, other: &Self) -> bool {
        let same = |one: Option<&str>, other: Option<&str>| {
            let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
            !one.is_empty() && one.eq_ignore_ascii_case(other)
        };
        same(self.id(), other.id())
            || same(self.addr.as_deref(), other.addr.as_deref())
            || self.ip().is_some_and(|ip| other.ip() == Some(ip))
    }

    fn id(&self) -> Option<&str> {
        self.tags.as_ref()?.id.as_deref()
    }

    fn ip(&self) -> Option<IpAddr> {
        let ip: IpAddr = self.addr.as_ref()?.parse().ok()?;
        Some(ip.to_canonical())
    }
}

/// A list that does not show ourselves alive is filtered, foreign, or from an agent that does
/// not work.
fn prove(own: &Names, members: &[Member]) -> Result<(), Doubt> {
    let found = the_one(own, members)?;
    if found.status == ALIVE {
        return Ok(());
    }
    let detail = format!("{} has status {}", found.name, found.status);
    Err(Doubt::new(DoubtKind::Unclear, detail))
}

/// Exactly one entry must fit, even if another one has left: which of them is the host?
fn the_one<'m>(names: &Names, members: &'m [Member]) -> Result<&'m Member, Doubt> {
    let fit: Vec<_> = members
        .iter()
        .filter(|member| names.contain(&member.name))
        .collect();
    match fit.as_slice() {
        [] => {
            let forms = names.forms.join(", ");
            let hint = if members.is_empty() {
                EMPTY_HINT
            } else {
                "look at `consul members`"
            };
            let detail = format!("no member is named {forms}; {hint}");
            Err(Doubt::new(DoubtKind::NotFound, detail))
        }
        [one] => Ok(one),
        [one, other, ..] => {
            let detail = format!("both {} and {} are members", one.name, other.name);
            Err(Doubt::new(DoubtKind::Ambiguous, detail))
        }
    }
}
