//! A session: vCenter keeps one that is not ended for up to two hours and has room for a limited
//! number, so that a run that forgets to leave shuts out the later ones.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::Method;

use super::Vcenter;
use super::dialect::Dialect;
use super::refusal;
use crate::base::deadline::Deadline;
use crate::base::doubt::{Doubt, DoubtKind};
use crate::base::secret::Secret;
use crate::clients::conversation::{Answer, Conversation, Door, Reply};

/// The header that carries the session (vSphere Automation API, "Authentication").
const HEADER: &str = "vmware-api-session-id";

/// Kept back of the time for taking leave, if the whole is at least four times as long.
const RESERVE: Duration = Duration::from_secs(1);
/// The most that is spent on taking leave: the answer is known by then.
const LEAVE: Duration = Duration::from_secs(2);

/// Bytes of a session's name, at the most; vCenter's have 32 or 36.
const ID_MAX: usize = 1024;

/// Talks in a session, and ends it whatever came of the talk.
pub(super) fn hold<T>(
    config: &Vcenter,
    deadline: Deadline,
    talk: impl FnOnce(&mut Session<'_>) -> Result<T, Doubt>,
) -> Result<T, Doubt> {
    let mut session = Session::prepare(config, deadline)?;
    let said = session.log_in().and_then(|()| talk(&mut session));
    session.log_out();
    said
}

/// A session, or the way to a new one.
pub(super) struct Session<'a> {
    conversation: Conversation<'a>,
    /// When the talk must be over, so that there is time left to leave.
    talk: Deadline,
    /// When all must be over.
    end: Deadline,
    user: &'a str,
    account: Secret,
    dialect: Dialect,
    id: Option<Secret>,
    renewed: bool,
}

impl<'a> Session<'a> {
    fn prepare(config: &'a Vcenter, end: Deadline) -> Result<Self, Doubt> {
        let left = end.left();
        let talk = end.at_most(left.saturating_sub(RESERVE.min(left / 4)));
        let conversation = Conversation::open(&Door {
            base_url: &config.base_url,
            ca_file: config.ca_file.as_deref(),
            token: None,
            deadline: talk,
            max_age: 0,
        })?;
        Ok(Self {
            conversation,
            talk,
            end,
            user: &config.username,
            account: basic(config)?,
            dialect: Dialect::Api,
            id: None,
            renewed: false,
        })
    }

    /// Whose session it is.
    pub(super) fn user(&self) -> &'a str {
        self.user
    }

    /// In what words this vCenter is spoken to.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How much time is left to talk.
    pub(super) fn left(&self) -> Duration {
        self.talk.left()
    }

    /// Sends a request. A session that has ended meanwhile is renewed, once.
    pub(super) fn send(&mut self, method: &Method, path: &str) -> Result<Answer, Doubt> {
        let answer = self.send_once(method, path)?;
        if answer.status() != 401 || self.renewed {
            return Ok(answer);
        }
        self.renewed = true;
        self.id = None;
        self.log_in()?;
        self.send_once(method, path)
    }

    fn send_once(&self, method: &Method, path: &str) -> Result<Answer, Doubt> {
        let id = self.id.as_ref().map(|id| (HEADER, id));
        self.conversation.send(method, path, id)
    }

    fn log_in(&mut self) -> Result<(), Doubt> {
        let mut reply = self.knock()?;
        if reply.status == 404 && self.dialect == Dialect::Api {
            self.dialect = Dialect::Rest;
            reply = self.knock()?;
        }
        self.id = match reply.status {
            200 | 201 => Some(id(&reply, self.dialect)?),
            401 => {
                let hint = "the user name or the password is wrong, or the account is locked";
                return Err(refusal::explained(&reply, hint));
            }
            404 => {
                let hint = "neither /api nor /rest is there: is it a vCenter, 6.5 or later?";
                return Err(refusal::explained(&reply, hint));
            }
            _ => return Err(refusal::of(&reply)),
        };
        Ok(())
    }

    fn knock(&self) -> Result<Reply, Doubt> {
        let account = Some(("authorization", &self.account));
        let path = self.dialect.session();
        self.conversation
            .send(&Method::POST, path, account)?
            .whole()
    }

    /// What was said stands, whether or not we get to take our leave.
    fn log_out(&mut self) {
        let Some(id) = self.id.take() else {
            return;
        };
        let conversation = self.conversation.until(self.end.at_most(LEAVE));
        let left = conversation
            .send(&Method::DELETE, self.dialect.session(), Some((HEADER, &id)))
            .map(|answer| answer.status());
        match left {
            // 401: it had ended by itself.
            Ok(200 | 204 | 401) => {}
            Ok(status) => log::warn!("the vCenter session was not ended: status {status}"),
            Err(doubt) => log::warn!(
                "the vCenter session was not ended: cause={:?}",
                doubt.to_string()
            ),
        }
    }
}

/// RFC 7617, section 2: the user name ends at the first colon.
fn basic(config: &Vcenter) -> Result<Secret, Doubt> {
    if config.username.contains(':') {
        let detail = "a vCenter user name with a colon in it cannot be sent";
        return Err(Doubt::new(DoubtKind::Unusable, detail));
    }
    let pair = format!("{}:{}", config.username, config.password.reveal());
    Ok(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
}

/// `/rest` wraps the name of the session.
#[derive(Deserialize)]
struct Wrapped {
    value: String,
}

fn id(reply: &Reply, dialect: Dialect) -> Result<Secret, Doubt> {
    let id = match dialect {
        Dialect::Api => reply.json::<String>()?,
        Dialect::Rest => reply.json::<Wrapped>()?.value,
    };
    let fit = (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if fit {
        Ok(Secret::new(id))
    } else {
        Err(reply.doubt(DoubtKind::BadAnswer, "what came is no session"))
    }
}
