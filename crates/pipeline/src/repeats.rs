//! Requests that come again because their answer was lost.
//!
//! A sender that did not hear our answer sends the same bytes again; OTLP allows us to have them twice then, and nobody
//! needs that. A digest of every request is remembered for a while, also across a restart: in a small spool of its own,
//! which a reader of the log fills. What that reader had not seen at the end of a process is still in the log.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use mahavishnu_spool::{ReadError, Reader, Spool};
use tokio::{sync::watch, task::JoinHandle};
use tracing::warn;
use xxhash_rust::xxh3::xxh3_128;

/// The reader of the log that fills what is remembered across a restart.
pub const READER: &str = "repeats";

/// The reader of what is remembered; its cursor is before the oldest that counts.
pub const WINDOW: &str = "window";

/// Digests that are remembered at most: some 64 MB. Beyond that the oldest are forgotten early, and that is said.
const MOST_DIGESTS: usize = 1_000_000;

/// Read from the log at a time.
const READ_RECORDS: usize = 1024;
const READ_BYTES: usize = 4 * 1024 * 1024;

/// How often what is too old is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// The wait after the disk failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Bytes of a digest with its time.
const DIGEST_BYTES: usize = 24;

/// Milliseconds since 1970.
type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Remembers what was taken. Clones remember the same.
#[derive(Clone)]
pub struct Repeats {
    inner: Arc<Inner>,
}

struct Inner {
    known: Mutex<Known>,
    window_ms: u64,
    clock: Clock,
}

#[derive(Default)]
struct Known {
    digests: HashMap<u128, State>,
    /// Those that were taken, oldest first.
    taken: VecDeque<(u64, u128)>,
    said_full: bool,
}

enum State {
    /// Somebody is just taking it; the channel closes when that is decided.
    Claimed(watch::Receiver<()>),
    Taken,
}

/// Whether a record came before.
pub(crate) enum Claim {
    /// It was taken before.
    Repeat,
    /// It is new, and nobody else takes it meanwhile.
    New(Claimed),
}

/// A record that is being taken; dropped, it is as if it had never come.
pub(crate) struct Claimed {
    repeats: Repeats,
    digest: u128,
    kept: bool,
    /// Whoever waits for the decision sees this go.
    _decided: watch::Sender<()>,
}

/// The tasks that remember across a restart.
#[derive(Debug)]
pub struct Remembering {
    tasks: Vec<JoinHandle<()>>,
}

impl Repeats {
    /// Remembers for this long.
    #[must_use]
    pub fn new(window: Duration, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        Self { inner: Arc::new(Inner { known: Mutex::default(), window_ms, clock: Arc::new(clock) }) }
    }

    /// Learns what was taken before this process: from `memory` and from what `log` holds beyond it. Then keeps
    /// `memory` up to date. Both spools were opened with the readers named here, and nothing is appended meanwhile.
    ///
    /// # Errors
    ///
    /// When a spool can not be read.
    pub async fn restore(&self, log: &Spool, memory: &Spool) -> Result<Remembering, ReadError> {
        let mut tasks = Vec::new();
        if let Some(mut reader) = memory.reader(WINDOW) {
            let mut left = reader.lag_records();
            while left > 0 {
                let entries = reader.read(READ_RECORDS, READ_BYTES).await?;
                left = left.saturating_sub(entries.len() as u64);
                for entry in entries {
                    self.learn(entry.record);
                }
            }
            reader.rewind();
            tasks.push(tokio::spawn(forget(self.clone(), reader)));
        }
        if let Some(mut reader) = log.reader(READER) {
            let mut left = reader.lag_records();
            while left > 0 {
                let entries = reader.read(READ_RECORDS, READ_BYTES).await?;
                left = left.saturating_sub(entries.len() as u64);
                for entry in entries {
                    self.lock().take(xxh3_128(&entry.record), entry.appended_at_ms);
                }
            }
            reader.rewind();
            tasks.push(tokio::spawn(remember(reader, memory.clone())));
        }
        Ok(Remembering { tasks })
    }

    /// Whether these bytes were taken before; if somebody is just taking them, after that is decided.
    pub(crate) async fn claim(&self, record: &[u8]) -> Claim {
        let digest = xxh3_128(record);
        loop {
            let mut deciding = {
                let mut known = self.lock();
                match known.digests.entry(digest) {
                    Entry::Occupied(state) => match state.get() {
                        State::Taken => return Claim::Repeat,
                        State::Claimed(deciding) => deciding.clone(),
                    },
                    Entry::Vacant(place) => {
                        let (decided, deciding) = watch::channel(());
                        place.insert(State::Claimed(deciding));
                        let repeats = self.clone();
                        return Claim::New(Claimed { repeats, digest, kept: false, _decided: decided });
                    }
                }
            };
            // Ends with an error when the claim is decided: that is what is waited for.
            let _decided = deciding.changed().await;
        }
    }

    fn learn(&self, mut digests: Bytes) {
        let mut known = self.lock();
        while digests.len() >= DIGEST_BYTES {
            let (digest, at) = (digests.get_u128_le(), digests.get_u64_le());
            known.take(digest, at);
        }
    }

    /// Forgets what is older than the window; says since when the rest is.
    fn forget_old(&self) -> u64 {
        let since = (self.inner.clock)().saturating_sub(self.inner.window_ms);
        let mut known = self.lock();
        while known.taken.front().is_some_and(|(at, _)| *at < since) {
            known.forget_oldest();
        }
        since
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn take(&mut self, digest: u128, at: u64) {
        if matches!(self.digests.insert(digest, State::Taken), Some(State::Taken)) {
            return;
        }
        self.taken.push_back((at, digest));
        if self.taken.len() > MOST_DIGESTS {
            self.forget_oldest();
            if !std::mem::replace(&mut self.said_full, true) {
                warn!(limit = MOST_DIGESTS, "repeats-forgotten: more requests come than are remembered");
            }
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, digest)) = self.taken.pop_front() {
            self.digests.remove(&digest);
        }
    }
}

impl Claimed {
    /// It was taken.
    pub(crate) fn keep(mut self) {
        self.kept = true;
        let now = (self.repeats.inner.clock)();
        self.repeats.lock().take(self.digest, now);
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if !self.kept {
            self.repeats.lock().digests.remove(&self.digest);
        }
    }
}

impl Remembering {
    /// Stops. What is not remembered yet is still in the log.
    pub fn stop(self) {
        for task in self.tasks {
            task.abort();
        }
    }
}

/// Writes the digests of what is in the log to where they outlive it.
async fn remember(mut log: Reader, memory: Spool) {
    loop {
        let entries = match log.read(READ_RECORDS, READ_BYTES).await {
            Ok(entries) => entries,
            Err(ReadError::Closed) => return,
            Err(ReadError::Failed(reason)) => {
                warn!(reason, "spool-read-failed");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let mut digests = BytesMut::with_capacity(entries.len() * DIGEST_BYTES);
        for entry in &entries {
            digests.put_u128_le(xxh3_128(&entry.record));
            digests.put_u64_le(entry.appended_at_ms);
        }
        let digests = digests.freeze();
        while let Err(error) = memory.append(digests.clone()).await {
            warn!(%error, "repeats-not-remembered");
            tokio::time::sleep(PAUSE).await;
        }
        if let Some(last) = entries.last() {
            log.advance(last.mark());
        }
    }
}

/// Forgets what is too old, in memory and in the spool.
async fn forget(repeats: Repeats, mut memory: Reader) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        let since = repeats.forget_old();
        while memory.lag_records() > 0 {
            let Ok(entries) = memory.read(READ_RECORDS, READ_BYTES).await else { return };
            let old = entries.iter().take_while(|entry| entry.appended_at_ms < since);
            let Some(last) = old.last() else { break };
            memory.advance(last.mark());
            memory.rewind();
        }
        memory.rewind();
    }
}

impl std::fmt::Debug for Repeats {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Repeats").field("window_ms", &self.inner.window_ms).finish_non_exhaustive()
    }
}
