//! What can go wrong, by what was asked.

use std::{io, path::PathBuf};

/// Why a spool does not open or close.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another spool, here or in another process, has this directory.
    #[error("the spool in {} is in use by another process: stop that one or give this one another directory", .directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// The directory can not be made, read or locked.
    #[error("the spool's directory {} can not be used: check that it exists and may be written", .directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A later version of this program wrote the file: reading it as this version's would lose it.
    #[error("{file} in {} was written by a newer version: start that version, or give this one another directory", .directory.display())]
    Newer {
        /// The directory.
        directory: PathBuf,
        /// The file in it.
        file: String,
    },
    /// The options contradict themselves; the sentence says how.
    #[error("{0}")]
    Options(String),
    /// The cursors could not be written at the end: some records will be read again.
    #[error("the spool could not write its cursors: some records will be read again")]
    Cursors {
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no thread.
    #[error("the spool got no thread for its writer: raise the limit on threads")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
}

/// Why a record was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The budget is reached: come again when the readers have got on.
    #[error("the spool has reached its budget: send again later")]
    Full,
    /// The spool was sealed or closed.
    #[error("the spool is closed: send again after the restart")]
    Closed,
    /// The record was not kept; the sentence says why. A later append may succeed.
    ///
    /// The record may be there after a restart all the same, if the process ends before another append succeeds.
    #[error("{0}")]
    Failed(String),
    /// The record is longer than [`crate::MAX_RECORD_BYTES`] or than the budget: it will never be taken.
    #[error("the record is larger than the spool can hold: send less at once")]
    TooLarge,
}

impl AppendError {
    /// Whether the same record may be taken later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::TooLarge)
    }
}

/// Why nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The spool was sealed or closed, and everything in it was read.
    #[error("the spool is closed and has been read to its end")]
    Closed,
    /// A file can not be read now: try again after a while. What stays unreadable is given up after some tries.
    #[error("{0}")]
    Failed(String),
}
