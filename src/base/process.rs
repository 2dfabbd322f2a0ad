//! Which process is meant, beyond doubt: its number, when it began, and in which boot (proc(5)).

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::base::clock::Now;

/// What is read of one file about a process: `stat` has 52 numbers, `status` some 60 lines.
const ABOUT_MAX: u64 = 16 * 1024;

/// A process that nobody can pass themselves off as: the kernel gives its number again, but never
/// together with the time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// When it began, in clock ticks since boot (`/proc/PID/stat`, field 22).
    pub started: u64,
    /// Which boot; empty where the kernel does not say.
    pub boot_id: String,
    /// The control group that holds it and all it starts, where we could make one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<PathBuf>,
}

impl Process {
    /// Returns who has this number now.
    ///
    /// # Errors
    /// When `/proc` does not say.
    pub fn of(pid: i32) -> io::Result<Self> {
        let stat = Stat::of(pid)?.ok_or(Errno::SRCH)?;
        Ok(Self {
            pid,
            started: stat.started,
            boot_id: Now::read().boot_id,
            group: None,
        })
    }

    /// Whether it may still be there: what another boot has started is gone.
    pub fn is_of_boot(&self, boot_id: &str) -> bool {
        self.boot_id.is_empty() || boot_id.is_empty() || self.boot_id == boot_id
    }
}

/// What the kernel says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Its number.
    pub pid: i32,
    /// Who started it, or who has it since that one ended.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// When it began, in clock ticks since boot.
    pub started: u64,
    /// Whether it has not ended: a zombie has.
    pub runs: bool,
}

impl Stat {
    /// Returns what the kernel says of this number; `None` when nobody has it.
    ///
    /// # Errors
    /// When `/proc` does not say.
    pub fn of(pid: i32) -> io::Result<Option<Self>> {
        let Some(text) = about(pid, "stat")? else {
            return Ok(None);
        };
        let read = Self::parse(pid, &text);
        read.map(Some).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("/proc/{pid}/stat: {text:?}"),
            )
        })
    }

    /// Its name stands in brackets, and may itself hold blanks and brackets.
    fn parse(pid: i32, text: &str) -> Option<Self> {
        let (_, after_name) = text.rsplit_once(") ")?;
        let words: Vec<&str> = after_name.split_whitespace().collect();
        let number = |at: usize| words.get(at)?.parse().ok();
        Some(Self {
            pid,
            runs: !matches!(*words.first()?, "Z" | "X" | "x"),
            parent: number(1)?,
            group: number(2)?,
            session: number(3)?,
            started: words.get(19)?.parse().ok()?,
        })
    }

    /// Returns every process that can be seen and has not ended.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for folder in fs::read_dir("/proc")? {
            let pid = folder?
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            match pid.map_or(Ok(None), Self::of) {
                Ok(stat) => found.extend(stat),
                // A mount that hides the processes of others (proc(5), `hidepid`).
                Err(err) if err.kind() == io::ErrorKind::PermissionDenied => {}
                Err(err) => return Err(err),
            }
        }
        found.retain(|stat| stat.runs);
        Ok(found)
    }

    /// Returns whose it is: the real user. The owner of `/proc/PID` is not: anybody can have that
    /// shown as root (prctl(2), `PR_SET_DUMPABLE`).
    pub fn user(&self) -> Option<u32> {
        let text = about(self.pid, "status").ok().flatten()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Sends a signal to this process, and to none that has its number since.
    ///
    /// # Errors
    /// `SRCH` when it is gone, `PERM` when it is not ours to end.
    pub fn signal(&self, signal: Signal) -> Result<(), Errno> {
        let pid = Pid::from_raw(self.pid).ok_or(Errno::SRCH)?;
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Some(handle),
            // Linux before 5.3, or a filter of system calls that is as old.
            Err(Errno::NOSYS | Errno::PERM) => None,
            Err(err) => return Err(err),
        };
        // The handle first: whoever it holds cannot be replaced between the look and the signal.
        let same = Self::of(self.pid).map_err(|_| Errno::SRCH)?;
        if !same.is_some_and(|now| now.started == self.started && now.runs) {
            return Err(Errno::SRCH);
        }
        match handle.map(|handle| pidfd_send_signal(handle, signal)) {
            Some(Ok(())) => Ok(()),
            Some(Err(Errno::NOSYS | Errno::PERM)) | None => kill_process(pid, signal),
            Some(Err(err)) => Err(err),
        }
    }
}

/// Reads a file about a process; `None` when nobody has that number.
fn about(pid: i32, name: &str) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = fs::File::open(format!("/proc/{pid}/{name}"))
        .and_then(|file| file.take(ABOUT_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(err) if err.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(None),
        Err(err) => Err(err),
    }
}

#[cfg(test)]
mod tests;
