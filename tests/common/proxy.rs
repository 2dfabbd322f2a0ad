//! A proxy, and the program that switches its traffic.

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

/// What a whole switch calls, the proof last.
pub(crate) const WHOLE: [&str; 4] = ["one", "two", "three", "proof"];
/// What a whole return calls.
pub(crate) const BACK: [&str; 2] = ["back", "home"];

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

    /// Returns what was switched, in order.
    pub(crate) fn switched(&self) -> Vec<String> {
        self.lines("switched")
    }
}
