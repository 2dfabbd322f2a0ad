//! The role `consulserver`: the survivor gets a leader again, once, or is as it was before; what a
//! kill leaves is picked up, and a service that was stopped never stays so.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::thread;

use common::mesh::{NODE_ID, PROMOTION};
use common::{Ran, Site, ran};
use habeat::drill::fake_consul::Node;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::{Pid, Signal, kill_process};

fn calls(site: &Site) -> Vec<String> {
    site.lines("mesh")
}

fn replace_by_fifo(site: &Site, name: &str) {
    if site.path(name).exists() {
        site.remove(name);
    }
    mkfifoat(CWD, site.path(name), Mode::RUSR).unwrap_or_else(|e| panic!("{e}"));
}

fn move_raft(site: &Site, from: &str, to: &str) {
    std::fs::rename(site.path(from), site.path(to)).unwrap_or_else(|e| panic!("{e}"));
}

fn failure(ran: &Ran) -> String {
    ran.report()["promotion"]["failure"].to_string()
}

#[test]
fn a_lost_quorum_is_recovered_once_and_the_return_only_tells() {
    let mut site = Site::mesh();
    let run = site.run();
    run.is("confirmed", 0);
    assert_eq!(calls(&site), ["stop", "start"]);
    let own =
        format!("[{{\"id\":\"{NODE_ID}\",\"address\":\"127.0.0.1:8300\",\"non_voter\":false}}]");
    assert_eq!(site.text("peers_taken"), own);
    assert_eq!(site.text("data/raft.before-habeat/raft.db"), "as it was\n");
    assert_eq!(site.raft(), "recovered\n");
    let advice = run.report()["advice"].to_string();
    for host in ["svc1.example.com", "svc2.example.com"] {
        assert!(
            advice.contains(host) && run.stderr.contains(host),
            "{run:#?}"
        );
    }
    site.run().is("already-promoted", 0);

    site.peer_comes_back();
    site.run().is("returning", 0);
    let run = site.run();
    run.is("returned", 0);
    assert!(
        run.report()["advice"].to_string().contains("raft.old"),
        "{run:#?}"
    );
    assert_eq!(calls(&site), ["stop", "start"], "nothing runs on a return");
    assert!(!site.path(PROMOTION).exists());
    site.run().is("alive", 0);
}

#[test]
fn a_mesh_that_has_a_leader_is_left_alone() {
    let site = Site::mesh();
    site.write("mesh_led", "");
    site.run().is("has-leader", 0);
    site.run().is("has-leader", 0);
    assert_eq!(calls(&site), [""; 0]);
    assert!(!site.path(PROMOTION).exists());
}

#[test]
fn an_agent_that_does_not_run_says_nothing_of_a_leader() {
    let site = Site::mesh();
    site.write("mesh_stopped", "");
    site.run().is("unknown", 3);
    assert_eq!(
        calls(&site),
        [""; 0],
        "whoever stopped it may have had a reason"
    );
}

#[test]
fn one_server_that_is_up_is_a_veto_and_one_unknown_is_no_death() {
    let site = Site::mesh();
    site.consul
        .cluster()
        .set("server-svc2-example-com", Node::ALIVE);
    site.run().is("cut", 3);
    site.consul
        .cluster()
        .set("server-svc2-example-com", Node::LEFT);
    site.run().is("unknown", 3);
    assert_eq!(calls(&site), [""; 0]);
}

#[test]
fn nothing_is_touched_before_everything_is_there() {
    are_seen_first([
        (
            "no node id",
            |site| site.write("data/node-id", "none"),
            |site| site.write("data/node-id", NODE_ID),
        ),
        (
            "directory server",
            |site| site.own_servers("directorysrv_ip: 127.0.0.6"),
            |site| site.own_servers(""),
        ),
        (
            "not what Consul reads",
            |site| site.write("peers.json", "{\"non_voter\": \"false\"}"),
            |site| site.remove("peers.json"),
        ),
        (
            "no address of a node",
            |site| site.config.own_site = site.config.own_site.replace("127.0.0.1", "0.0.0.0"),
            |site| site.own_servers(""),
        ),
        (
            "a server of the peer's site",
            |site| {
                let text = format!(
                    "[{{\"id\":\"{NODE_ID}\",\"address\":\"127.0.0.1:8300\"}},\
                     {{\"id\":\"lost\",\"address\":\"127.0.0.8:8300\"}}]"
                );
                site.write("peers.json", text);
            },
            |site| site.remove("peers.json"),
        ),
        (
            "must be IP:8300",
            |site| {
                let text = format!("[{{\"id\":\"{NODE_ID}\",\"address\":\"127.0.0.1:8301\"}}]");
                site.write("peers.json", text);
            },
            |site| site.remove("peers.json"),
        ),
    ]);
}

#[test]
fn what_lies_in_the_way_neither_holds_nor_fools() {
    are_seen_first([
        (
            "not a regular file",
            |site| replace_by_fifo(site, "data/node-id"),
            |site| {
                site.remove("data/node-id");
                site.write("data/node-id", NODE_ID);
            },
        ),
        (
            "not a regular file",
            |site| replace_by_fifo(site, "peers.json"),
            |site| site.remove("peers.json"),
        ),
        (
            "not a folder itself",
            |site| {
                move_raft(site, "data/raft", "elsewhere");
                symlink(site.path("elsewhere"), site.path("data/raft"))
                    .unwrap_or_else(|e| panic!("{e}"));
            },
            |site| {
                site.remove("data/raft");
                move_raft(site, "elsewhere", "data/raft");
            },
        ),
    ]);
}

/// Why nothing is touched, what brings it about, and what mends it.
type Trouble = (&'static str, fn(&mut Site), fn(&mut Site));

#[track_caller]
fn are_seen_first<const N: usize>(cases: [Trouble; N]) {
    for (why, spoil, mend) in cases {
        let mut site = Site::mesh();
        spoil(&mut site);
        let run = site.run();
        run.is("confirmed", 1);
        assert!(failure(&run).contains(why), "{why}: {run:#?}");
        assert_eq!(calls(&site), [""; 0], "{why}");
        mend(&mut site);
        site.run().is("unfinished", 0);
        assert_eq!(calls(&site), ["stop", "start"], "{why}");
    }
}

/// A server of the peer's site, on its own loopback address: it follows this leader.
fn old_server(address: &str, port: u16, leader: &'static str) {
    let listener = TcpListener::bind((address, port)).unwrap_or_else(|e| panic!("{e}"));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let length = leader.len() + 2;
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n\"{leader}\""
            );
        }
    });
}

#[test]
fn two_leaders_are_told_by_check_and_one_is_not() {
    const OURS: &str = "10.0.0.1:8300";
    for (theirs, are_two) in [(OURS, false), ("10.0.0.7:8300", true)] {
        let site = Site::mesh();
        site.write("mesh_led", "");
        for address in ["127.0.0.7", "127.0.0.8"] {
            old_server(address, site.config.consul_port, theirs);
        }
        let check = site.call(&["check", "--online"]);
        let said = format!("{}{}", check.stdout, check.stderr);
        assert!(said.contains(OURS) && said.contains(theirs), "{check:#?}");
        assert_eq!(said.contains("two leaders"), are_two, "{check:#?}");
    }
}

/// Plays systemctl(1) for a unit that is there unless `no_unit` lies beside it.
const SYSTEMCTL: &str = r#"#!/bin/sh
here=${0%/*}
echo "$*" >>"$here/systemctl_calls"
case $1 in
cat) if [ -e "$here/no_unit" ]; then echo "No files found for $3." >&2; exit 1; fi ;;
*) exec "$here/service" "$1" ;;
esac
"#;

#[test]
fn a_unit_that_is_not_there_is_found_out_before_anything_is_stopped() {
    let mut site = Site::mesh();
    site.program("systemctl", SYSTEMCTL);
    let service = site.path("service").display().to_string();
    let systemctl = site.path("systemctl").display().to_string();
    for verb in ["stop", "start"] {
        let by_systemctl = format!("{verb}: [{systemctl}, {verb}, mesh.service]");
        let ours = format!("{verb}: [{service}, {verb}]");
        site.config.more = site.config.more.replace(&ours, &by_systemctl);
    }
    let looked_up = "cat -- mesh.service";
    site.write("no_unit", "");
    let run = site.run();
    run.is("confirmed", 1);
    assert!(failure(&run).contains("look-up-unit"), "{run:#?}");
    assert_eq!(site.lines("systemctl_calls"), [looked_up]);
    site.remove("no_unit");
    site.run().is("unfinished", 0);
    let all = [
        looked_up,
        looked_up,
        "stop mesh.service",
        "start mesh.service",
    ];
    assert_eq!(site.lines("systemctl_calls"), all);
}

#[test]
fn a_recovery_by_hand_is_not_disturbed() {
    let site = Site::mesh();
    site.write("data/raft/peers.json", "[]");
    let run = site.run();
    run.is("confirmed", 1);
    assert!(failure(&run).contains("by hand"), "{run:#?}");
    assert_eq!(calls(&site), [""; 0]);
    // Who recovers by hand starts the service again.
    site.remove("data/raft/peers.json");
    site.write("mesh_led", "");
    site.run().is("has-leader", 0);
    assert_eq!(calls(&site), [""; 0], "the mesh has a leader");
}

#[test]
fn several_servers_of_one_site_need_a_prepared_file() {
    let mut site = Site::mesh();
    let own = site
        .config
        .own_site
        .replace("[127.0.0.1]", "[127.0.0.1, 127.0.0.9]");
    site.config.own_site = own;
    let run = site.run();
    run.is("confirmed", 1);
    assert!(failure(&run).contains("the same peers.json"), "{run:#?}");
    assert_eq!(calls(&site), [""; 0]);
}

#[test]
fn an_address_behind_nat_is_taken_with_a_warning() {
    let mut site = Site::mesh();
    site.config.own_site = site.config.own_site.replace("127.0.0.1", "203.0.113.9");
    let run = site.run();
    run.is("confirmed", 0);
    assert!(run.stderr.contains("no address of this node"), "{run:#?}");
    assert!(site.text("peers_taken").contains("203.0.113.9:8300"));
}

#[test]
fn a_prepared_file_is_used() {
    let site = Site::mesh();
    let two = format!(
        "[{{\"id\":\"{NODE_ID}\",\"address\":\"127.0.0.1:8300\",\"non_voter\":false}},\
         {{\"id\":\"other\",\"address\":\"127.0.0.9:8300\",\"non_voter\":true}}]"
    );
    site.write("peers.json", &two);
    site.run().is("confirmed", 0);
    assert_eq!(site.text("peers_taken"), two);
    assert_eq!(site.text("peers.json"), two, "the admin's file stays");
}

#[test]
fn a_recovery_that_fails_is_undone_and_waits_for_the_operator() {
    for (trouble, calls_then) in [
        ("stop", vec!["stop", "start"]),
        ("start", vec!["stop", "start", "stop", "start"]),
        ("leader", vec!["stop", "start", "stop", "start"]),
    ] {
        let site = Site::mesh();
        match trouble {
            "leader" => site.write("fail_leader", ""),
            call => site.write("fail_mesh", call),
        }
        let run = site.run();
        run.is("confirmed", 1);
        assert!(run.stderr.contains("habeat retry"), "{trouble}: {run:#?}");
        assert_eq!(calls(&site), calls_then, "{trouble}");
        assert_eq!(site.raft(), "as it was\n", "{trouble}");
        assert!(!site.path("data/raft/peers.json").exists(), "{trouble}");
        for file in ["fail_leader", "fail_mesh"] {
            if site.path(file).exists() {
                site.remove(file);
            }
        }
        // A service that could not be started to undo it all is started by the next run.
        let held = if trouble == "start" { 1 } else { 3 };
        let again = site.run();
        assert_eq!(again.exit, Some(held), "{trouble}: {again:#?}");
        assert!(!site.path("mesh_stopped").exists(), "{trouble}");
        site.run().is("latched", 3);
        assert!(site.call(&["retry"]).exit == Some(0));
        site.run().is("unfinished", 0);
        assert_eq!(site.raft(), "recovered\n", "{trouble}");
        site.run().is("already-promoted", 0);
    }
}

/// Kills a run while its service program is at work.
#[test]
fn an_agent_that_falls_silent_after_the_decision_is_no_lost_leader() {
    let mut site = Site::mesh();
    let silence = site.path("mesh_stopped").display().to_string();
    let fence = format!("\nfence: {{commands: [[touch, {silence}]]}}");
    site.config.more.push_str(&fence);
    let run = site.run();
    run.is("confirmed", 1);
    assert!(failure(&run).contains("not known"), "{run:#?}");
    assert_eq!(calls(&site), [""; 0]);
    assert!(!site.path("data/raft.before-habeat").exists());
}

#[test]
fn what_the_operator_mended_is_not_undone() {
    let site = Site::mesh();
    site.write("fail_mesh", "start");
    let run = site.run();
    run.is("confirmed", 1);
    assert!(failure(&run).contains("by hand"), "{run:#?}");
    // By hand the mesh is recovered, and used.
    site.remove("fail_mesh");
    site.remove("mesh_stopped");
    site.write("mesh_led", "");
    site.write("data/raft/raft.db", "in use since\n");
    let before = calls(&site);
    site.run().is("latched", 3);
    assert_eq!(calls(&site), before);
    // Nor later, when the agent is silent for a moment.
    site.remove("mesh_led");
    site.write("mesh_stopped", "");
    site.run().is("unknown", 3);
    assert_eq!(calls(&site), before);
    assert_eq!(site.raft(), "in use since\n");
}

#[test]
fn a_member_that_follows_a_leader_is_not_rolled_back() {
    let site = Site::mesh();
    // It starts, does not read its peers, and finds the old mesh alive.
    let service = "#!/bin/sh\nhere=${0%/*}; echo $1 >>$here/mesh\n\
        case $1 in stop) : >$here/mesh_stopped;;\n\
        start) rm $here/mesh_stopped; : >$here/mesh_led; echo more >$here/data/raft/raft.db;; esac";
    site.program("service", service);
    let run = site.run();
    run.is("confirmed", 1);
    assert!(failure(&run).contains("did not read"), "{run:#?}");
    assert_eq!(calls(&site), ["stop", "start"]);
    assert_eq!(site.raft(), "more\n");
    assert!(!site.path("data/raft/peers.json").exists());
}

#[test]
fn a_recovery_that_nobody_saw_the_end_of_is_told_on_the_return() {
    let mut site = Site::mesh();
    site.write("fail_leader", "");
    site.set_mesh("''", "leader_timeout: 20s");
    let child = site.start(&["--json"]);
    site.wait_for("peers_taken");
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.unwrap_or_else(|| panic!("no pid"));
    kill_process(pid, Signal::KILL).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(ran(child).exit, None);
    site.peer_comes_back();
    site.run().is("returning", 0);
    let run = site.run();
    run.is("returned", 0);
    assert!(run.stderr.contains("one leader"), "{run:#?}");
}

fn kill_at_work(site: &Site) {
    let child = site.start(&["--json"]);
    site.wait_for("working");
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.unwrap_or_else(|| panic!("no pid"));
    kill_process(pid, Signal::KILL).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(ran(child).exit, None);
    site.remove("slow_mesh");
}

#[test]
fn a_service_that_a_killed_recovery_stopped_is_started_again() {
    let mut site = Site::mesh();
    site.write("slow_mesh", "0.3");
    kill_at_work(&site);
    let run = site.run();
    assert!(
        ["unknown", "unfinished", "changed"].contains(&run.reason().as_str()),
        "{run:#?}"
    );
    assert!(!site.path("mesh_stopped").exists(), "{run:#?}");
    site.peer_comes_back();
    site.run().is("returning", 0);
    site.run().is("returned", 0);
    assert!(!site.path("mesh_stopped").exists());
}

#[test]
fn a_killed_recovery_is_gone_on_with() {
    let site = Site::mesh();
    site.write("slow_mesh", "0.3");
    kill_at_work(&site);
    let mut reasons = Vec::new();
    while reasons.last().is_none_or(|last| last != "already-promoted") {
        assert!(reasons.len() < 4, "{reasons:?}");
        reasons.push(site.run().reason());
    }
    assert_eq!(site.raft(), "recovered\n");
    assert_eq!(site.text("data/raft.before-habeat/raft.db"), "as it was\n");
}

#[test]
fn only_a_backup_of_this_recovery_is_put_back() {
    let site = Site::mesh();
    std::fs::create_dir_all(site.path("data/raft.before-habeat")).unwrap();
    site.write("data/raft.before-habeat/raft.db", "of another year\n");
    site.write("data/raft/snapshot", vec![0; 1 << 20]);
    // The service was started again by a run that was killed as well.
    for _ in 0..2 {
        site.write("slow_mesh", "0.3");
        kill_at_work(&site);
        site.wait_until_gone("working");
    }
    let run = ran(site.start_under(&["prlimit", "--fsize=65536"], &["--json"]));
    assert_eq!(run.exit, Some(1), "{run:#?}");
    assert!(failure(&run).contains("back-up"), "{run:#?}");
    assert_eq!(site.raft(), "as it was\n");
    assert!(!site.path("mesh_stopped").exists());
    let draft = site.path("data/raft.before-habeat.new");
    assert!(!draft.exists(), "half a backup is left");
}

#[test]
fn a_service_that_was_stopped_is_started_even_if_nothing_can_be_written_down() {
    let site = Site::mesh();
    site.write("slow_mesh", "0.3");
    kill_at_work(&site);
    site.wait_until_gone("working");
    // The journal cannot grow; that is an error, as on a full disk, and no signal.
    let size = site.read(&site.record(".journal")).len();
    let limit = format!("--fsize={size}");
    let wrapper = ["prlimit", &limit];
    let run = ran(site.start_under(&wrapper, &["--json"]));
    assert!(
        run.stderr.contains("journal could not be written"),
        "{run:#?}"
    );
    assert!(!site.path("mesh_stopped").exists(), "{run:#?}");
}

#[test]
fn a_dry_run_shows_the_recovery_and_touches_nothing() {
    let site = Site::mesh();
    let shown = site.call(&["--dry-run"]).stdout;
    for part in ["service stop", "cp -aT", "peers.json", "service start"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(calls(&site), [""; 0]);
}

#[test]
fn what_is_waited_for_costs_no_attempt() {
    let mut site = Site::mesh();
    site.own_servers("directorysrv_ip: 127.0.0.6");
    site.run().is("confirmed", 1);
    for _ in 0..site.config.max_attempts + 1 {
        site.run().is("unfinished", 1);
    }
    assert_eq!(calls(&site), [""; 0]);
    site.own_servers("");
    site.run().is("unfinished", 0);
    assert_eq!(calls(&site), ["stop", "start"]);
}

#[test]
fn a_return_that_is_the_operators_tells_what_the_old_servers_need() {
    let mut site = Site::mesh();
    site.config.on_return = "manual";
    site.run().is("confirmed", 0);
    site.call(&["failback", "--json"]).is("peer-away", 3);
    site.peer_comes_back();
    site.run().is("returning", 0);
    site.run().is("manual-return", 0);
    let back = site.call(&["failback", "--json"]);
    back.is("failback", 0);
    assert!(back.stderr.contains("raft.old"), "{back:#?}");
    assert_eq!(calls(&site), ["stop", "start"], "nothing runs");
    site.run().is("alive", 0);
}
