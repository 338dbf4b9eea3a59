//! The one thread that writes.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::writer::Writer;
use crate::{
    queue::{Queue, Stage},
    state::Log,
    storage::Disk,
};

/// Cursors are written this long after they moved: what is read again after a crash is at most that much.
const CURSOR_INTERVAL: Duration = Duration::from_millis(100);

/// Tells everyone that the writer is gone, also when it panicked.
struct Farewell {
    log: Arc<Log>,
    disk: Arc<dyn Disk>,
    queue: Arc<Queue>,
    result: Result<(), io::ErrorKind>,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.queue.abandon();
        self.disk.unlock();
        {
            let mut state = self.log.lock();
            state.sealed = true;
            state.ended = Some(self.result);
        }
        self.log.ring();
    }
}

/// Starts the thread; it ends when the queue is closed and everything in it is written.
pub(crate) fn start(writer: Writer, queue: Arc<Queue>) -> io::Result<()> {
    let run = move || run(writer, queue);
    thread::Builder::new().name("spool-writer".to_owned()).spawn(run).map(drop)
}

fn run(mut writer: Writer, queue: Arc<Queue>) {
    let log = Arc::clone(writer.log());
    // Whatever goes wrong before the end leaves cursors that were not written.
    let result = Err(io::ErrorKind::Other);
    let mut farewell = Farewell { log, disk: Arc::clone(&writer.disk), queue, result };
    // The first time at once: the opening may have failed to write the cursors.
    let mut due = Some(Instant::now());
    loop {
        let work = farewell.queue.take(writer.batch_bytes(), due);
        let worked = work.moved || !work.batch.is_empty();
        if !work.batch.is_empty() {
            writer.commit(work.batch);
        } else if work.stage == Stage::Closing {
            break;
        } else if work.stage == Stage::Sealed {
            farewell.log.lock().sealed = true;
            farewell.log.ring();
        }
        if worked {
            due = due.or_else(|| Some(Instant::now() + CURSOR_INTERVAL));
        }
        if due.is_some_and(|due| due <= Instant::now()) {
            let done = writer.housekeep();
            due = if done { None } else { Some(Instant::now() + CURSOR_INTERVAL) };
        }
    }
    farewell.result = writer.finish().map_err(|error| error.kind());
}
