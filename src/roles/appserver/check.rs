//! Whether what a takeover runs is there: found out now, not in the outage.

use super::Appserver;
use crate::config::Config;
use crate::roles::check::Findings;
use crate::roles::check::programs::{is_program, stranger};

/// Notes which programs and users are missing.
pub(crate) fn look(config: &Config, appserver: &Appserver, found: &mut Findings) {
    let carbonio = &config.carbonio;
    let mut programs = vec![("carbonio.carbonio", &carbonio.carbonio)];
    if appserver.flush_cache {
        programs.push(("carbonio.zmprov", &carbonio.zmprov));
    }
    for (key, path) in programs.into_iter().filter(|(_, path)| !is_program(path)) {
        let path = path.display();
        found.error(
            key,
            format!("{path} is no program here; a takeover would fail"),
        );
    }
    stranger("carbonio.user", carbonio.user.as_ref(), found);
}
