//! How durable a spool is, how large, and what it does when it is full.

use std::path::PathBuf;

use crate::{entry::RECORD_OVERHEAD_BYTES, error::SpoolError, weight::Weight};

/// The longest record: above any OTLP request that a receiver takes, and far from what a length of 32 bits can say.
pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

/// A budget holds at least this many segments, so that dropping or freeing one never empties it.
const SEGMENTS_IN_BUDGET: u64 = 4;

/// The longest name of a reader: that of a destination, in a line of the cursor file.
const MAX_NAME_BYTES: usize = 200;

/// How a spool is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where its files are; created where it is missing, for this user only. Unused by [`Durability::Memory`].
    pub directory: PathBuf,
    /// What an acknowledged record survives.
    pub durability: Durability,
    /// Bytes of records, with [`crate::RECORD_OVERHEAD_BYTES`] for each, that are held at most.
    pub budget_bytes: u64,
    /// What happens when the budget is reached.
    pub policy: Policy,
    /// A new segment begins when one has grown to this size; at most a quarter of the budget is used. Segments are
    /// what is deleted and dropped as a whole. A record larger than this gets a segment of its own.
    pub segment_bytes: u64,
    /// What a record counts for, in [`crate::Reader::standing`]. Called for each record that is appended, found at the
    /// opening or read.
    pub weigh: fn(&[u8]) -> Weight,
}

/// What an acknowledged record survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: synced before the append returns.
    Disk,
    /// A crash of the process: written to the file before the append returns, not synced.
    Process,
    /// Nothing: there are no files.
    Memory,
}

/// What happens when the budget is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The append is refused with [`crate::AppendError::Full`].
    Refuse,
    /// The oldest goes (a segment on disk, a record in memory), counted in [`crate::Reader::lost`].
    DropOldest,
}

impl Options {
    /// What is wrong with these options and names, if anything.
    pub(crate) fn check(&self, readers: &[&str]) -> Result<(), SpoolError> {
        if self.budget_bytes <= RECORD_OVERHEAD_BYTES {
            return Err(SpoolError::Options("the budget of the spool holds no record: raise it".to_owned()));
        }
        for (index, name) in readers.iter().enumerate() {
            if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
                return Err(SpoolError::Options(format!(
                    "{name:?} can not name a reader: use 1 to {MAX_NAME_BYTES} bytes without control characters"
                )));
            }
            if readers[..index].contains(name) {
                return Err(SpoolError::Options(format!("two readers are called {name:?}: rename one")));
            }
        }
        Ok(())
    }

    /// The size of a segment that goes with the budget.
    pub(crate) fn effective_segment_bytes(&self) -> u64 {
        self.segment_bytes.min(self.budget_bytes / SEGMENTS_IN_BUDGET).max(1)
    }

    /// The longest record that can ever be taken.
    pub(crate) fn longest_record(&self) -> u64 {
        MAX_RECORD_BYTES.min(self.budget_bytes - RECORD_OVERHEAD_BYTES)
    }
}
