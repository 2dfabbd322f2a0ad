//! Sites whose return is the operator's.

use super::{Ran, Site};

/// Asks for the return.
pub(crate) fn failback(site: &Site) -> Ran {
    site.call(&["failback", "--json"])
}

/// A proxy that has switched, whose return is the operator's; the peer is back.
pub(crate) fn switched_proxy() -> Site {
    let mut site = Site::proxy(true, false);
    site.config.on_return = "manual";
    site.run().is("confirmed", 0);
    site.peer_comes_back();
    site
}

/// A mailbox server of the manual site that has stopped its HA module; its peer is silent.
pub(crate) fn stopped_module() -> Site {
    let mut site = Site::new();
    (site.config.whoami, site.config.dc_check) = ("primary", "secondary");
    site.config.disable_ha_module = true;
    site.config.on_return = "manual";
    site.program("carbonio", &carbonio());
    site.run().is("manual-site", 3);
    assert_eq!(site.calls("doStopService"), 1);
    site
}

/// The stub; its file is not to be the state file of the same name.
pub(crate) fn carbonio() -> String {
    include_str!("../../src/drill/carbonio.sh").replace("$here/module", "$here/ha_module")
}
