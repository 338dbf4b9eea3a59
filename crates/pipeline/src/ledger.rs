//! The counts that must add up, per signal.
//!
//! What a destination was given is stored, waiting, dead-lettered or dropped; nothing else can become of it. These come
//! from the spool and the destination's cursor in it, all read at one moment; what receivers were told is counted apart.

use std::sync::atomic::{AtomicU64, Ordering};

use mahavishnu_spool::{KINDS, Weight};
use serde::Serialize;

use crate::signal::Signal;

/// What became of the requests of senders, in records since the process started.
#[derive(Debug, Default)]
pub struct Ledger {
    accepted: [AtomicU64; KINDS],
    refused: [AtomicU64; KINDS],
    rejected: [AtomicU64; KINDS],
    repeated: [AtomicU64; KINDS],
}

/// What became of the records of one signal that senders brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Received {
    /// Acknowledged: every destination gets them.
    pub accepted: u64,
    /// Their sender was told to come again.
    pub refused: u64,
    /// They can not be kept as they are; their sender was told which and why.
    pub rejected: u64,
    /// Their sender brought them again though they had been accepted; acknowledged, and not taken a second time.
    pub repeated: u64,
}

/// What became of the records of one signal at one destination: `given` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Accepted since the process started, and those it found waiting then.
    pub given: u64,
    /// In the destination.
    pub stored: u64,
    /// Not yet.
    pub waiting: u64,
    /// Refused for what they hold, and put aside.
    pub dead_lettered: u64,
    /// Gone because there was no room for them, or their disk was damaged.
    pub dropped: u64,
    /// Not meant for this destination.
    pub skipped: u64,
}

impl Ledger {
    /// The counts of one signal.
    #[must_use]
    pub fn received(&self, signal: Signal) -> Received {
        let read = |counts: &[AtomicU64; KINDS]| counts[signal as usize].load(Ordering::Relaxed);
        Received {
            accepted: read(&self.accepted),
            refused: read(&self.refused),
            rejected: read(&self.rejected),
            repeated: read(&self.repeated),
        }
    }

    pub(crate) fn accepted(&self, weight: Weight) {
        add(&self.accepted, weight);
    }

    pub(crate) fn refused(&self, weight: Weight) {
        add(&self.refused, weight);
    }

    pub(crate) fn repeated(&self, weight: Weight) {
        add(&self.repeated, weight);
    }

    /// Counts records that a request held and that can not be kept.
    pub fn rejected(&self, signal: Signal, records: u64) {
        self.rejected[signal as usize].fetch_add(records, Ordering::Relaxed);
    }
}

fn add(counts: &[AtomicU64; KINDS], weight: Weight) {
    for (count, more) in counts.iter().zip(weight.0) {
        if more > 0 {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }
}
