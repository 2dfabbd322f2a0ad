//! A role, as far as the reading of a config needs to know it; all else about it is in `roles`,
//! which hands its table of roles in.

use std::time::Duration;

use super::reader::Section;
use super::site::Sites;
use super::source::Source;
use super::{Carbonio, Role, Timeouts};

/// One row of the table of roles; `R` is what the keys of any role become.
pub(crate) struct RoleKeys<R> {
    /// What the file has of it, whatever its keys.
    pub(crate) shape: Shape,
    /// Looks at the form of its keys, where they stand in the config of another role.
    pub(crate) tolerate: fn(top: &Section<'_>),
    /// Reads its keys, and notes what does not fit together.
    pub(crate) read: fn(from: &Reading<'_>) -> Read<R>,
}

/// What the file has of a role, whatever its keys.
pub(crate) struct Shape {
    /// Its name in `local.role`.
    pub(crate) name: &'static str,
    /// Whether its history and the file of its HA module are named without it.
    pub(crate) has_plain_files: bool,
    /// Where a site's block names its hosts.
    pub(crate) hosts: Hosts,
}

/// Where a site's block names the hosts of a role, and what is said where it does not.
pub(crate) struct Hosts {
    /// The keys of their addresses and of their names.
    pub(crate) keys: [&'static str; 2],
    /// Whether each holds a list.
    pub(crate) are_lists: bool,
    /// What the peer's are: addresses, names.
    pub(crate) of_peer: [&'static str; 2],
    /// What our own addresses are, where addresses are needed for more than probing.
    pub(crate) own_address: Option<&'static str>,
}

/// What the keys of a role are read from.
pub(crate) struct Reading<'a> {
    /// The whole file.
    pub(crate) top: &'a Section<'a>,
    /// The block of our own site; `None` = it is missing, which is noted elsewhere.
    pub(crate) own: Option<Section<'a>>,
    pub(crate) sites: &'a Sites,
    pub(crate) file: &'a Source,
    pub(crate) carbonio: &'a Carbonio,
    pub(crate) timeouts: &'a Timeouts,
}

/// What was read of a role.
pub(crate) struct Read<R> {
    /// Its own settings.
    pub(crate) settings: R,
    /// What the other parts need to know.
    pub(crate) role: Role,
    /// The key that switches its takeover on is on, or there is none.
    pub(crate) takes_over: bool,
    /// Whether the manual site stops its HA module.
    pub(crate) stops_module: bool,
    /// What its plan may take at the longest, with block and key that say so.
    pub(crate) spans: Vec<(&'static str, &'static str, Duration)>,
}
