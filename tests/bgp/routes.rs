//! The BIRDs that are the same in every lab: the router's, and that of site A.

use crate::stage::{ROUTER, SERVICE, SITE_A, SITE_B};

/// What all sessions have in common: the shortest hold time there is (RFC 4271, 4.2).
const TIMERS: &str = "hold time 3; keepalive time 1; connect delay time 1; connect retry time 1; \
                      error wait time 1, 2;";

/// Site A announces the address always.
pub(crate) fn site_a() -> String {
    format!(
        "router id {SITE_A};
protocol device {{}}
protocol static vip {{ ipv4; route {SERVICE}/32 unreachable; }}
protocol bgp rtr {{
    local as 65001; neighbor {ROUTER} as 65000; {TIMERS}
    ipv4 {{ import none; export where proto = \"vip\"; next hop self; }};
}}
"
    )
}

/// The router prefers site B whenever that announces the address: it does so only when switched on.
pub(crate) fn router() -> String {
    let peer = |name, ip, autonomous_system, preference| {
        format!(
            "protocol bgp {name} {{
    local as 65000; neighbor {ip} as {autonomous_system}; {TIMERS}
    ipv4 {{
        import filter {{
            if net = {SERVICE}/32 then {{ bgp_local_pref = {preference}; accept; }}
            reject;
        }};
        export none;
    }};
}}
"
        )
    };
    format!(
        "router id {ROUTER};
protocol device {{}}
protocol kernel {{ ipv4 {{ export all; }}; }}
{}{}",
        peer("site_a", SITE_A, 65001, 100),
        peer("site_b", SITE_B, 65002, 200)
    )
}
