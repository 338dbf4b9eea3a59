//! The log on disk: segments, group commit, cursors, recovery. `docs/spool-format.md` says what the files look like.
//!
//! | module | answers |
//! |---|---|
//! | [`frame`] | how is a record written? |
//! | [`segment`] | how does a segment begin, and what are its records? |
//! | [`cursors`] | how are the cursors kept? |
//! | [`place`] | how does a reader read on in a segment? |
//! | [`writer`], [`housekeeping`] | who writes, syncs, deletes? One thread, see [`thread`] |
//! | [`recover`], [`damage`] | what is left after a crash, and what was lost? |

use std::{
    hash::{BuildHasher, RandomState},
    io,
    sync::Arc,
};

use crate::{
    error::SpoolError, options::Options, recovery::Recovery, spool::Clock, state::Log, storage::Disk,
};

mod cursors;
mod damage;
mod frame;
mod housekeeping;
mod place;
mod recover;
mod segment;
mod thread;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use place::{Found, Place};
pub(crate) use thread::start;
pub(crate) use writer::Writer;

/// The newest records stay in memory up to this much: a reader may fall some commits behind without touching a file.
const TAIL_BYTES: u64 = 16 * 1024 * 1024;

/// A log's own number; see [`crate::Spool::identity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64);

impl Identity {
    /// Another one each time: the keys of the standard library's hash tables are random.
    pub(crate) fn random() -> Self {
        Self(RandomState::new().hash_one("identity"))
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}

/// Locks the directory, recovers what is there, and makes the writer that goes on with it.
pub(crate) fn open(
    disk: &Arc<dyn Disk>,
    options: &Options,
    readers: &[&str],
    clock: &Clock,
) -> Result<(Writer, Recovery), SpoolError> {
    let unusable = |source| SpoolError::Directory { directory: options.directory.clone(), source };
    disk.lock().map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => SpoolError::Locked { directory: options.directory.clone() },
        _ => unusable(source),
    })?;
    let recovered = recover::recover(disk.as_ref(), readers, options.weigh).inspect_err(|_| disk.unlock());
    let recovered = recovered.map_err(|error| match error {
        recover::RecoverError::Newer(file) => {
            SpoolError::Newer { directory: options.directory.clone(), file }
        }
        recover::RecoverError::Io(source) => unusable(source),
    })?;
    let recovery = recovered.recovery;
    if recovery.is_clean() {
        tracing::info!(%recovery, "spool opened");
    } else {
        tracing::warn!(%recovery, "spool opened after damage or an abrupt end");
    }
    let log = Arc::new(Log::new(recovered.state));
    let mut writer = Writer::new(Arc::clone(disk), log, options, recovered.identity, Arc::clone(clock));
    // What was concluded from the damage is written down, so that the next start concludes the same.
    writer.housekeep();
    Ok((writer, recovery))
}
