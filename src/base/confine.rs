//! What holds for this process from its first moment.

use std::sync::Arc;

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, getrlimit, set_dumpable_behavior, setrlimit, umask,
};
use signal_hook::consts::SIGXFSZ;

use crate::base::refusal::Refusal;

/// Sets the process up: no core dump may hold a secret, no umask may keep us out of our own files,
/// and a full or too large file is an error to be told, not a death.
///
/// # Errors
/// When the kernel grants one of them to nobody.
pub fn set_up() -> Result<(), Refusal> {
    let refused = |error: std::io::Error| Refusal::bug(error.into());
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|errno| refused(errno.into()))?;
    let mut core = getrlimit(Resource::Core);
    // The hard limit stays: a service that a command starts may want cores of its own.
    core.current = Some(0);
    setrlimit(Resource::Core, core).map_err(|errno| refused(errno.into()))?;
    // Who starts us may hide what we write from others, never from ourselves.
    let inherited = umask(Mode::RWXG | Mode::RWXO);
    umask(inherited.difference(Mode::RWXU));
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(refused)?;
    Ok(())
}
