//! Starts the program itself, as the timer would, and waits for it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A drill's run that takes longer than this hangs.
const DEADLINE: Duration = Duration::from_secs(20);
/// How often a waiting drill looks.
const TICK: Duration = Duration::from_millis(5);
/// The part of a run's output that is read.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// Our own program with the lab's config.
#[derive(Debug)]
pub(super) struct Habeat {
    program: PathBuf,
    folder: PathBuf,
}

/// A run on its way.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// A run that ended.
#[derive(Debug)]
pub(super) struct Ran {
    /// How it ended.
    pub(super) status: ExitStatus,
    /// What it printed.
    pub(super) stdout: String,
    /// What it logged.
    pub(super) stderr: String,
}

impl Habeat {
    /// Takes the program that plays this drill, for the lab in `folder`.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        Ok(Self {
            program: std::env::current_exe().context("cannot find our own program")?,
            folder: folder.to_owned(),
        })
    }

    /// Starts it with these arguments; `number` names its output files.
    pub(super) fn start(&self, number: usize, arguments: &[&str]) -> Result<Running> {
        let stdout = self.folder.join(format!("run-{number}.out"));
        let stderr = self.folder.join(format!("run-{number}.err"));
        let child = self
            .command()
            .arg("--config")
            .arg(self.folder.join("habeat.yml"))
            .arg("--log")
            .arg(self.folder.join("habeat.log"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(Running {
            child,
            stdout,
            stderr,
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a drill starts the whole program, not a step of a plan"
    )]
    fn command(&self) -> Command {
        Command::new(&self.program)
    }
}

impl Running {
    /// Waits for the end of the run.
    pub(super) fn wait(mut self) -> Result<Ran> {
        let child = &mut self.child;
        let mut status = None;
        let ended = wait_until(|| {
            status = child.try_wait()?;
            Ok(status.is_some())
        });
        let Some(status) = status else {
            ended?;
            self.kill()?;
            bail!("the run did not end within {DEADLINE:?}");
        };
        Ok(Ran {
            status,
            stdout: read(&self.stdout)?,
            stderr: read(&self.stderr)?,
        })
    }

    /// Kills the run with SIGKILL as soon as `path` exists; what it started lives on.
    pub(super) fn kill_when_exists(mut self, path: &Path) -> Result<Ran> {
        let child = &mut self.child;
        let appeared = wait_until(|| Ok(path.exists() || child.try_wait()?.is_some()));
        let status = self.kill()?;
        if !appeared? {
            bail!("{} did not appear within {DEADLINE:?}", path.display());
        }
        Ok(Ran {
            status,
            stdout: read(&self.stdout)?,
            stderr: read(&self.stderr)?,
        })
    }

    fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill().context("cannot kill the run")?;
        self.child.wait().context("cannot wait for the killed run")
    }
}

/// Waits for `met` to say yes; no = the time is over.
fn wait_until(mut met: impl FnMut() -> Result<bool>) -> Result<bool> {
    let deadline = Instant::now() + DEADLINE;
    while !met()? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(TICK);
    }
    Ok(true)
}

/// Reads what a run left in a file, up to a bound.
fn read(path: &Path) -> Result<String> {
    let mut text = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(OUTPUT_LIMIT).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
