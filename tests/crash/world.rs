//! A site in the moment before a run that acts, as often as it is wanted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Met;
use crate::common::{Config, Ran, Site, ran};

/// What nothing is decided from.
const TALES: [&str; 2] = ["habeat.log", "history.jsonl"];

/// Runs that may be needed before all is done.
pub(crate) const PATIENCE: usize = 2;

/// A run that acts, and what must hold however often it is begun.
pub(crate) trait Scene: Sync {
    /// Builds a site whose next run acts.
    fn site(&self) -> Site;

    /// Returns the files to which the stubs add a line for whatever they do.
    fn effects(&self) -> &'static [&'static str];

    /// Whether an earlier run has written down what the next one does.
    fn is_intended(&self) -> bool {
        false
    }

    /// Returns how its runs may end, killed ones aside.
    fn exits(&self) -> &'static [i32] {
        &[0]
    }

    /// What happens before the next run.
    fn meanwhile(&self, _site: &mut Site) {}

    /// Returns how it ends, after a run that left this.
    fn end(&self, left: &Left) -> End;

    /// Requires what must hold at the end, after a run that left this.
    fn all_is_well(&self, site: &Site, left: &Left, what: &str);
}

/// What a run left that was killed, or whose disk failed.
#[derive(Debug)]
pub(crate) struct Left {
    /// The phase of the promotion, if one is remembered.
    pub(crate) phase: Option<String>,
    /// What the journal tells.
    pub(crate) journal: Vec<Value>,
    /// The account list.
    pub(crate) accounts: Vec<String>,
}

impl Left {
    /// Returns the lines of the journal of this kind.
    pub(crate) fn events<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.journal
            .iter()
            .filter(move |event| event["event"] == kind)
    }
}

/// Where the runs come to rest.
#[derive(Debug)]
pub(crate) struct End {
    /// The phase of the promotion, if one is remembered.
    pub(crate) phase: Option<&'static str>,
    /// What each further run says.
    pub(crate) reason: &'static str,
    /// Its exit code.
    pub(crate) exit: i32,
    /// The last line of the journal, if there is one.
    pub(crate) journal: Option<&'static str>,
}

/// A site whose next run acts.
pub(crate) struct World<'a> {
    scene: &'a dyn Scene,
    site: Site,
    config: Config,
    phase: Option<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(scene: &'a dyn Scene) -> Self {
        let site = scene.site();
        let passing = [scene.effects(), &TALES].concat();
        let mut files = BTreeMap::new();
        read_all(&site.path(""), "", &mut files);
        files.retain(|name, _| !passing.contains(&name.as_str()));
        let world = Self {
            scene,
            config: site.config.clone(),
            phase: site.phase(),
            files,
            site,
        };
        world.clear();
        world
    }

    /// Returns the site as it is.
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn into_site(self) -> Site {
        self.site
    }

    /// Whether a run ended as it may.
    pub(crate) fn ended_well(&self, ran: &Ran) -> bool {
        ran.exit.is_some_and(|it| self.scene.exits().contains(&it))
    }

    /// Goes back to the moment before the run.
    pub(crate) fn reset(&mut self) {
        self.site.config = self.config.clone();
        self.clear();
    }

    fn clear(&self) {
        let is_kept = |name: &String| self.files.contains_key(name);
        for name in self.site.names().iter().filter(|name| !is_kept(name)) {
            let path = self.site.path(name);
            let gone = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            gone.unwrap_or_else(|e| panic!("cannot remove {name}: {e}"));
        }
        for (name, content) in &self.files {
            let path = self.site.path(name);
            if fs::read(&path).ok().as_ref() != Some(content) {
                let folder = path.parent().map(fs::create_dir_all);
                assert!(matches!(folder, Some(Ok(()))), "{name}: {folder:?}");
                self.site.write(name, content);
            }
        }
    }

    /// One run under strace(1), which does what `expression` says to the program, not to what it
    /// starts.
    pub(crate) fn run_under(&self, expression: &str) -> Ran {
        let trace = self.site.path("trace").display().to_string();
        let call = expression.split_once('=').map_or("", |(_, rest)| rest);
        let calls = format!("trace={}", call.split(':').next().unwrap_or_default());
        let strace = [
            "strace",
            "-f",
            "--quiet=all",
            "--detach-on=execve",
            "-o",
            &trace,
            "-e",
            &calls,
            "-e",
            expression,
        ];
        ran(self.site.start_under(&strace, &["--json"]))
    }

    /// Whether strace did to the last run what it was to do.
    pub(crate) fn met(&self) -> Met {
        let mut trace = self.site.lines("trace").into_iter();
        if trace.any(|line| line.ends_with("(INJECTED)")) {
            Met::Yes
        } else {
            Met::No
        }
    }

    /// Returns the calls of a whole run, as its main thread makes them, each with its number among
    /// those of its name. Of calls between which nothing happens there is only one: what is told
    /// on standard error is told in the log next, line after line is told there, and a child is
    /// asked after again and again.
    pub(crate) fn points(&self, calls: &str) -> Vec<(String, usize)> {
        self.clear();
        let ran = self.run_under(&format!("trace={calls}"));
        assert!(self.ended_well(&ran), "{ran:#?}");
        let lines = self.site.lines("trace");
        let main = lines.iter().find_map(|line| line.split(' ').next());
        let mut counts = BTreeMap::new();
        let mut points: Vec<(String, usize)> = Vec::new();
        let mut before = ("", "");
        for line in &lines {
            let mut words = line.split_whitespace();
            let (pid, call) = (words.next(), words.next().and_then(|w| w.split_once('(')));
            if let (true, Some((call, first))) = (pid == main, call) {
                let count = counts.entry(call).or_insert(0);
                *count += 1;
                // A thread is no program.
                if line.contains("CLONE_THREAD") {
                    continue;
                }
                let same = match call {
                    "write" if first == "2," => continue,
                    "write" => before == (call, first),
                    "wait4" => before.0 == call,
                    _ => false,
                };
                if !same {
                    points.push((call.to_owned(), *count));
                }
                before = (call, first);
            }
        }
        points
    }

    /// Returns what the last run left. One that has not written down what it intends did nothing.
    #[track_caller]
    pub(crate) fn left(&self, what: &str) -> Left {
        if !self.is_begun() {
            let effects = self.effects();
            assert!(effects.is_empty(), "{what}: nothing is begun: {effects:?}");
        }
        let list = self.site.record(".accounts");
        Left {
            phase: self.site.phase(),
            journal: self.site.journal(),
            accounts: self.site.lines(&list),
        }
    }

    /// Whether what the run intends is written down.
    pub(crate) fn is_begun(&self) -> bool {
        self.scene.is_intended() || self.site.phase() != self.phase
    }

    /// Requires that nothing is left to do.
    #[track_caller]
    pub(crate) fn is_over(&self, left: &Left, what: &str) {
        let end = self.scene.end(left);
        assert_eq!(self.site.phase().as_deref(), end.phase, "{what}");
    }

    fn effects(&self) -> Vec<String> {
        let files = self.scene.effects().iter();
        let lines = files.flat_map(|name| self.site.lines(name));
        // Whether a switch still holds is asked in every run.
        lines.filter(|line| line != "proof").collect()
    }

    /// Runs until all is done, and requires what must hold then.
    #[track_caller]
    pub(crate) fn recovers(&mut self, left: &Left, what: &str) {
        self.scene.meanwhile(&mut self.site);
        let end = self.scene.end(left);
        let mut made = Vec::new();
        loop {
            let effects = self.effects();
            let ran = self.site.run();
            if ran.exit == Some(end.exit) && ran.reason() == end.reason {
                assert_eq!(self.effects(), effects, "{what}: done again");
                break;
            }
            assert!(
                made.len() < PATIENCE,
                "{what}\nnot picked up by {made:#?}\n{ran:#?}"
            );
            assert!(self.ended_well(&ran), "{what}\npicked up by {ran:#?}");
            made.push(ran);
        }
        assert_eq!(self.site.phase().as_deref(), end.phase, "{what}");

        let journal = self.site.journal();
        let last = journal.last().and_then(|event| event["event"].as_str());
        assert_eq!(last, end.journal, "{what}: {journal:?}");
        let is_ended = last == Some("ended");
        let is_left =
            |name: &String| name.ends_with(".new") || is_ended && name.ends_with(".accounts");
        let names: Vec<String> = self.site.all_names().into_iter().filter(is_left).collect();
        assert_eq!(names, Vec::<String>::new(), "{what}: left over");
        self.scene.all_is_well(&self.site, left, what);
    }
}

/// Reads what lies in a folder and in those in it.
fn read_all(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("cannot read {folder:?}: {e}"));
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{prefix}{}", name.to_string_lossy());
        if path.is_dir() {
            read_all(&path, &format!("{name}/"), files);
        } else if !name.ends_with(".lock") {
            let content = fs::read(&path).unwrap_or_else(|e| panic!("cannot read {name}: {e}"));
            files.insert(name, content);
        }
    }
}
