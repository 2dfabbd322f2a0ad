//! A vCenter to try both the witness and the fence on. The bodies follow the vSphere Automation API
//! 9.1; `tests/vcsim` holds them against VMware's own client and simulator.

pub(crate) mod fake;
mod fence;

use std::time::Duration;

use super::Vcenter;
use crate::base::secret::Secret;
use fake::{Dialect, Host, Point, Twist, Vm, World};

pub(crate) const BOTH: [Dialect; 2] = [Dialect::Api, Dialect::Rest];

/// The VM that is asked for.
pub(crate) const NAME: &str = "mbx1.example.com";
pub(crate) const HOSTS: &[Host] = &[("host-1", "CONNECTED"), ("host-2", "CONNECTED")];
pub(crate) const VM_ON: &[Vm] = &[("vm-57", NAME, "POWERED_ON", "host-1")];
pub(crate) const VM_OFF: &[Vm] = &[("vm-57", NAME, "POWERED_OFF", "host-1")];

/// Long enough for a busy machine, for answers that do come.
pub(crate) const AMPLE: Duration = Duration::from_secs(120);
/// For answers that never come.
pub(crate) const SHORT: Duration = Duration::from_millis(400);

pub(crate) const fn world(vms: &'static [Vm]) -> World {
    World {
        vms,
        hosts: HOSTS,
        twist: None,
        unfiltered: false,
        crowd: 0,
    }
}

pub(crate) const fn at(point: Point, twist: Twist) -> World {
    World {
        twist: Some((point, usize::MAX, twist)),
        ..world(VM_OFF)
    }
}

pub(crate) fn vcenter(base_url: &str) -> Vcenter {
    Vcenter {
        base_url: base_url.to_owned(),
        username: "habeat@vsphere.local".to_owned(),
        password: Secret::new("s3cret".to_owned()),
        ca_file: None,
    }
}
