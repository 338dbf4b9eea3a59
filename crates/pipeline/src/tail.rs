//! What is accepted at this moment, for those who watch.
//!
//! Whoever takes a batch shows it here and goes on at once, whether anybody looks or not: a watcher that is too slow
//! misses batches, and is told of how many records. Nothing is kept for one who comes later, and nothing is copied:
//! a batch is shown by its reference.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::broadcast;

use crate::{batch::Batch, signal::Signal};

/// Batches that a watcher may be behind.
const BATCHES: usize = 64;

/// The largest batch that is shown: with [`BATCHES`] this bounds what watchers hold in memory.
const MOST_BYTES: usize = 1024 * 1024;

/// Watchers at the same time.
const WATCHERS: usize = 32;

/// Where what is accepted is shown. Clones show to the same watchers.
#[derive(Clone, Debug)]
pub struct Tail {
    shown: broadcast::Sender<Shown>,
    /// Records that were shown, by signal, also those of batches too large to be.
    counts: Arc<Mutex<[u64; Signal::ALL.len()]>>,
    watchers: Arc<AtomicUsize>,
}

/// A batch and how many records of its signal were accepted up to its end.
#[derive(Clone, Debug)]
struct Shown {
    batch: Batch,
    count: u64,
}

/// Somebody who watches one signal.
#[derive(Debug)]
pub struct Watcher {
    signal: Signal,
    tail: Tail,
    shown: broadcast::Receiver<Shown>,
    /// Records of the signal that it saw or was told of.
    count: u64,
    /// Seen, and not yet said: what was missed before it comes first.
    pending: Option<Batch>,
}

/// What a watcher sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It was accepted.
    Batch(Batch),
    /// So many records came that it did not see.
    Skipped(u64),
}

impl Default for Tail {
    fn default() -> Self {
        let (shown, _) = broadcast::channel(BATCHES);
        Self { shown, counts: Arc::default(), watchers: Arc::default() }
    }
}

impl Tail {
    /// What to show once it is accepted; `None` where nobody watches, which is nearly always.
    pub(crate) fn to_show(&self, batch: &Batch) -> Option<Batch> {
        (self.shown.receiver_count() > 0).then(|| batch.clone())
    }

    /// Shows what was accepted. Waits for nobody.
    pub(crate) fn show(&self, batch: Batch) {
        // Counted and shown under one lock, so that counts come in the order in which they rise.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = &mut counts[batch.signal() as usize];
        *count += batch.records() as u64;
        let count = *count;
        if batch.request().len() <= MOST_BYTES {
            // An error says that nobody watches any more.
            let _nobody = self.shown.send(Shown { batch, count });
        }
    }

    /// Watches a signal from now on; `None` where too many do already.
    #[must_use]
    pub fn watch(&self, signal: Signal) -> Option<Watcher> {
        let place = |watchers| (watchers < WATCHERS).then_some(watchers + 1);
        self.watchers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, place).ok()?;
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (shown, count) = (self.shown.subscribe(), counts[signal as usize]);
        Some(Watcher { signal, tail: self.clone(), shown, count, pending: None })
    }
}

impl Watcher {
    /// What comes next; `None` when nothing can come any more.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped nothing is missed.
    pub async fn next(&mut self) -> Option<Seen> {
        if let Some(batch) = self.pending.take() {
            return Some(Seen::Batch(batch));
        }
        loop {
            match self.shown.recv().await {
                Ok(Shown { batch, count }) if batch.signal() == self.signal => {
                    let missed = (count - batch.records() as u64).saturating_sub(self.count);
                    self.count = self.count.max(count);
                    if missed == 0 {
                        return Some(Seen::Batch(batch));
                    }
                    self.pending = Some(batch);
                    return Some(Seen::Skipped(missed));
                }
                // The count of the next batch says how many records were missed.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.tail.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn batch(signal: Signal, records: usize, bytes: usize) -> Batch {
        Batch::new(signal, Bytes::from(vec![0; bytes]), records)
    }

    #[tokio::test]
    async fn a_slow_watcher_is_told_how_many_it_missed_and_holds_up_nobody() {
        let tail = Tail::default();
        let one = batch(Signal::Logs, 3, 10);
        assert_eq!(tail.to_show(&one), None, "nobody watches");
        let mut watcher = tail.watch(Signal::Logs).expect("room");
        let shown = tail.to_show(&one).expect("somebody watches");
        tail.show(shown);
        tail.show(batch(Signal::Traces, 9, 10));
        assert_eq!(watcher.next().await, Some(Seen::Batch(one.clone())));
        for _ in 0..BATCHES + 10 {
            tail.show(batch(Signal::Logs, 2, 10));
        }
        assert_eq!(watcher.next().await, Some(Seen::Skipped(20)));
        for _ in 0..BATCHES {
            assert_eq!(watcher.next().await, Some(Seen::Batch(batch(Signal::Logs, 2, 10))));
        }
        tail.show(batch(Signal::Logs, 7, MOST_BYTES + 1));
        tail.show(one.clone());
        assert_eq!(watcher.next().await, Some(Seen::Skipped(7)), "too large to be shown");
        assert_eq!(watcher.next().await, Some(Seen::Batch(one)));
    }

    #[test]
    fn so_many_may_watch_and_a_place_is_free_when_one_leaves() {
        let tail = Tail::default();
        let mut watchers: Vec<_> = (0..WATCHERS).map(|_| tail.watch(Signal::Logs).expect("room")).collect();
        assert!(tail.watch(Signal::Traces).is_none());
        watchers.pop();
        assert!(tail.watch(Signal::Traces).is_some());
    }
}
