//! The config that names the lab.

use super::{Lab, MODULE, TOKEN};
use crate::drill::scenario::{Fence, Role, Setup, Whoami, Witnesses};

impl Lab {
    pub(super) fn config(&self, setup: &Setup) -> String {
        let (whoami, dc_check) = match setup.whoami {
            Whoami::Secondary => ("secondary", "primary"),
            Whoami::Primary => ("primary", "secondary"),
        };
        // A JSON string is a YAML string, whatever the path.
        let path = |name: &str| serde_json::json!(self.path(name).to_string_lossy()).to_string();
        format!(
            include_str!("../habeat.yml.in"),
            whoami = whoami,
            dc_check = dc_check,
            role = match setup.role {
                Role::Mailboxes => "appserver",
                Role::Proxy | Role::ProxyNotEnabled => "proxyserver",
                Role::Mesh => "consulserver",
            },
            activate = setup.role != Role::ProxyNotEnabled,
            switch = path("switch"),
            witnesses = match setup.witnesses {
                Witnesses::Consul => "[]".to_owned(),
                Witnesses::ConsulAndHypervisor => format!(
                    "[{{provider: consul}}, {{provider: command, name: hypervisor, argv: [{}]}}]",
                    path("ask")
                ),
            },
            mesh = path("mesh-service"),
            mesh_data = path("data"),
            peers = path("peers.json"),
            down = path("down"),
            promotion = path("promotion"),
            module = path(MODULE),
            peer = self.peer.address(),
            anchor = self.anchor.address(),
            max_attempts = setup.max_attempts,
            on_return = setup.on_return,
            block_period = setup.block_period,
            fence = match setup.fence {
                Fence::Without => "[]".to_owned(),
                Fence::With => format!("[[{}]]", path("fence")),
            },
            carbonio = path("carbonio"),
            zmprov = path("zmprov"),
            consul_port = self.consul.port(),
            token = TOKEN,
            history = path("history.jsonl"),
            state = path("state"),
        )
    }
}
