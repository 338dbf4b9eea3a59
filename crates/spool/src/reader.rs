//! The handle of whoever reads.

use std::sync::Arc;

use tokio::{sync::watch, task};

use crate::{
    disk::{Found, Place},
    entry::{Entry, Mark},
    error::ReadError,
    position::Position,
    spool::Files,
    state::{Log, Look, Segment},
    weight::Weight,
};

/// The same place is tried this often before what is there counts as damaged: a disk may pass through a bad moment,
/// but one bad sector must not hold back everything after it for ever.
const READ_ATTEMPTS: u32 = 5;

/// What a reader has before it and what it missed, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What all records count for since the opening, with those that were found then.
    pub total: Weight,
    /// Of that, what is not done.
    pub waiting: Weight,
    /// Of that, what went before it was done: dropped or damaged.
    pub missed: Weight,
}

/// Reads the log from the cursor of one name on.
#[derive(Debug)]
pub struct Reader {
    log: Arc<Log>,
    files: Option<Files>,
    weigh: fn(&[u8]) -> Weight,
    index: usize,
    /// The lowest position that was not read.
    next: u64,
    progress: watch::Receiver<()>,
    /// Where in which file the last read ended.
    place: Option<Place>,
    failures: u32,
}

impl Reader {
    pub(crate) fn new(log: Arc<Log>, files: Option<Files>, weigh: fn(&[u8]) -> Weight, index: usize) -> Self {
        let next = log.lock().cursors[index].position + 1;
        let progress = log.listen();
        Self { log, files, weigh, index, next, progress, place: None, failures: 0 }
    }

    /// Waits until there is a record after the last one read, and returns up to `max_records` and `max_bytes` of
    /// what is there: at least one record, however large it is. Positions rise but may have gaps.
    ///
    /// Only records that are as durable as promised are handed out. Old records are read from files, on tokio's
    /// threads for blocking work: a spool with files needs a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped nothing was read: the next call returns the same records.
    ///
    /// # Errors
    ///
    /// [`ReadError::Closed`] when the spool is sealed or closed and was read to its end; [`ReadError::Failed`] when
    /// a file can not be read now: try again after a while.
    pub async fn read(&mut self, max_records: usize, max_bytes: usize) -> Result<Vec<Entry>, ReadError> {
        loop {
            self.progress.mark_unchanged();
            let look = self.log.lock().look(self.next, max_records, max_bytes);
            let entries = match look {
                Look::Entries(entries) => entries,
                Look::OnDisk(segment, from) => {
                    self.read_segment(segment, from, max_records, max_bytes).await?
                }
                Look::Nothing => {
                    // The sender is in the log that we hold, so this can not fail.
                    let _still_there = self.progress.changed().await;
                    continue;
                }
                Look::Closed => return Err(ReadError::Closed),
            };
            // Nothing: that part of the log is gone or damaged, and the next look goes past it.
            if let Some(last) = entries.last() {
                self.next = last.position.get() + 1;
                return Ok(entries);
            }
        }
    }

    async fn read_segment(
        &mut self,
        segment: Segment,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        let Some(files) = &self.files else { return Ok(Vec::new()) };
        let (disk, place, first) = (Arc::clone(&files.disk), self.place.take(), segment.first);
        let weigh = self.weigh;
        let reading = task::spawn_blocking(move || {
            Place::read(place, disk.as_ref(), weigh, &segment, from, max_records, max_bytes)
        });
        match reading.await {
            Ok(Found::Entries(entries, place)) => {
                (self.place, self.failures) = (Some(place), 0);
                return Ok(entries);
            }
            Ok(Found::Damage(at)) => self.give_up(first, at, "it is damaged"),
            Ok(Found::Failed(error)) => {
                self.failures += 1;
                if self.failures < READ_ATTEMPTS {
                    return Err(ReadError::Failed(format!(
                        "the spool could not read its files ({error}): it tries again"
                    )));
                }
                self.give_up(first, from, &error.to_string());
            }
            Err(_) => return Err(ReadError::Failed("the runtime is ending: read again later".to_owned())),
        }
        Ok(Vec::new())
    }

    /// What is in this segment from `at` on is lost, unless the segment was dropped meanwhile.
    fn give_up(&mut self, segment: u64, at: u64, reason: &str) {
        self.failures = 0;
        let mut state = self.log.lock();
        if state.segments.iter().any(|known| known.first == segment) {
            tracing::error!(
                segment,
                position = at,
                reason,
                "a segment of the spool can not be read: its rest is skipped"
            );
            state.mark_damaged(segment, at);
        }
    }

    /// Everything up to this mark is done. The cursor moves at once, never back; on disk it is written
    /// before long, and in any case before a segment is deleted.
    pub fn advance(&self, mark: Mark) {
        let moved = {
            let mut state = self.log.lock();
            state.advance(self.index, mark);
            state.free_passed();
            state.moved
        };
        if moved && let Some(files) = &self.files {
            files.queue.cursors_moved();
        }
    }

    /// Reads on after this position, because the destination knows better what it has; never before the first
    /// record that still exists. The cursor stays where it is.
    ///
    /// When the destination knows of a position that was never given out (it outlived a spool that was not synced),
    /// the next record gets a higher one, so that it is not taken for an old one.
    pub fn seek(&mut self, after: Position) {
        let after = after.min(Position::HIGHEST).get();
        let mut state = self.log.lock();
        state.next = state.next.max(after + 1);
        self.next = after.max(state.floor) + 1;
    }

    /// Reads again from the cursor on.
    pub fn rewind(&mut self) {
        self.next = self.cursor().get() + 1;
    }

    /// Everything up to here is done.
    #[must_use]
    pub fn cursor(&self) -> Position {
        self.log.lock().cursors[self.index].position.into()
    }

    /// Records that are there and not done.
    #[must_use]
    pub fn lag_records(&self) -> u64 {
        let state = self.log.lock();
        state.records_after(state.cursors[self.index].position)
    }

    /// What is before this reader, and what it missed, since the opening.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let state = self.log.lock();
        let cursor = &state.cursors[self.index];
        Standing { total: state.total, waiting: state.total - cursor.done, missed: cursor.missed }
    }

    /// Records that were dropped or damaged before this reader was done with them; kept across restarts.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.log.lock().cursors[self.index].lost
    }
}
