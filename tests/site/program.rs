//! A program of the lab, which ends with its owner.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) struct Program(Child);

impl Program {
    /// Starts it; what it says goes to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::create(log).unwrap();
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("could not end a program of the lab: {error}");
        }
    }
}
