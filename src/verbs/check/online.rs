//! `--online`: every probe, anchor and witness is asked once, and what each said is held against
//! what it should say of a peer that is well.

use crate::config::{Config, Provider};
use crate::observe::{Answer, Connectivity, Look, Observation, Reach, survey};
use crate::roles::RoleConfig;
use crate::roles::check::{Findings, Mark, Online};
use crate::witness::{Doubt, DoubtKind, Heard, Testimony};

/// How Consul calls a node that is a server, in Carbonio's form.
const SERVER: &str = "server-";

/// Asks everybody; returns the answers, and the names of witnesses that know the peer as one of
/// Consul's own servers.
pub(super) fn ask(
    config: &Config,
    role: &RoleConfig,
    found: &mut Findings,
) -> (Vec<Online>, Vec<String>) {
    let seen = survey(config);
    let mut told = Vec::new();
    probes(&seen, &mut told, found);
    anchors(&seen, &mut told, found);
    let mut servers = Vec::new();
    for heard in &seen.heard {
        told.push(witness(config, &seen, heard, found));
        if is_server(config, heard) {
            servers.push(heard.witness.clone());
            found.warn(
                &format!("witness {}", heard.witness),
                format!(
                    "{} is one of Consul's own servers: the others strike a dead one off within \
                     a minute, and then this witness says not-found, never down",
                    heard.host
                ),
            );
        }
    }
    role.ask(config, &mut told, found);
    (told, servers)
}

fn probes(seen: &Observation, told: &mut Vec<Online>, found: &mut Findings) {
    let says_down = |heard: &Heard| matches!(heard.testimony, Testimony::Down(_));
    let is_outage = seen.reach == Reach::Silent && seen.heard.iter().any(says_down);
    for look in &seen.looks {
        told.push(line("probe", look));
        let key = format!("probe {}", look.target);
        match &look.answer {
            Answer::Answered => {}
            Answer::CouldNotProbe(why) => {
                found.error(&key, format!("cannot be made: {why}; every run would hold"));
            }
            Answer::Ours(why) => found.error(
                &key,
                format!("this node answered itself ({why}), which is nobody's answer"),
            ),
            Answer::NoAnswer(why) if is_outage && !is_refusal(why) => {
                found.warn(&key, format!("{why}; the peer is silent now"));
            }
            Answer::NoAnswer(why) => found.error(
                &key,
                format!(
                    "{why}: a probe that no living peer answers shows nothing; give the address \
                     and the port of a service that runs there"
                ),
            ),
        }
    }
}

/// A refusal comes from a host that lives.
fn is_refusal(why: &str) -> bool {
    why.contains("refused")
}

fn anchors(seen: &Observation, told: &mut Vec<Online>, found: &mut Findings) {
    for look in &seen.anchors {
        told.push(line("anchor", look));
        let key = format!("anchor {}", look.target);
        match &look.answer {
            Answer::Answered => {}
            Answer::CouldNotProbe(why) => found.error(&key, format!("cannot be made: {why}")),
            Answer::Ours(why) => found.warn(
                &key,
                format!("this node answered itself ({why}), which is nobody's answer"),
            ),
            Answer::NoAnswer(why) if seen.connectivity == Connectivity::Isolated => found.error(
                &key,
                format!("{why}: no anchor answers, so every outage would be held as isolated"),
            ),
            Answer::NoAnswer(why) => found.warn(&key, why.clone()),
        }
    }
}

fn line(asked: &'static str, look: &Look) -> Online {
    let (said, mark) = match &look.answer {
        Answer::Answered => ("answered".to_owned(), Mark::Good),
        Answer::Ours(why) => (
            format!("our own side answered, which is nobody's answer ({why})"),
            Mark::Bad,
        ),
        Answer::NoAnswer(why) => (format!("no answer ({why})"), Mark::Bad),
        Answer::CouldNotProbe(why) => (format!("could not probe ({why})"), Mark::Unknown),
    };
    let left_out = look.left_out.iter().map(|why| format!("; left out: {why}"));
    Online {
        asked,
        name: look.target.clone(),
        said: said + &left_out.collect::<String>(),
        mark,
    }
}

fn witness(config: &Config, seen: &Observation, heard: &Heard, found: &mut Findings) -> Online {
    let key = format!("witness {}", heard.witness);
    let mark = match (&heard.testimony, &seen.reach) {
        (Testimony::Up, Reach::Answers) => Mark::Good,
        (Testimony::Down(_), Reach::Silent | Reach::Unknown(_)) => Mark::Bad,
        (Testimony::Down(_), Reach::Answers) => {
            found.error(
                &key,
                format!(
                    "says down of {}, which answers: it looks at something else (another machine \
                     of that name, a copy that is switched off), and would have a living peer \
                     taken over",
                    heard.host
                ),
            );
            Mark::Bad
        }
        (Testimony::Up, Reach::Silent | Reach::Unknown(_)) => {
            found.error(
                &key,
                format!(
                    "says up of {}, and no probe is answered: the probes are wrong, the line is \
                     cut, or it looks at something else",
                    heard.host
                ),
            );
            Mark::Bad
        }
        (Testimony::Unknown(doubt), _) if is_gate(config, heard, doubt) => {
            found.warn(&key, format!("says neither up nor down: {doubt}"));
            Mark::Unknown
        }
        (Testimony::Unknown(doubt), _) => {
            found.error(
                &key,
                format!("cannot say anything of {}: {doubt}", heard.host),
            );
            Mark::Unknown
        }
    };
    Online {
        asked: "witness",
        name: format!("{} about {}", heard.witness, heard.host),
        said: heard.testimony.to_string(),
        mark,
    }
}

/// A program may stand for a gate, which says nothing until the role before it is done.
fn is_gate(config: &Config, heard: &Heard, doubt: &Doubt) -> bool {
    let mut witnesses = config.witnesses.iter();
    let asked = witnesses.find(|witness| witness.name == heard.witness);
    let is_program = asked.is_some_and(|witness| match witness.provider {
        Provider::Command { .. } => true,
        Provider::Consul(_) | Provider::Vcenter(_) | Provider::Hetrix(_) | Provider::Http(_) => {
            false
        }
    });
    is_program && doubt.kind == DoubtKind::Unclear
}

fn is_server(config: &Config, heard: &Heard) -> bool {
    let mut witnesses = config.witnesses.iter();
    let asked = witnesses.find(|witness| witness.name == heard.witness);
    let is_consul = asked.is_some_and(|witness| match witness.provider {
        Provider::Consul(_) => true,
        Provider::Vcenter(_)
        | Provider::Hetrix(_)
        | Provider::Command { .. }
        | Provider::Http(_) => false,
    });
    is_consul && config.role.leader.is_none() && {
        heard.host.to_ascii_lowercase().starts_with(SERVER)
    }
}
