//! The machine of the primary, and the witness that knows its state: a program of ours, or
//! VMware's simulator behind its front.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::cases::Power;
use crate::play::World;
use crate::vcsim::{Interface, PASSWORD, USER, Vcsim};

/// The name of the machine.
const NAME: &str = "mbox1.example.com";

/// Says what a file beside it says.
const PROGRAM: &str = r#"#!/bin/sh
read -r power <"${0%/*}/power"
echo "$HABEAT_HOST is $power"
case $power in
On) exit 0 ;;
Off) exit 1 ;;
*) exit 2 ;;
esac
"#;

/// A machine that somebody knows.
pub(crate) trait Machine {
    /// How the witness is asked: the keys of its entry in the config.
    fn entry(&self) -> String;
    /// Brings the machine into this state.
    fn turn(&mut self, power: Power);
}

/// A machine in a file.
pub(crate) struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("machine");
        fs::write(&program, PROGRAM).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut script = Self { folder };
        script.turn(Power::On);
        script
    }
}

impl Machine for Script {
    fn entry(&self) -> String {
        let program = self.folder.path().join("machine");
        format!("provider: command, argv: [{}]", program.display())
    }

    fn turn(&mut self, power: Power) {
        fs::write(self.folder.path().join("power"), format!("{power:?}\n")).unwrap();
    }
}

/// Starts the simulator on the secondary, where habeat reaches it on loopback.
pub(crate) fn start_vcsim(world: &impl World) -> Vcsim {
    let wrap = |program: std::path::PathBuf| world.command(program.to_str().unwrap());
    let mut vcsim = Vcsim::start_by(Interface::Both, wrap);
    vcsim.obey(&format!("rename DC0_C0_RP0_VM0 {NAME}"));
    vcsim
}

impl Machine for Vcsim {
    fn entry(&self) -> String {
        format!(
            "provider: vcenter, hostname: '127.0.0.1:{}', username: {USER}, password: {PASSWORD}, \
             ca_file: {}, timeout: 60s",
            self.port(),
            self.ca_file().display(),
        )
    }

    fn turn(&mut self, power: Power) {
        let (state, order) = match power {
            Power::On => ("poweredOn", "on"),
            Power::Off => ("poweredOff", "off"),
            Power::Suspended => ("suspended", "suspend"),
        };
        // A machine that is in the state already refuses the order.
        if self.obey(&format!("state {NAME}")) != state {
            self.obey(&format!("{order} {NAME}"));
        }
        assert_eq!(self.obey(&format!("state {NAME}")), state);
        assert_eq!(self.obey("sessions"), "0", "habeat leaves no session open");
    }
}
