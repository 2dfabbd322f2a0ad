//! What vCenter says when it refuses, in either dialect.

use serde::Deserialize;

use crate::base::doubt::{Doubt, DoubtKind};
use crate::clients::conversation::{Reply, excerpt};

/// More matches than vCenter lists: 4000 VMs, 2500 hosts (vSphere Automation API, "list").
const TOO_MANY: &str = "UNABLE_TO_ALLOCATE_RESOURCE";

/// `{"error_type": …, "messages": […]}`, or `{"type": …, "value": {"messages": […]}}`.
#[derive(Deserialize)]
struct Said {
    error_type: Option<String>,
    r#type: Option<String>,
    #[serde(default)]
    messages: Vec<Message>,
    value: Option<Value>,
}

#[derive(Deserialize)]
struct Value {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    default_message: Option<String>,
}

/// Returns the name of the error, as `/api` writes it, and what was said of it.
pub(super) fn named(reply: &Reply) -> Option<(String, String)> {
    let said: Said = reply.json().ok()?;
    let name = said.error_type.or(said.r#type)?;
    let name = name.rsplit('.').next().unwrap_or_default();
    let wrapped = said.value.map(|value| value.messages).unwrap_or_default();
    let words: Vec<_> = said
        .messages
        .into_iter()
        .chain(wrapped)
        .filter_map(|message| message.default_message)
        .collect();
    Some((
        excerpt(name.as_bytes()).to_ascii_uppercase(),
        excerpt(words.join(" ").as_bytes()),
    ))
}

/// What a refusal comes to.
pub(super) fn of(reply: &Reply) -> Doubt {
    let plain = reply.refusal();
    let Some((name, words)) = named(reply) else {
        return plain;
    };
    let detail = format!("status {}, {name}: {words}", reply.status);
    if name == TOO_MANY {
        let detail = format!("{detail} (more matches than vCenter lists)");
        return reply.doubt(DoubtKind::Filtered, detail);
    }
    reply.doubt(plain.kind, detail)
}

/// The same, with what it most likely means.
pub(super) fn explained(reply: &Reply, hint: &str) -> Doubt {
    let doubt = of(reply);
    Doubt::new(doubt.kind, format!("{} ({hint})", doubt.detail))
}
