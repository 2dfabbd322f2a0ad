//! A server of the mesh recovers, or undoes its recovery.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::STARTS;
use crate::common::Site;
use crate::common::mesh::NODE_ID;
use crate::world::{End, Left, PATIENCE, Scene, World};

/// The program takes no longer unless it hangs.
const DEADLINE: Duration = Duration::from_secs(120);
/// How often a waiting test looks.
const TICK: Duration = Duration::from_millis(5);

/// A recovery, and how it fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// A leader comes.
    First,
    /// No leader comes: it is undone.
    Undone,
    /// The peer is back when it was killed.
    PeerReturns,
    /// Its disk fails; then that is mended, and the operator says so.
    Mended,
    /// It was killed before the service was started again: the run puts that right.
    Restored,
}

impl Scene for Recovery {
    fn site(&self) -> Site {
        let mut site = match self {
            Self::Restored => return killed_before_the_start(),
            Self::First | Self::Undone | Self::PeerReturns | Self::Mended => Site::mesh(),
        };
        let leader_timeout = match self {
            Self::Undone => "leader_timeout: 100ms",
            Self::First | Self::PeerReturns | Self::Mended | Self::Restored => {
                "leader_timeout: 60s"
            }
        };
        if *self == Self::Undone {
            site.write("fail_leader", "");
        }
        site.set_mesh("root", leader_timeout);
        fs::create_dir_all(site.path("data/raft.before-habeat")).unwrap_or_else(|e| panic!("{e}"));
        site.write("data/raft.before-habeat/raft.db", "of another year\n");
        site.config.confirm_runs = 2;
        site.config.max_attempts = 50;
        site.run().is("confirming", 0);
        site
    }

    fn effects(&self) -> &'static [&'static str] {
        &["mesh", "peers_taken"]
    }

    fn is_intended(&self) -> bool {
        *self == Self::Restored
    }

    fn exits(&self) -> &'static [i32] {
        match self {
            // While the service is stopped, its agent is silent and nothing is known of the peer.
            Self::First | Self::Mended | Self::Restored => &[0, 3],
            Self::Undone => &[0, 1, 3],
            Self::PeerReturns => &[0],
        }
    }

    fn meanwhile(&self, site: &mut Site) {
        await_the_service_program(site);
        match self {
            Self::First | Self::Undone | Self::Restored => {}
            Self::PeerReturns => site.peer_comes_back(),
            Self::Mended => {
                for _ in 0..PATIENCE {
                    site.run();
                }
                require_service(site, "before the operator came");
                assert_eq!(site.call(&["retry"]).exit, Some(0));
            }
        }
    }

    fn end(&self, left: &Left) -> End {
        match self {
            Self::First | Self::Mended | Self::Restored => End {
                phase: Some("finished"),
                reason: "already-promoted",
                exit: 0,
                journal: Some("ended"),
            },
            Self::Undone => End {
                phase: Some("unfinished"),
                reason: "latched",
                exit: 3,
                journal: Some("undone"),
            },
            Self::PeerReturns => End {
                phase: None,
                reason: "alive",
                exit: 0,
                // One that was not begun is not ended.
                journal: left.phase.is_some().then_some("ended"),
            },
        }
    }

    fn all_is_well(&self, site: &Site, _left: &Left, what: &str) {
        require_service(site, what);
        let taken = site.lines("peers_taken");
        let raft = site.raft();
        match self {
            Self::First | Self::Mended | Self::Restored => {
                assert_eq!((raft.as_str(), taken.len()), ("recovered\n", 1), "{what}");
            }
            Self::Undone => assert_eq!(raft, "as it was\n", "{what}"),
            Self::PeerReturns => {
                let changed = raft == "recovered\n";
                assert_eq!(usize::from(changed), taken.len(), "{what}: {raft}");
            }
        }
        assert!(
            taken.iter().all(|it| it.contains(NODE_ID)),
            "{what}: {taken:?}"
        );
        if raft != "as it was\n" {
            let backup = site.text("data/raft.before-habeat/raft.db");
            assert_eq!(backup, "as it was\n", "{what}");
        }
        let data = fs::read_dir(site.path("data")).into_iter().flatten();
        let raft = fs::read_dir(site.path("data/raft")).into_iter().flatten();
        for entry in data.chain(raft).flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            assert!(!name.ends_with(".new"), "{what}: {name} is left over");
        }
    }
}

/// A site whose recovery was killed when all but the start was done.
fn killed_before_the_start() -> Site {
    let mut world = World::new(&Recovery::First);
    let mut starts = world.points(&STARTS.join(","));
    // The log has threads of its own, which start late as well.
    while let Some((call, n)) = starts.pop() {
        world.reset();
        let killed = world.run_under(&format!("inject={call}:signal=KILL:when={n}"));
        assert_eq!(killed.exit, None, "{killed:#?}");
        let site = world.site();
        if site.path("data/raft/peers.json").exists() && site.path("mesh_stopped").exists() {
            return world.into_site();
        }
    }
    panic!("it started nothing");
}

/// Requires that the service runs, and that nothing waits for its next start.
#[track_caller]
fn require_service(site: &Site, what: &str) {
    for file in ["mesh_stopped", "data/raft/peers.json"] {
        assert!(
            !site.path(file).exists(),
            "{what}: {file}: {:?}",
            site.lines("mesh")
        );
    }
}

/// Waits until the service program has ended that a killed run started, so that all it does is
/// seen.
fn await_the_service_program(site: &Site) {
    let program = site.path("service").display().to_string();
    let is_at_work = || {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
        lines
            .into_iter()
            .any(|line| String::from_utf8_lossy(&line).contains(&program))
    };
    let end = Instant::now() + DEADLINE;
    while is_at_work() {
        assert!(Instant::now() < end, "{program} is still at work");
        thread::sleep(TICK);
    }
}
