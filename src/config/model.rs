//! The configuration as a run uses it: checked, complete, with every default filled in.

use std::path::PathBuf;

use crate::clients::vcenter::Vcenter;

mod action;
mod policy;
mod probe;
mod role;
mod witness;

pub use action::{Carbonio, Fence, Namespace, Share, Timeouts};
pub use policy::{OnReturn, Policy, Takeover};
pub use probe::{HttpTarget, Probe, Target};
pub use role::{LeaderSource, Role};
pub use witness::{Consul, Gossip, Hetrix, HttpWitness, Provider, Quorum, Stands, Witness};

/// The site that never promotes by itself, where `local.manual_site` names no other.
pub const MANUAL_SITE: &str = "primary";

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What this node is.
    pub role: Role,
    /// The site this node stands in (`local.whoami`).
    pub own: Site,
    /// The site this node watches (`local.dc_check`).
    pub peer: Site,
    /// Where state is kept, the role's suffix already applied.
    pub files: Files,
    /// How the peer is probed.
    pub probe: Probe,
    /// Targets that show whether we are connected at all.
    pub anchors: Vec<Target>,
    /// When to act.
    pub policy: Policy,
    /// Who is asked whether the peer is down.
    pub witnesses: Vec<Witness>,
    /// The programs that promote and flush.
    pub carbonio: Carbonio,
    /// Deadlines of commands.
    pub timeouts: Timeouts,
    /// What makes sure that the old active cannot serve.
    pub fence: Fence,
    /// Where past runs are kept.
    pub history: History,
}

impl Config {
    /// Returns the names by which `vcenter` knows the VMs that are judged: what its witness asks
    /// for, since a VM may have another name than its host, or else the names of the hosts.
    pub fn judged_vms(&self, vcenter: &Vcenter) -> Vec<String> {
        let named = self
            .witnesses
            .iter()
            .find_map(|witness| match &witness.provider {
                Provider::Vcenter(asked) if asked.base_url == vcenter.base_url => {
                    witness.host.clone()
                }
                Provider::Vcenter(_)
                | Provider::Consul(_)
                | Provider::Hetrix(_)
                | Provider::Command { .. }
                | Provider::Http(_) => None,
            });
        named.map_or_else(|| self.peer.hosts.clone(), |name| vec![name])
    }
}

/// One site, as far as the role needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The name of the site's block in the file.
    pub name: String,
    /// The names by which Carbonio and the witnesses know the role's hosts: one
    /// (`appserver_vmname`, `proxyserver_vmname`), or those of `consul_vmnames`.
    pub hosts: Vec<String>,
}

impl Site {
    /// Returns the host, or all of them in one word.
    pub fn host(&self) -> String {
        self.hosts.join(",")
    }
}

/// Where state is kept: three files under the ancestor's names, all else in `state_dir`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `local.checkDownFile` with the role's suffix: present = the peer is suspect.
    pub down: PathBuf,
    /// `local.checkPromotionFile` with the role's suffix: present = promoted, or on the way.
    pub promotion: PathBuf,
    /// `local.checkRestartReplicaFile`: present = we stopped the HA module. Only a mailbox server
    /// ever does; for any other role the name has its suffix, so that the file is never shared.
    pub module: PathBuf,
    /// `state_dir`: where nobody else can make, hold or forge anything.
    pub state_dir: PathBuf,
}

impl Files {
    /// Returns the folder, in `state_dir`, of what belongs to this promotion file. Several configs
    /// on one node have one each: its name is the file's, and the CRC-32 of the whole path.
    pub fn folder(&self) -> PathBuf {
        let written: PathBuf = self.promotion.components().collect();
        let number = crc32fast::hash(written.as_os_str().as_encoded_bytes());
        let mut name = self.promotion.file_name().unwrap_or_default().to_owned();
        name.push(format!("-{number:08x}"));
        self.state_dir.join(name)
    }

    /// Returns what the names of the run lock, the journal and the account list begin with.
    pub fn record(&self) -> PathBuf {
        self.folder().join("promotion")
    }
}

/// Where past runs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// One JSON document per line.
    pub file: PathBuf,
    /// Lines kept, at the least.
    pub keep: usize,
}
