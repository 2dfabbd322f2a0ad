//! Whether each file of certificates and each witness's program is there: they are opened on the
//! day of the outage only, and what is missing then is a witness that says nothing.

use std::path::Path;

use crate::clients::http;
use crate::config::{Config, HttpTarget, Provider, Target};
use crate::roles::check::Findings;
use crate::roles::check::programs::is_found;

/// Notes what cannot be read or started.
pub(super) fn look(config: &Config, found: &mut Findings) {
    for witness in &config.witnesses {
        let key = format!("witness {}", witness.name);
        match &witness.provider {
            Provider::Consul(it) => certificates(&key, it.ca_file.as_deref(), found),
            Provider::Vcenter(it) => certificates(&key, it.ca_file.as_deref(), found),
            Provider::Hetrix(it) => certificates(&key, it.ca_file.as_deref(), found),
            Provider::Http(it) => certificates(&key, it.ca_file.as_deref(), found),
            Provider::Command { argv } => {
                let program = argv.first().map_or("", String::as_str);
                if !is_found(program) {
                    found.error(
                        &key,
                        format!("{program} is no program here; it would never say anything"),
                    );
                }
            }
        }
    }
    for (block, targets) in [
        ("probe.targets", &config.probe.targets),
        ("anchors", &config.anchors),
    ] {
        for target in targets {
            match target {
                Target::Http(HttpTarget { ca_file, .. }) => {
                    certificates(&format!("{block} {target}"), ca_file.as_deref(), found);
                }
                Target::Icmp { .. } | Target::Tcp { .. } => {}
            }
        }
    }
    if let Some((vcenter, _)) = &config.fence.vcenter {
        certificates("fence", vcenter.ca_file.as_deref(), found);
    }
}

fn certificates(key: &str, ca_file: Option<&Path>, found: &mut Findings) {
    if let Some(Err(why)) = ca_file.map(http::certificates) {
        found.error(key, why);
    }
}
