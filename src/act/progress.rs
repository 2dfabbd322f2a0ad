//! Shows a person at a terminal how far a long stage is.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Between two redraws.
const REDRAW: Duration = Duration::from_millis(200);

/// A line on standard error, redrawn; nothing where standard error is no terminal.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Option<Drawn>>);

#[derive(Debug)]
struct Drawn {
    stage: &'static str,
    done: usize,
    total: usize,
    last: Option<Instant>,
}

impl Progress {
    /// Begins a stage.
    pub fn begin(&self, stage: &'static str, done: usize, total: usize) {
        if std::io::stderr().is_terminal() {
            *self.lock() = Some(Drawn {
                stage,
                done,
                total,
                last: None,
            });
        }
    }

    /// So many more accounts are done.
    pub fn add(&self, more: usize) {
        if let Some(drawn) = self.lock().as_mut() {
            drawn.done += more;
            if drawn.last.is_none_or(|last| last.elapsed() >= REDRAW) {
                drawn.last = Some(Instant::now());
                draw(&format!(
                    "\r{}: {} of {} accounts",
                    drawn.stage, drawn.done, drawn.total
                ));
            }
        }
    }

    /// Ends the stage.
    pub fn end(&self) {
        if let Some(drawn) = self.lock().take() {
            draw(&format!(
                "\r{}: {} of {} accounts\n",
                drawn.stage, drawn.done, drawn.total
            ));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Drawn>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A terminal that cannot be written to is no reason to fail.
fn draw(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
