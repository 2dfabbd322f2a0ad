//! Site A with the service, site B with habeat and the speaker it switches, the router between
//! them, a client behind the router, and the witness in a third place.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};
use serde_json::Value;

use crate::client::Client;
use crate::consul::Consul;
use crate::network::Network;
use crate::recipe::{Recipe, Words, bounding_set};
use crate::speaker::Speaker;
use crate::stage::{GATE, PROXY_A, Program, SERVICE, SITE_A, Stage};
use crate::wait::{wait_for, wait_until};

/// What habeat would give a command, for those that are run without it; in seconds.
const DEADLINE: &str = "20";
/// Where habeat remembers a switch.
const MEMORY: [&str; 2] = [
    "appserverdown-habeat-proxyserver",
    "appserverprom-habeat-proxyserver",
];

/// All of it. Field order is drop order: programs end before their namespaces go.
pub(crate) struct Lab {
    pub(crate) client: Client,
    pub(crate) consul: Consul,
    pub(crate) recipe: Recipe,
    service_a: Option<Program>,
    speakers: Vec<Program>,
    _others: Vec<Program>,
    stage: Stage,
}

/// What one run of habeat left.
#[derive(Debug)]
pub(crate) struct Run {
    exit: Option<i32>,
    report: Value,
    pub(crate) log: String,
}

impl Run {
    /// Requires this `decision/reason` and exit code.
    #[track_caller]
    pub(crate) fn is(&self, said: &str, exit: i32) {
        let word = |name: &str| self.report[name].as_str().unwrap_or("?").to_owned();
        let told = format!("{}/{}", word("decision"), word("reason"));
        assert_eq!((told.as_str(), self.exit), (said, Some(exit)), "{self:#?}");
    }

    /// Returns how long all its commands took together, by its own report.
    pub(crate) fn commands(&self) -> Duration {
        let steps = self.report["steps"].as_array().unwrap().iter();
        let took = steps.map(|step| step["ms"].as_u64().unwrap());
        Duration::from_millis(took.sum())
    }
}

impl Lab {
    /// Starts it all; the address is announced by site A, and answered there.
    pub(crate) fn start(speaker: Speaker) -> Self {
        let recipe = Recipe::read(speaker.heading());
        let stage = Stage::set(&recipe);
        let lab = Self {
            consul: Consul::start(&stage.network, &stage.path("")),
            client: stage.start_client(),
            service_a: Some(stage.start_service(PROXY_A)),
            speakers: stage.start_speaker(speaker),
            _others: stage.start_others(),
            recipe,
            stage,
        };
        for site in ["site_a", "site_b"] {
            lab.await_session(site);
        }
        lab.await_route(SITE_A);
        lab.consul.await_health();
        lab
    }

    /// The site loses its line, and its service ends. Returns when it did.
    pub(crate) fn site_a_is_lost(&mut self) -> Instant {
        let at = Instant::now();
        self.network().cut(PROXY_A.name);
        self.service_a = None;
        self.consul.await_loss();
        at
    }

    /// The line is back, and the route announced; the service is not started yet.
    pub(crate) fn site_a_is_back(&self) {
        self.network().mend(PROXY_A.name);
        self.await_session("site_a");
    }

    /// The service of site A is started again; returns when it can be reached from site B.
    pub(crate) fn site_a_serves(&mut self) {
        self.service_a = Some(self.stage.start_service(PROXY_A));
        let guard = self.recipe.commands("deactivate").remove(0);
        wait_until("the service of site A", || self.does(&guard));
    }

    /// Stops site B's speaker, or lets it go on.
    pub(crate) fn signal_speaker(&self, signal: Signal) {
        for speaker in &self.speakers {
            kill_process(speaker.pid(), signal).unwrap();
        }
    }

    /// The router closes its session with site B (`disable`), or opens it (`enable`).
    pub(crate) fn session_of_b(&self, order: &str) {
        self.ask_router(&[order, "site_b"]);
    }

    /// One run of habeat in site B, as its unit confines it.
    pub(crate) fn run(&self) -> Run {
        let mut habeat = self.confined(self.recipe.groups.as_deref());
        habeat.arg(env!("CARGO_BIN_EXE_habeat")).arg("--json");
        habeat.arg("--config").arg(self.stage.path("habeat.yml"));
        habeat.arg("--log").arg(self.stage.path("habeat.log"));
        let output = habeat.output().unwrap();
        Run {
            exit: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Whether all the recipe's commands of this list succeed here and now.
    pub(crate) fn succeeds(&self, list: &str) -> bool {
        self.recipe.commands(list).iter().all(|it| self.does(it))
    }

    /// Whether a command succeeds in habeat's unit as it is shipped, without the drop-in.
    pub(crate) fn does_as_shipped(&self, words: &Words) -> bool {
        ends_well(self.confined(None), words)
    }

    fn does(&self, words: &Words) -> bool {
        ends_well(self.confined(self.recipe.groups.as_deref()), words)
    }

    /// Starts what habeat's unit starts: with its capabilities, and the drop-in's groups.
    fn confined(&self, groups: Option<&str>) -> Command {
        let mut setpriv = self.stage.in_site_b("setpriv");
        setpriv.arg("--no-new-privs");
        setpriv.arg(format!("--bounding-set={}", bounding_set()));
        match groups {
            Some(groups) => setpriv.arg(format!("--groups={groups}")),
            None => setpriv.arg("--clear-groups"),
        };
        setpriv.arg("--");
        setpriv
    }

    /// Returns where the router's kernel sends the service address.
    pub(crate) fn route(&self) -> Option<String> {
        let mut ip = self.network().command(GATE.name, "ip");
        let shown = ip.args(["route", "show", SERVICE]).output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        let mut words = shown.split_whitespace().skip_while(|word| *word != "via");
        words.nth(1).map(str::to_owned)
    }

    #[track_caller]
    pub(crate) fn await_route(&self, to: &str) {
        wait_until(&format!("the route to {to}"), || {
            self.route().as_deref() == Some(to)
        });
    }

    /// Waits until this site has answered the client after `since`; returns when it did first.
    #[track_caller]
    pub(crate) fn await_answer(&self, by: &str, since: Instant) -> Instant {
        wait_for(&format!("an answer of {by}"), || {
            self.client.first_answer(by, since)
        })
    }

    /// Waits until the router's session with this site stands.
    #[track_caller]
    pub(crate) fn await_session(&self, with: &str) {
        wait_until(&format!("the session with {with}"), || {
            let shown = self.ask_router(&["show", "protocols", with]);
            shown.contains("Established")
        });
    }

    /// Counts the programs of this name in site B: those that have its `/run`.
    pub(crate) fn count(&self, program: &str) -> usize {
        // The table names a mount's folder by its path in its own file system.
        let lab = self.stage.path("");
        let lab = lab.file_name().unwrap().to_str().unwrap();
        let run = format!("/{lab}/run /run ");
        let read = |process: &Path, file| fs::read_to_string(process.join(file));
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let is_one = |process: &Path| {
            read(process, "comm").is_ok_and(|name| name.trim_end() == program)
                && read(process, "mountinfo").is_ok_and(|mounts| mounts.contains(&run))
        };
        processes.filter(|entry| is_one(&entry.path())).count()
    }

    /// Returns how far the switch is, by the promotion file.
    pub(crate) fn phase(&self) -> String {
        let text = fs::read(self.stage.path("tmp").join(MEMORY[1])).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        document["state"]["phase"].as_str().unwrap().to_owned()
    }

    /// Returns the state files that are there.
    pub(crate) fn state_left(&self) -> Vec<&'static str> {
        let folder = self.stage.path("tmp");
        let there = |name: &&str| folder.join(name).exists();
        MEMORY.into_iter().filter(there).collect()
    }

    fn ask_router(&self, words: &[&str]) -> String {
        let mut birdc = self.network().with_bgp(GATE.name, "birdc");
        birdc.arg("-s").arg(self.stage.path("router.ctl"));
        let output = birdc.args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn network(&self) -> &Network {
        &self.stage.network
    }
}

fn ends_well(mut site: Command, words: &Words) -> bool {
    site.args(["timeout", DEADLINE]).args(words);
    site.output().unwrap().status.success()
}
