//! A program that takes its time and does nothing else, in place of `zmprov`: this benchmark,
//! under another name. A shell script would take milliseconds more than it says.

use std::path::Path;
use std::thread;
use std::time::Duration;

/// What its name begins with; the rest is how long it takes, in milliseconds.
const NAME: &str = "zmprov-";

/// Returns the name under which it takes that long.
pub(crate) fn name(takes: Duration) -> String {
    format!("{NAME}{}", takes.as_millis())
}

/// Plays the stub, if it is called by such a name; returns whether it was.
pub(crate) fn play() -> bool {
    let Some(called) = std::env::args_os().next() else {
        return false;
    };
    let takes = Path::new(&called)
        .file_name()
        .and_then(|name| name.to_str()?.strip_prefix(NAME)?.parse().ok());
    takes.inspect(|&takes| thread::sleep(Duration::from_millis(takes)));
    takes.is_some()
}
