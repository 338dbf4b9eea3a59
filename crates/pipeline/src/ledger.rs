//! The counts that must add up: accepted = stored + waiting + refused, per signal.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::signal::Signal;

/// Counts of records since the process started.
#[derive(Debug, Default)]
pub struct Ledger {
    signals: [Counts; 3],
}

/// The counts of one signal at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Records in the destination.
    pub stored: u64,
    /// Records handed over and not answered yet.
    pub waiting: u64,
    /// Records of which the sender was told that they were not taken.
    pub refused: u64,
    /// Records that can not be kept as they are; the sender was told which and why.
    pub rejected: u64,
}

#[derive(Debug, Default)]
struct Counts {
    stored: AtomicU64,
    waiting: AtomicU64,
    refused: AtomicU64,
    rejected: AtomicU64,
}

impl Ledger {
    /// The counts of one signal.
    #[must_use]
    pub fn entry(&self, signal: Signal) -> Entry {
        let counts = self.counts(signal);
        Entry {
            stored: counts.stored.load(Ordering::Relaxed),
            waiting: counts.waiting.load(Ordering::Relaxed),
            refused: counts.refused.load(Ordering::Relaxed),
            rejected: counts.rejected.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn waiting(&self, signal: Signal, records: u64) {
        self.counts(signal).waiting.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn stored(&self, signal: Signal, records: u64) {
        let counts = self.counts(signal);
        counts.waiting.fetch_sub(records, Ordering::Relaxed);
        counts.stored.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, signal: Signal, records: u64) {
        let counts = self.counts(signal);
        counts.waiting.fetch_sub(records, Ordering::Relaxed);
        counts.refused.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn rejected(&self, signal: Signal, records: u64) {
        self.counts(signal).rejected.fetch_add(records, Ordering::Relaxed);
    }

    fn counts(&self, signal: Signal) -> &Counts {
        &self.signals[signal as usize]
    }
}
