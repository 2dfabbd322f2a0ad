//! The manual site: its HA module is stopped where the config asks for it, and counts as stopped only
//! when it was. And how long a streak of silence lasts.

mod common;

use common::Site;
use common::manual::carbonio;

/// Makes the stub refuse to stop its module while a file `no_stop` lies beside it.
const REFUSAL: &str = r#"
if [ "$command" = doStopService ] && [ -e "$here/no_stop" ]; then refuse 'no service'; fi
case $command in
getAccountStatus)"#;

/// A mailbox server of the manual site; its peer is silent.
fn manual_site(disable_ha_module: bool) -> Site {
    let mut site = Site::new();
    (site.config.whoami, site.config.dc_check) = ("primary", "secondary");
    site.config.disable_ha_module = disable_ha_module;
    site.config.namespace = "MailReplica";
    let stub = carbonio().replace("\ncase $command in\ngetAccountStatus)", REFUSAL);
    assert!(stub.contains("no_stop"), "{stub}");
    site.program("carbonio", &stub);
    site
}

#[test]
fn a_module_that_could_not_be_stopped_does_not_count_as_stopped() {
    let site = manual_site(true);
    site.write("no_stop", "");
    site.run().is("manual-site", 1);
    assert_eq!(site.calls("doStopService"), 1);
    site.run().is("manual-site", 1);
    assert_eq!(site.calls("doStopService"), 2, "it is tried again");
    assert!(!site.path("ha_module").exists());

    site.remove("no_stop");
    site.run().is("manual-site", 3);
    assert_eq!(site.lines("ha_module"), ["stopped"]);
    assert_eq!(site.calls("doStopService"), 3);
    site.run().is("manual-site", 3);
    assert_eq!(site.calls("doStopService"), 3, "what is stopped stays so");
}

#[test]
fn a_module_that_is_not_to_be_stopped_is_left_alone() {
    let site = manual_site(false);
    for _ in 0..3 {
        site.run().is("manual-site", 3);
    }
    assert_eq!(site.calls("Service"), 0);
    assert!(!site.path("module-appserver").exists());
}

/// A time namespace moves the clock that runs since the boot (time_namespaces(7)).
#[test]
fn two_silences_more_than_a_day_apart_are_no_streak() {
    let later = |site: &Site, hours: u32| {
        let seconds = (hours * 60 * 60).to_string();
        let unshare = ["unshare", "--time", "--boottime", &seconds, "--fork"];
        common::ran(site.start_under(&unshare, &["--json"]))
    };
    let mut site = Site::new();
    site.config.confirm_runs = 2;
    site.run().is("confirming", 0);
    later(&site, 25).is("confirming", 0);
    assert_eq!(site.lines("moved"), [""; 0]);
    later(&site, 26).is("confirmed", 0);
}
