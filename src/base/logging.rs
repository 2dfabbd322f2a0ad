//! The log: to a file and to standard error, in the ancestor's line format
//! (`TIME NAME - LEVEL - message`). The only file that knows simplelog.

use std::borrow::Cow;
use std::path::Path;

use log::{Level, LevelFilter, Log, Metadata, Record};
use rustix::fs::Mode;
use simplelog::{CombinedLogger, ConfigBuilder, SharedLogger, WriteLogger};
use time::macros::format_description;

use crate::base::grow;

/// The ancestor's time stamp, in local time.
const STAMP: &[time::format_description::FormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second],[subsecond digits:3]");

/// Administrators read it, and those in its group.
const MODE: Mode = Mode::from_bits_retain(0o640);

/// Writes each record in the ancestor's line format; simplelog takes it to its places.
struct LineFormat {
    places: Box<CombinedLogger>,
    offset: time::UtcOffset,
}

/// Starts the log. Call it before any thread is started: the local time zone cannot be read safely
/// afterwards. A log file that cannot be opened is said once and done without.
///
/// `level` is for whoever watches; the file always tells at least the whole run.
pub fn start(file: Option<&Path>, level: LevelFilter) {
    let file_level = level.max(LevelFilter::Info);
    let offset = time::UtcOffset::current_local_offset().unwrap_or(time::UtcOffset::UTC);
    let opened = file.map(|path| (path, grow::open(path, MODE)));
    let mut places: Vec<Box<dyn SharedLogger>> = vec![place(level, std::io::stderr())];
    let unopened = match opened {
        Some((_, Ok(file))) => {
            places.push(place(file_level, file));
            None
        }
        Some((path, Err(error))) => Some((path, error)),
        None => None,
    };
    let format = LineFormat {
        places: CombinedLogger::new(places),
        offset,
    };
    if log::set_boxed_logger(Box::new(format)).is_ok() {
        log::set_max_level(file_level);
    }
    if let Some((path, error)) = unopened {
        log::warn!(
            "cannot open the log file {}: {error}; going on without it",
            path.display()
        );
    }
}

fn place(level: LevelFilter, to: impl std::io::Write + Send + 'static) -> Box<dyn SharedLogger> {
    let bare = ConfigBuilder::new()
        .set_max_level(LevelFilter::Off)
        .set_time_level(LevelFilter::Off)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    // One call per line: what several runs append at once stays whole lines.
    WriteLogger::new(level, bare, std::io::LineWriter::new(to))
}

impl Log for LineFormat {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("habeat")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let stamp = time::OffsetDateTime::now_utc()
            .to_offset(self.offset)
            .format(STAMP);
        let text = one_line(&record.args().to_string());
        self.places.log(
            &Record::builder()
                .metadata(record.metadata().clone())
                .args(format_args!(
                    "{} habeat - {} - {text}",
                    stamp.unwrap_or_default(),
                    level_name(record.level())
                ))
                .build(),
        );
    }

    fn flush(&self) {
        self.places.flush();
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

/// One fact per line, whatever a peer or a program put into it.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
