//! Where text goes whose reader may stop reading: a pipe, a terminal, the journal's socket.
//!
//! A write to one of these waits for as long as the reader likes. A thread of its own does the
//! waiting here, from a bounded queue, so that neither a run nor the lock it holds waits with it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What may wait for the reader, in bytes; what is more is left out, and counted.
const WAITING_MAX: usize = 256 * 1024;
/// What is written at once, so that a slow reader is seen to read.
const CHUNK: usize = 4096;
/// A reader that takes nothing for so long has stopped reading.
const PATIENCE: Duration = Duration::from_secs(2);

/// A writer that never waits, but for [`Outlet::drain`].
#[derive(Debug, Clone)]
pub struct Outlet {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug)]
struct Queue {
    /// Where it goes, until the first text starts the thread that writes there.
    unused: Option<File>,
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Pieces taken by the reader.
    taken: u64,
    left_out: u64,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Reads,
    /// It took nothing for longer than anybody waits.
    Stopped,
    /// It cannot be written to.
    Gone(io::Error),
}

impl Outlet {
    /// Makes one that writes to what `to` leads to.
    ///
    /// # Errors
    /// When it cannot be opened a second time: the handle of the standard library is locked while
    /// somebody waits in it.
    pub fn new(to: impl AsFd) -> io::Result<Self> {
        let file = File::from(rustix::io::fcntl_dupfd_cloexec(to, 3)?);
        let queue = Queue {
            unused: Some(file),
            waiting: VecDeque::new(),
            bytes: 0,
            taken: 0,
            left_out: 0,
            reader: Reader::Reads,
        };
        let shared = Shared {
            queue: Mutex::new(queue),
            changed: Condvar::new(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Takes a text, or leaves it out when too much waits already.
    pub fn put(&self, text: &[u8]) {
        let mut queue = self.shared.lock();
        let fits = queue.waiting.is_empty() || queue.bytes + text.len() <= WAITING_MAX;
        if !fits || !matches!(queue.reader, Reader::Reads) {
            queue.left_out += 1;
            return;
        }
        queue.bytes += text.len();
        queue.waiting.push_back(text.to_vec());
        if let Some(file) = queue.unused.take() {
            let shared = Arc::clone(&self.shared);
            let started = thread::Builder::new().spawn(move || shared.write_to(file));
            if let Err(error) = started {
                queue.fail(error);
            }
        }
        self.shared.changed.notify_all();
    }

    /// Waits until everything is taken, for as long as the reader goes on taking.
    pub fn drain(&self) {
        let mut queue = self.shared.lock();
        while !queue.waiting.is_empty() && matches!(queue.reader, Reader::Reads) {
            let before = queue.taken;
            let waited = self.shared.changed.wait_timeout(queue, PATIENCE);
            let (after, end) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = after;
            if end.timed_out() && queue.taken == before {
                queue.left_out += u64::try_from(queue.waiting.len()).unwrap_or(u64::MAX);
                queue.reader = Reader::Stopped;
            }
        }
    }

    /// Returns what is wrong with the reader, and how many texts it did not get; `None` when it
    /// got everything so far.
    pub fn trouble(&self) -> Option<(String, u64)> {
        let queue = self.shared.lock();
        match &queue.reader {
            Reader::Gone(error) => Some((format!("cannot be written: {error}"), queue.left_out)),
            Reader::Stopped => Some(("is not read".to_owned(), queue.left_out)),
            Reader::Reads if queue.left_out > 0 => {
                Some(("is not read fast enough".to_owned(), queue.left_out))
            }
            Reader::Reads => None,
        }
    }
}

impl Write for Outlet {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.put(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain();
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes, until the process ends.
    fn write_to(&self, mut file: File) {
        loop {
            let text = self.next();
            for piece in text.chunks(CHUNK) {
                let written = file.write_all(piece);
                let mut queue = self.lock();
                match written {
                    Ok(()) => queue.taken += 1,
                    Err(error) => return queue.fail(error),
                }
                self.changed.notify_all();
            }
            let mut queue = self.lock();
            queue.bytes -= text.len();
            queue.waiting.pop_front();
            self.changed.notify_all();
        }
    }

    /// Waits for a text. It stays in the queue until it is written.
    fn next(&self) -> Vec<u8> {
        let mut queue = self.lock();
        loop {
            if let Some(text) = queue.waiting.front_mut() {
                return std::mem::take(text);
            }
            let woken = self.changed.wait(queue);
            queue = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Queue {
    fn fail(&mut self, error: io::Error) {
        self.left_out += u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        self.waiting.clear();
        self.reader = Reader::Gone(error);
    }
}

#[cfg(test)]
mod tests;
