//! What a recovery needs, looked at before anything is touched.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::{peers, raft};
use crate::base::command::Finished;
use crate::config::Target;
use crate::observe::{Answer, Glass};
use crate::roles::consulserver::{Mesh, Recovery};

/// LDAP (RFC 4511, section 5.2.1). Carbonio's `service-discoverd` asks it for the servers at every
/// start, and ends without it.
const LDAP: u16 = 389;
/// Deadline of the look at it.
const LDAP_TIMEOUT: Duration = Duration::from_secs(5);
/// Room for Consul's own writes beside the backup.
const ROOM: u64 = 64 << 20;
/// A node id is a UUID of 36 characters.
const NODE_ID_MAX: u64 = 64;
/// `id` says a number of at most ten digits.
const NUMBER_MAX: u64 = 32;

/// What is written, and to whom it belongs.
#[derive(Debug)]
pub struct Prepared {
    pub(super) peers: String,
    /// User and group; `None` = our own.
    pub(super) owner: Option<(u32, u32)>,
}

/// Looks at all of it.
pub(super) fn look(recovery: &Recovery, owner: Option<(u32, u32)>) -> Result<Prepared, String> {
    let mesh = &recovery.mesh;
    if let Some(host) = &mesh.directory {
        let (host, port) = (host.clone(), LDAP);
        let target = Target::Tcp { host, port };
        // That it is on our own side is as it should be.
        let glass = Glass {
            timeout: LDAP_TIMEOUT,
            ours: Vec::new(),
        };
        match glass.look(&target).answer {
            Answer::Answered | Answer::Ours(_) => {}
            Answer::NoAnswer(why) | Answer::CouldNotProbe(why) => {
                return Err(format!(
                    "the directory server of our site does not answer ({target}: {why}), and the \
                     service does not start without it"
                ));
            }
        }
    }
    let id = node_id(mesh)?;
    let needed = raft::size(&recovery.raft())? + ROOM;
    let free = raft::free(&mesh.data_dir)?;
    if free < needed {
        return Err(format!(
            "{} has {free} bytes free, and the backup needs {needed}",
            mesh.data_dir.display()
        ));
    }
    let peers = peers::document(mesh, &id)?;
    Ok(Prepared { peers, owner })
}

/// Reads the id by which the other servers know this one.
pub(super) fn node_id(mesh: &Mesh) -> Result<String, String> {
    let path = mesh.data_dir.join("node-id");
    let text = read(&path, NODE_ID_MAX)?;
    let id = text.trim();
    let is_uuid = id.len() == 36
        && (id.chars().enumerate()).all(|(place, it)| match place {
            8 | 13 | 18 | 23 => it == '-',
            _ => it.is_ascii_hexdigit(),
        });
    if is_uuid {
        Ok(id.to_owned())
    } else {
        Err(format!("{} holds no node id", path.display()))
    }
}

/// Reads a small text.
pub(super) fn read(path: &Path, most: u64) -> Result<String, String> {
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        // O_NONBLOCK: a FIFO put in our way must not hold us.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        file.take(most).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Reads the number that `id` printed.
pub(super) fn number(finished: Option<Finished>) -> Result<u32, String> {
    let mut text = String::new();
    let printed = finished.and_then(|finished| finished.stdout);
    let read = printed.map(|file| file.take(NUMBER_MAX).read_to_string(&mut text));
    match (read, text.trim().parse()) {
        (Some(Ok(_)), Ok(number)) => Ok(number),
        _ => Err("id printed no number".to_owned()),
    }
}
