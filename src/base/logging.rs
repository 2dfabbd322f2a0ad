//! The log: to a file and to standard error, in the ancestor's line format
//! (`TIME NAME - LEVEL - message`). The only file that knows simplelog.
//!
//! Neither place can hold a run or end it: one that takes nothing is named in the other one, and
//! done without. Exactly one line of a run begins with [`DECISION`]`=`, whatever others say.

use std::borrow::Cow;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};
use rustix::fs::Mode;
use simplelog::{ConfigBuilder, WriteLogger};
use time::macros::format_description;

use crate::base::grow;
use crate::base::outlet::Outlet;

/// The ancestor's time stamp, in local time.
const STAMP: &[time::format_description::FormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second],[subsecond digits:3]");

/// A time for a person.
const TIME: &[time::format_description::FormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The local time zone, as it was when the log was started.
static OFFSET: OnceLock<time::UtcOffset> = OnceLock::new();

/// Administrators read it, and those in its group.
const MODE: Mode = Mode::from_bits_retain(0o640);

/// The key of the one line that says what was decided, and the target it is logged to: nowhere
/// else does this key go unescaped.
pub const DECISION: &str = "decision";

/// How lines look on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As in the file.
    Line,
    /// The journal keeps time and level itself (sd-daemon(3)).
    Journal,
}

/// Writes each record to its places.
struct Logger {
    file: Option<Place>,
    stderr: Option<Place>,
    form: Form,
    offset: time::UtcOffset,
}

/// Where lines go.
struct Place {
    name: String,
    log: Box<WriteLogger<LineByLine>>,
    sink: Sink,
    /// How many lines are said to be left out; 0 = nothing was said yet.
    told: AtomicU64,
}

#[derive(Clone)]
enum Sink {
    File(Arc<grow::Lines>),
    Reader(Outlet),
}

/// Hands on whole lines.
struct LineByLine {
    begun: Vec<u8>,
    sink: Sink,
}

/// Starts the log. Call it before any thread is started: the local time zone cannot be read safely
/// afterwards. A log file that cannot be opened is said once and done without.
///
/// `level` is for whoever watches; the file always tells at least the whole run.
pub fn start(file: Option<&Path>, level: LevelFilter) {
    let file_level = level.max(LevelFilter::Info);
    let offset = time::UtcOffset::current_local_offset().unwrap_or(time::UtcOffset::UTC);
    let offset = *OFFSET.get_or_init(|| offset);
    let opened = file.map(|path| (path.display().to_string(), grow::open(path, MODE)));
    let (file, unopened) = match opened {
        Some((path, Ok(file))) => {
            let sink = Sink::File(Arc::new(grow::Lines::new(file)));
            let name = format!("the log file {path}");
            (Some(Place::new(name, file_level, sink)), None)
        }
        Some((path, Err(error))) => (None, Some((path, error))),
        None => (None, None),
    };
    let stderr = Outlet::new(io::stderr()).ok().map(Sink::Reader);
    let logger = Logger {
        file,
        stderr: stderr.map(|sink| Place::new("standard error".to_owned(), level, sink)),
        form: form(),
        offset,
    };
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(file_level);
    }
    if let Some((path, error)) = unopened {
        log::warn!("cannot open the log file {path}: {error}; going on without it");
    }
}

/// Returns when it will be, `after` from now, as the log writes its times but for the fraction.
pub fn local_time(after: Duration) -> String {
    let offset = OFFSET.get().copied().unwrap_or(time::UtcOffset::UTC);
    let then = time::OffsetDateTime::now_utc() + after;
    then.to_offset(offset).format(TIME).unwrap_or_default()
}

/// Whether standard error is the journal: systemd names its socket (systemd.exec(5)).
fn form() -> Form {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let ours = rustix::fs::fstat(io::stderr().as_fd());
    match ours {
        Ok(ours) if named == format!("{}:{}", ours.st_dev, ours.st_ino) => Form::Journal,
        Ok(_) | Err(_) => Form::Line,
    }
}

impl Place {
    fn new(name: String, level: LevelFilter, sink: Sink) -> Self {
        let bare = ConfigBuilder::new()
            .set_max_level(LevelFilter::Off)
            .set_time_level(LevelFilter::Off)
            .set_thread_level(LevelFilter::Off)
            .set_target_level(LevelFilter::Off)
            .set_location_level(LevelFilter::Off)
            .build();
        let lines = LineByLine {
            begun: Vec::new(),
            sink: sink.clone(),
        };
        Self {
            name,
            log: WriteLogger::new(level, bare, lines),
            sink,
            told: AtomicU64::new(0),
        }
    }

    fn log(&self, metadata: &Metadata<'_>, line: &str) {
        let mut record = Record::builder();
        record.metadata(metadata.clone());
        self.log.log(&record.args(format_args!("{line}")).build());
    }

    /// Returns what is to be said of this place and was not said yet. How much was left out by now
    /// is said at the end only.
    fn trouble(&self, at_the_end: bool) -> Option<String> {
        let (why, left_out) = match &self.sink {
            Sink::File(lines) => lines.trouble()?,
            Sink::Reader(outlet) => outlet.trouble()?,
        };
        let told = self.told.load(Ordering::Relaxed);
        let is_new = told == 0 || (at_the_end && left_out > told);
        if !is_new {
            return None;
        }
        self.told.store(left_out.max(1), Ordering::Relaxed);
        let name = &self.name;
        Some(if at_the_end {
            format!("{name} {why}; it lacks {left_out} lines")
        } else {
            format!("{name} {why}; going on without it")
        })
    }
}

impl Write for LineByLine {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(text);
        if self.begun.ends_with(b"\n") {
            match &self.sink {
                Sink::File(lines) => lines.put(&self.begun),
                Sink::Reader(outlet) => outlet.put(&self.begun),
            }
            self.begun.clear();
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &self.sink {
            Sink::File(_) => {}
            Sink::Reader(outlet) => outlet.drain(),
        }
        Ok(())
    }
}

impl Logger {
    fn line(&self, level: Level, message: &str) -> String {
        let stamp = time::OffsetDateTime::now_utc()
            .to_offset(self.offset)
            .format(STAMP)
            .unwrap_or_default();
        format!("{stamp} habeat - {} - {message}", level_name(level))
    }

    fn to_stderr(&self, metadata: &Metadata<'_>, line: &str, message: &str) {
        let Some(place) = &self.stderr else {
            return;
        };
        match self.form {
            Form::Line => place.log(metadata, line),
            Form::Journal => {
                let priority = priority(metadata.level());
                place.log(metadata, &format!("<{priority}>{message}"));
            }
        }
    }

    /// Says in each place what is wrong with the other one.
    fn tell_trouble(&self, at_the_end: bool) {
        let metadata = Metadata::builder()
            .level(Level::Warn)
            .target(module_path!())
            .build();
        let trouble = |place: &Option<Place>| place.as_ref()?.trouble(at_the_end);
        if let (Some(file), Some(said)) = (&self.file, trouble(&self.stderr)) {
            file.log(&metadata, &self.line(Level::Warn, &said));
        }
        if let Some(said) = trouble(&self.file) {
            self.to_stderr(&metadata, &self.line(Level::Warn, &said), &said);
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        target == DECISION || target.starts_with("habeat")
    }

    fn log(&self, record: &Record<'_>) {
        let metadata = record.metadata();
        if !self.enabled(metadata) {
            return;
        }
        let message = no_second_decision(metadata, &one_line(&record.args().to_string()));
        let line = self.line(record.level(), &message);
        if let Some(file) = &self.file {
            file.log(metadata, &line);
        }
        self.to_stderr(metadata, &line, &message);
        self.tell_trouble(false);
    }

    fn flush(&self) {
        if let Some(stderr) = &self.stderr {
            stderr.log.flush();
        }
        self.tell_trouble(true);
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARNING",
        Level::Info => "INFO",
        Level::Debug => "DEBUG",
        Level::Trace => "TRACE",
    }
}

/// The priorities of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Shows a name that others chose: as it stands where that is one plain word, else quoted, so that
/// a line of `key=value` reads in one way only. Sentences are always quoted: `{:?}` of a string is
/// the one way of doing that.
pub fn word(name: &str) -> Cow<'_, str> {
    let quoted = format!("{name:?}");
    if quoted.len() == name.len() + 2 && !name.is_empty() && !name.contains(char::is_whitespace) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(quoted)
    }
}

/// Escapes what breaks a line or turns it round, whatever a peer, a program or a file put into it:
/// control characters, the line breaks of Unicode, and its marks of direction.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if breaks(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

fn breaks(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// Leaves the key of the decision to the one line that is logged as one; a reader of quoted values
/// takes the backslash away again.
fn no_second_decision(metadata: &Metadata<'_>, message: &str) -> String {
    let key = format!("{DECISION}=");
    let own = message.strip_prefix(&key);
    match own.filter(|_| metadata.target() == DECISION) {
        Some(rest) => key.clone() + &rest.replace(&key, &format!("{DECISION}\\=")),
        None => message.replace(&key, &format!("{DECISION}\\=")),
    }
}
