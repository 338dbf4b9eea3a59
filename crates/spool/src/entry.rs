//! A record as a reader gets it.

use bytes::Bytes;

use crate::{position::Position, weight::Weight};

/// Bytes that a record takes beside its own: length, checksum, position and time.
pub const RECORD_OVERHEAD_BYTES: u64 = 24;

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub position: Position,
    /// When it was appended, in milliseconds since 1970 by the clock of this host.
    pub appended_at_ms: u64,
    /// The bytes that were given to [`crate::Spool::append`].
    pub record: Bytes,
    /// What all records up to and with this one count for, from the first that the opening found.
    pub upto: Weight,
}

/// How far a reader is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Everything up to here.
    pub position: Position,
    pub(crate) upto: Weight,
}

/// For tests that count nothing.
#[cfg(test)]
impl From<u64> for Mark {
    fn from(position: u64) -> Self {
        Self { position: position.into(), upto: Weight::default() }
    }
}

impl Entry {
    /// For a reader that is done with everything up to and with this record.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { position: self.position, upto: self.upto }
    }

    /// What it takes of the budget.
    pub(crate) fn frame_bytes(&self) -> u64 {
        frame_bytes(&self.record)
    }
}

/// What this record takes of the budget.
pub(crate) fn frame_bytes(record: &Bytes) -> u64 {
    record.len() as u64 + RECORD_OVERHEAD_BYTES
}
