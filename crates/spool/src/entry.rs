//! A record as a reader gets it.

use bytes::Bytes;

use crate::position::Position;

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
}

impl Entry {
    /// What it takes of the budget.
    pub(crate) fn frame_bytes(&self) -> u64 {
        frame_bytes(&self.record)
    }
}

/// What this record takes of the budget.
pub(crate) fn frame_bytes(record: &Bytes) -> u64 {
    record.len() as u64 + RECORD_OVERHEAD_BYTES
}
