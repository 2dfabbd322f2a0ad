//! vCenter, before hostile servers: one VM, off, on a connected host.

use std::path::Path;

use super::{Party, Reads};
use crate::clients::tests::server::response;
use crate::clients::vcenter::Vcenter;
use crate::config::{Provider, Secret};

pub(super) const PARTY: Party = Party {
    name: "vcenter",
    provider: |url, ca_file| {
        Provider::Vcenter(Vcenter {
            base_url: url.to_owned(),
            username: "habeat@vsphere.local".to_owned(),
            password: Secret::new("a-password".to_owned()),
            ca_file: ca_file.map(Path::to_owned),
        })
    },
    answer: |request| {
        let vm = r#"[{"vm": "vm-7", "name": "mbx1.example.com", "power_state": "POWERED_OFF"}]"#;
        let host = r#"[{"host": "host-1", "name": "esx", "connection_state": "CONNECTED"}]"#;
        match request {
            "POST /api/session" => response(201, "", "\"a-session\""),
            "DELETE /api/session" => response(204, "", ""),
            "GET /api/vcenter/host?connection_states=CONNECTED" => response(200, "", host),
            vms if vms.starts_with("GET /api/vcenter/vm?names=mbx1.example.com") => {
                response(200, "", vm)
            }
            _ => response(404, "", ""),
        }
    },
    questions: &[
        "POST /api/session",
        "vm?names=mbx1.example.com ",
        "/api/vcenter/host?",
        "&hosts=host-1",
    ],
    reads: Reads::Json,
};
