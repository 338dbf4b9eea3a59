//! A durable, bounded log of opaque records with one cursor per reader.
//!
//! Every destination reads the same log at its own pace. A record stays until every cursor has passed it; a
//! destination that is away is a cursor that stands still. The spool knows only bytes.
//!
//! What it guarantees:
//!
//! - With [`Durability::Disk`] an acknowledged record survives a power cut, with [`Durability::Process`] a crash of
//!   the process, with [`Durability::Memory`] neither.
//! - Only records as durable as that are handed to readers, in the order of their positions, each at least once.
//! - It never holds more than its budget: then it refuses, or drops the oldest and counts what it dropped.
//! - Damage is set aside and counted, and never stops the start.
//!
//! | module | answers |
//! |---|---|
//! | [`options`] | how durable, how large, what when it is full? |
//! | `spool`, `reader` | the two handles: who writes, who reads |
//! | `state` | what is in the log and where does each cursor stand? Also the whole log in memory |
//! | `queue` | what waits for the writer thread |
//! | `disk` | segments, group commit, cursors and recovery; the format is in `docs/spool-format.md` |
//! | `storage` | the few things asked of a file system, so that tests can let it fail |
//!
//! ```
//! use mahavishnu_spool::{Durability, Options, Policy, Spool, Weight};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options {
//!     directory: "unused".into(),
//!     durability: Durability::Memory,
//!     budget_bytes: 1 << 20,
//!     policy: Policy::Refuse,
//!     segment_bytes: 1 << 18,
//!     weigh: |_record| Weight([1, 0, 0]),
//! };
//! let (spool, _recovery) = Spool::open(options, &["postgresql"])?;
//! spool.append("a record".into()).await?;
//! let mut reader = spool.reader("postgresql").ok_or("not a reader")?;
//! let entries = reader.read(100, 1 << 20).await?;
//! reader.advance(entries[0].mark());
//! assert_eq!(reader.standing().waiting, Weight([0, 0, 0]));
//! # Ok(())
//! # }
//! ```

pub mod options;

mod disk;
mod entry;
mod error;
mod position;
mod queue;
mod reader;
mod recovery;
mod spool;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod weight;

pub use entry::{Entry, Mark, RECORD_OVERHEAD_BYTES};
pub use error::{AppendError, ReadError, SpoolError};
pub use options::{Durability, MAX_RECORD_BYTES, Options, Policy};
pub use position::Position;
pub use reader::{Reader, Standing};
pub use recovery::{CursorFile, Recovery, SetAside};
pub use spool::Spool;
pub use weight::{KINDS, Weight};
