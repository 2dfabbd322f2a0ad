//! Files as admins write them, and what the loader says.

use std::path::Path;

use super::{Config, Invalid};
use crate::roles::appserver::Appserver;
use crate::roles::{Loaded, RoleConfig, load};

mod damaged;
mod errors;
mod forms;
mod generations;
mod owners;
mod values;
mod warnings;
mod witnesses;

/// The smallest config that loads: ten lines, to which a test adds from line 11 on.
pub(crate) const SMALLEST: &str = "\
local:
  whoami: secondary
  dc_check: primary
  role: appserver
primary:
  appserver_ip: 192.0.2.1
  appserver_vmname: mbx1.example.com
secondary:
  appserver_ip: 198.51.100.1
  appserver_vmname: mbx2.example.com
";

/// Loads bytes as a file that only its owner can read.
pub(crate) fn load_bytes(bytes: impl AsRef<[u8]>) -> Result<Loaded, Invalid> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    load(file.path())
}

/// Returns the errors as they are printed.
pub(crate) fn errors(bytes: impl AsRef<[u8]>) -> Vec<String> {
    match load_bytes(bytes) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.errors.iter().map(ToString::to_string).collect(),
    }
}

/// Returns the warnings of a config that loads, as they are printed.
pub(crate) fn warnings(text: &str) -> Vec<String> {
    let loaded = load_bytes(text).unwrap();
    loaded.warnings.iter().map(ToString::to_string).collect()
}

/// Returns what the smallest config says with `more` added to it.
fn config_with(more: &str) -> Config {
    load_bytes(format!("{SMALLEST}{more}")).unwrap().config
}

/// Returns the settings of a mailbox server.
fn appserver(loaded: &Loaded) -> &Appserver {
    match &loaded.role {
        RoleConfig::Appserver(appserver) => appserver,
        RoleConfig::Proxyserver(_) | RoleConfig::Consulserver(_) => panic!("{loaded:?}"),
    }
}

pub(crate) fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config");
    std::fs::read_to_string(folder.join(name)).unwrap()
}
