//! A site whose node is a proxy, and the program that switches its traffic.

use super::Site;

/// Notes each call; `fail_WHAT` makes it fail, `hang_WHAT` makes it wait until that is gone.
const SWITCH: &str = r#"#!/bin/sh
here=${0%/*}
echo "$1" >>"$here/switched"
while [ -e "$here/hang_$1" ]; do
    : >"$here/in_$1"
    sleep 0.02
done
[ ! -e "$here/fail_$1" ]
"#;

/// Where it remembers a switch.
pub(crate) const PROMOTION: &str = "promotion-proxyserver";

impl Site {
    /// Builds a proxy with three commands that switch, a proof, and two that switch back.
    pub(crate) fn proxy(activate: bool, deactivate: bool) -> Self {
        let mut site = Self::new();
        site.program("switch", SWITCH);
        let switch = site.path("switch").display().to_string();
        site.config.role = "proxyserver";
        site.config.local = format!(
            "proxy_switch: bgp\n  proxy_enable_activate: {activate}\n  \
             proxy_enable_deactivate: {deactivate}"
        );
        site.config.own_site = format!(
            "proxy_switch: {{bgp: {{activate: [[{switch}, one], \"{switch} two\", \
             [{switch}, three]], verify: [[{switch}, proof]], \
             deactivate: [[{switch}, back], [{switch}, home]]}}}}"
        );
        site
    }

    /// Returns the calls that switched, so far.
    pub(crate) fn switched(&self) -> Vec<String> {
        self.lines("switched")
    }
}

/// Returns how far the switch is.
pub(crate) fn phase(site: &Site) -> String {
    let text = site.text(PROMOTION);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let phase = document["state"]["phase"].as_str();
    phase.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// A whole switch.
pub(crate) const WHOLE: [&str; 4] = ["one", "two", "three", "proof"];
/// A whole return.
pub(crate) const BACK: [&str; 2] = ["back", "home"];
