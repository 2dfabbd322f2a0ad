//! HetrixTools: what an outside monitor says of a service, seen from the internet.
//!
//! It watches whether a service can be reached, from several places at once. A site whose uplink
//! is cut looks to it exactly like a site that is dead.

use super::{Doubt, DoubtKind, Provider, Question, Testimony};
use crate::base::clock::Now;
use crate::base::deadline::Deadline;
use crate::clients::conversation::{Conversation, Door, excerpt};
use crate::config::{Hetrix, Secret};

mod list;
mod monitor;

use list::Wanted;

impl Provider for Hetrix {
    fn ask(&self, question: &Question<'_>) -> Result<(String, Testimony), Doubt> {
        hear(self, question.host, question.deadline, Now::read().wall)
    }
}

/// Asks about the monitor that is named `host` or has it as its id; `now` is in Unix seconds, as all times of HetrixTools are.
fn hear(
    config: &Hetrix,
    host: &str,
    deadline: Deadline,
    now: i64,
) -> Result<(String, Testimony), Doubt> {
    let bearer = Secret::new(format!("Bearer {}", config.token.reveal()));
    let conversation = Conversation::open(&Door {
        base_url: &config.base_url,
        ca_file: config.ca_file.as_deref(),
        token: Some(("Authorization", &bearer)),
        deadline,
        max_age: 0,
    })?;
    let monitor = list::the_one(&conversation, &Wanted::of(host))?;
    let testimony = monitor.testify(now)?;
    Ok((excerpt(monitor.name.as_bytes()), testimony))
}

#[cfg(test)]
pub(super) mod tests;
