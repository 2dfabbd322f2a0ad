//! The lists of VMs and hosts. vCenter leaves out what the account may not see, with status 200.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::Method;

use super::dialect::Filter;
use super::refusal;
use super::rows;
use super::session::Session;
use crate::base::doubt::{Doubt, DoubtKind};
use crate::clients::conversation::excerpt;

/// The connection state of a host that reports (vSphere Automation API, `Host.ConnectionState`).
const CONNECTED: &str = "CONNECTED";

/// Hosts that are kept, at the most; vCenter itself lists 2500.
const HOSTS_MAX: usize = 10_000;
/// Bytes of hosts in one URL, at the most. Many servers and proxies end at 8 KiB.
const HOSTS_BYTES: usize = 6000;

/// A VM, as the list has it. Its name is the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Vm {
    /// vCenter's own name for it, one of a kind.
    #[serde(rename = "vm")]
    pub(super) id: String,
    name: String,
    /// Live only while its host is connected.
    pub(crate) power_state: String,
}

impl fmt::Display for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [id, state] = [&self.id, &self.power_state].map(|said| excerpt(said.as_bytes()));
        write!(f, "{} ({id}) is {state}", self.name)
    }
}

#[derive(Debug, Deserialize)]
struct Host {
    host: String,
    connection_state: String,
}

/// Where VMs are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Where<'a> {
    /// On any host.
    Anywhere,
    /// On these hosts; on none if there are none.
    On(&'a [String]),
}

/// Returns VMs of exactly this name: all of them if there is at most one, else two.
pub(super) fn find(
    session: &mut Session<'_>,
    name: &str,
    place: Where<'_>,
) -> Result<Vec<Vm>, Doubt> {
    if name.is_empty() {
        let detail = "there is no name to ask for; an empty one would mean every VM";
        return Err(Doubt::new(DoubtKind::Unusable, detail));
    }
    let (mut found, mut foreign) = (Vec::<Vm>::new(), 0);
    let mut take = |vm: Vm| {
        foreign += usize::from(!vm.name.eq_ignore_ascii_case(name));
        let known = found.iter().any(|known| known.id == vm.id);
        // One that moves between hosts while we look may be listed twice.
        if vm.name == name && !known && found.len() < 2 {
            found.push(vm);
        }
    };
    let names = [name];
    let named = ("names", names.as_slice());
    match place {
        Where::Anywhere => list(session, "vm", &[named], &mut take)?,
        Where::On(hosts) => {
            for hosts in portions(hosts, session) {
                list(session, "vm", &[named, ("hosts", &hosts)], &mut take)?;
            }
        }
    }
    must_filter(foreign, "VMs of other names")?;
    Ok(found)
}

/// What has passed one filter against its word may have passed the one of hosts too, and then a
/// VM among the connected hosts proves nothing.
fn must_filter(foreign: usize, what: &str) -> Result<(), Doubt> {
    if foreign == 0 {
        return Ok(());
    }
    let detail = format!("lists {foreign} {what} as well: it ignores what we ask for");
    Err(Doubt::new(DoubtKind::BadAnswer, detail))
}

/// Returns the hosts that are connected just now.
pub(super) fn connected(session: &mut Session<'_>) -> Result<Vec<String>, Doubt> {
    let (mut hosts, mut more, mut foreign) = (Vec::new(), false, 0);
    let mut take = |row: Host| {
        if row.connection_state != CONNECTED {
            foreign += 1;
        } else if hosts.len() < HOSTS_MAX {
            hosts.push(row.host);
        } else {
            more = true;
        }
    };
    let states = ("connection_states", [CONNECTED].as_slice());
    list(session, "host", &[states], &mut take)?;
    must_filter(foreign, "hosts that are not connected")?;
    if more {
        let detail = format!("more than {HOSTS_MAX} hosts are connected");
        return Err(Doubt::new(DoubtKind::Filtered, detail));
    }
    Ok(hosts)
}

/// Splits the hosts so that each portion fits into a URL.
fn portions<'h>(hosts: &'h [String], session: &Session<'_>) -> Vec<Vec<&'h str>> {
    let dialect = session.dialect();
    let (mut portions, mut bytes) = (Vec::<Vec<&str>>::new(), usize::MAX);
    for host in hosts {
        let more = dialect.pass("hosts", HOSTS_MAX, host).len() + 1;
        bytes = bytes.saturating_add(more);
        match portions.last_mut() {
            Some(portion) if bytes <= HOSTS_BYTES => portion.push(host),
            Some(_) | None => {
                bytes = more;
                portions.push(vec![host]);
            }
        }
    }
    portions
}

fn list<R: DeserializeOwned>(
    session: &mut Session<'_>,
    kind: &str,
    filters: &[Filter<'_>],
    take: &mut dyn FnMut(R),
) -> Result<(), Doubt> {
    let dialect = session.dialect();
    let answer = session.send(&Method::GET, &dialect.list(kind, filters))?;
    if answer.status() != 200 {
        return Err(refusal::of(&answer.whole()?));
    }
    rows::read(answer, dialect, take)
}
