//! The handle of whoever writes.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;

use crate::{
    disk::{self, Identity},
    entry::{Entry, frame_bytes},
    error::{AppendError, SpoolError},
    options::{Durability, Options, Policy},
    position::Position,
    queue::{Queue, Stage},
    reader::Reader,
    recovery::Recovery,
    state::{Cursor, Log, State},
    storage::{Disk, RealDisk},
};

/// Milliseconds since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A durable, bounded log of opaque records. Clones share it; it is closed when the last of them is dropped.
#[derive(Clone, Debug)]
pub struct Spool {
    inner: Arc<Inner>,
}

struct Inner {
    log: Arc<Log>,
    files: Option<Files>,
    options: Options,
    identity: u64,
    clock: Clock,
}

/// What a spool on disk has beside its state.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) queue: Arc<Queue>,
}

impl Spool {
    /// Opens the spool and says what was found. `readers` are the cursors that hold records back; a cursor of
    /// another name is removed, a reader without a cursor begins at the first record that still exists.
    ///
    /// Reads every segment that some reader still needs, to say exactly what was lost: call it where blocking is
    /// allowed. Without readers nothing is held back and records go as they come.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Locked`] when the directory is in use, [`SpoolError::Directory`] when it can not be used,
    /// [`SpoolError::Options`] when the options or names contradict themselves. Damage is not an error.
    pub fn open(options: Options, readers: &[&str]) -> Result<(Self, Recovery), SpoolError> {
        options.check(readers)?;
        let clock: Clock = Arc::new(now_ms);
        if options.durability == Durability::Memory {
            return Ok((Self::in_memory(options, readers, clock), Recovery::default()));
        }
        let disk = RealDisk::new(&options.directory)
            .map_err(|source| SpoolError::Directory { directory: options.directory.clone(), source })?;
        Self::open_on(Arc::new(disk), options, readers, clock)
    }

    fn in_memory(options: Options, readers: &[&str], clock: Clock) -> Self {
        let cursors = readers.iter().map(|name| Cursor::new(name)).collect();
        let log = Arc::new(Log::new(State::new(cursors, u64::MAX)));
        let identity = Identity::random().get();
        Self { inner: Arc::new(Inner { log, files: None, options, identity, clock }) }
    }

    /// Opens a spool on this disk.
    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        options: Options,
        readers: &[&str],
        clock: Clock,
    ) -> Result<(Self, Recovery), SpoolError> {
        let (writer, recovery) = disk::open(&disk, &options, readers, &clock)?;
        let (log, identity) = (Arc::clone(writer.log()), writer.identity().get());
        let queue = Arc::new(Queue::new());
        disk::start(writer, Arc::clone(&queue)).map_err(|source| SpoolError::Thread { source })?;
        let files = Some(Files { disk, queue });
        Ok((Self { inner: Arc::new(Inner { log, files, options, identity, clock }) }, recovery))
    }

    /// Appends a record; returns when it is as durable as the options say. Appends that wait at the same time share
    /// one write and one sync.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped the record may or may not be appended.
    ///
    /// # Errors
    ///
    /// [`AppendError`] says whether the same record can be taken later.
    pub async fn append(&self, record: Bytes) -> Result<Position, AppendError> {
        let Some(files) = &self.inner.files else { return self.inner.append_in_memory(record) };
        if record.len() as u64 > self.inner.options.longest_record() {
            return Err(AppendError::TooLarge);
        }
        files.queue.append(record).await
    }

    /// Appends a record without waiting: only in memory.
    ///
    /// # Errors
    ///
    /// [`AppendError`] says whether the same record can be taken later. [`AppendError::Failed`] always, and without
    /// any effect, when the spool has files.
    pub fn try_append(&self, record: Bytes) -> Result<Position, AppendError> {
        if self.inner.files.is_some() {
            return Err(AppendError::Failed("a spool on disk waits for its disk: use append".to_owned()));
        }
        self.inner.append_in_memory(record)
    }

    /// The reader of this name, at its cursor; `None` unless the name was given to [`Spool::open`]. Readers of one
    /// name share the cursor but each has its own place.
    #[must_use]
    pub fn reader(&self, name: &str) -> Option<Reader> {
        let index = self.inner.log.lock().cursors.iter().position(|cursor| cursor.name == name)?;
        let (log, files) = (Arc::clone(&self.inner.log), self.inner.files.clone());
        Some(Reader::new(log, files, self.inner.options.weigh, index))
    }

    /// Bytes that count against the budget.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.inner.log.lock().used_bytes
    }

    /// Bytes that are held at most.
    #[must_use]
    pub fn budget_bytes(&self) -> u64 {
        self.inner.options.budget_bytes
    }

    /// The lowest position that the next record can get.
    #[must_use]
    pub fn next_position(&self) -> Position {
        self.inner.log.lock().next.into()
    }

    /// A number that is this log's own: another after the directory was emptied, and at every opening in memory.
    /// Whoever keeps a position elsewhere keeps it under this number, or new records would be taken for old ones.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.inner.identity
    }

    /// Takes no more records. Readers get [`crate::ReadError::Closed`] when they have read what is there; cursors
    /// are still kept, until [`Spool::close`].
    pub fn seal(&self) {
        match &self.inner.files {
            Some(files) => files.queue.go_to(Stage::Sealed),
            None => self.inner.end_in_memory(),
        }
    }

    /// Whether it takes no more records.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        match &self.inner.files {
            Some(files) => files.queue.is_sealed(),
            None => self.inner.log.lock().sealed,
        }
    }

    /// Takes no more records, waits until those under way are written, writes the cursors and gives the directory
    /// free. What readers read and advance over afterwards is not kept: [`Spool::seal`] and let them finish first.
    ///
    /// # Cancel safety
    ///
    /// The spool closes also when the future is dropped.
    ///
    /// # Errors
    ///
    /// [`SpoolError::Cursors`] when the cursors could not be written; the spool is closed all the same.
    pub async fn close(self) -> Result<(), SpoolError> {
        let Some(files) = &self.inner.files else {
            self.inner.end_in_memory();
            return Ok(());
        };
        let mut progress = self.inner.log.listen();
        files.queue.go_to(Stage::Closing);
        loop {
            let ended = self.inner.log.lock().ended;
            match ended {
                Some(Ok(())) => return Ok(()),
                Some(Err(kind)) => return Err(SpoolError::Cursors { source: kind.into() }),
                // The sender is in the log that we hold, so this can not fail.
                None => drop(progress.changed().await),
            }
        }
    }
}

impl Inner {
    fn append_in_memory(&self, record: Bytes) -> Result<Position, AppendError> {
        if record.len() as u64 > self.options.longest_record() {
            return Err(AppendError::TooLarge);
        }
        let mut state = self.log.lock();
        if state.sealed {
            return Err(AppendError::Closed);
        }
        let bytes = frame_bytes(&record);
        while state.used_bytes + bytes > self.options.budget_bytes {
            if self.options.policy == Policy::Refuse || !state.drop_oldest_record() {
                return Err(AppendError::Full);
            }
        }
        let position = Position::from(state.next);
        state.next += 1;
        state.last = position.get();
        state.used_bytes += bytes;
        state.total += (self.options.weigh)(&record);
        let upto = state.total;
        state.tail.push(Entry { position, appended_at_ms: (self.clock)(), record, upto });
        state.free_passed();
        drop(state);
        self.log.ring();
        Ok(position)
    }

    fn end_in_memory(&self) {
        self.log.lock().sealed = true;
        self.log.ring();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        match &self.files {
            Some(files) => files.queue.go_to(Stage::Closing),
            None => self.end_in_memory(),
        }
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inner").field("options", &self.options).finish_non_exhaustive()
    }
}

/// By the clock of this host; 0 where it stands before 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
