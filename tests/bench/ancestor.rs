//! The Python script, run as it is from its own folder, with `su` and `ping` stubbed on the path.
//! Nothing of it is copied.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::measure::{command, median, wall};
use crate::site::{Shape, Site};
use crate::stub;

/// Where the script is, and what runs it.
#[derive(Debug)]
pub(crate) struct Ancestor {
    script: PathBuf,
    python: PathBuf,
}

impl Ancestor {
    /// Takes the script in `folder`.
    pub(crate) fn find(folder: &Path, python: &Path) -> Result<Self> {
        let script = folder.join("habeat.py");
        ensure!(script.is_file(), "{} is not there", script.display());
        let python = python.to_owned();
        Ok(Self { script, python })
    }

    /// Returns one run of the script against a peer that answers its ping at once.
    pub(crate) fn healthy_run(&self, site: &Site, measured_by: &[&str]) -> Result<Command> {
        site.program("ping", "#!/bin/sh\n")?;
        Ok(self.run(site, measured_by))
    }

    /// Returns what one account costs it in a flush, the rest of a run taken off.
    pub(crate) fn flush_per_account(&self, accounts: u32, cost: Duration) -> Result<Duration> {
        let shape = Shape {
            accounts: accounts as usize,
            flush_cost: cost,
            ..Shape::default()
        };
        let site = Site::build(&shape)?;
        let idle = (0..5).map(|_| wall(self.healthy_run(&site, &[])?));
        let idle = median(idle.collect::<Result<_>>()?);
        site.program("ping", "#!/bin/sh\nexit 1\n")?;
        site.program("su", &su(cost))?;
        let whole = wall(self.run(&site, &[]))?;
        ensure!(
            site.path("promotion-appserver").exists(),
            "the ancestor did not promote"
        );
        Ok(whole.saturating_sub(idle) / accounts)
    }

    fn run(&self, site: &Site, measured_by: &[&str]) -> Command {
        let python = self.python.as_os_str();
        let words = measured_by.iter().map(AsRef::as_ref);
        let mut run = command(words.chain([python, self.script.as_os_str()]));
        run.arg("--config")
            .arg(site.path("habeat.yml"))
            .arg("--log")
            .arg(site.path("ancestor.log"))
            .env("PATH", format!("{}:/usr/bin:/bin", site.path("").display()));
        run
    }
}

/// Plays `su - zextras -c LINE`.
fn su(flush_cost: Duration) -> String {
    let zmprov = stub::name(flush_cost);
    format!(
        r#"#!/bin/sh
case "$4" in
*"zmprov fc"*) exec "${{0%/*}}/{zmprov}" ;;
*getAccountStatus*) exec cat "${{0%/*}}/listing" ;;
esac
"#
    )
}
