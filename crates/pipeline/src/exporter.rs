//! What a destination must be able to do.

use std::{future::Future, time::Duration};

use crate::{batch::Batch, ranges::Ranges};

mod apart;
pub mod otlp;

pub use apart::sort_out;

/// What a destination keeps with batches, so that it knows them again when they come a second time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The log that they come from.
    pub log: u64,
    /// Receipts of one lane come one after the other, those of different lanes at the same time.
    pub lane: usize,
    /// The positions that these batches are, as a whole.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// The positions that this lane knows to be in the destination once these batches are; they are among them.
    pub has: Ranges,
}

/// What a destination will never take, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// As few records as could be told apart.
    pub batch: Batch,
    /// What the destination said.
    pub reason: String,
}

/// A destination of telemetry.
pub trait Exporter: Send + Sync + 'static {
    /// Gives all batches to the destination, or none of them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the destination with all of the batches or none of them.
    ///
    /// # Errors
    ///
    /// When the destination did not take them; [`ExportError`] says whether the same batches can be taken later.
    fn export(&self, batches: &[Batch]) -> impl Future<Output = Result<(), ExportError>> + Send;

    /// How many calls of [`Self::deliver`] the destination takes at the same time.
    fn lanes(&self) -> usize {
        1
    }

    /// What the destination has of this log; nothing, where it keeps no receipts.
    ///
    /// Called before anything of the log is delivered. Whoever delivered it before can not any more.
    ///
    /// # Errors
    ///
    /// When the destination can not be asked.
    fn resume(&self, log: u64) -> impl Future<Output = Result<Ranges, ExportError>> + Send {
        let _no_receipts = log;
        std::future::ready(Ok(Ranges::default()))
    }

    /// The same as [`Self::export`], and the destination keeps the receipt with the batches; batches whose receipt
    /// it has are not taken again. A destination that keeps no receipts may have batches twice.
    ///
    /// # Errors
    ///
    /// As for [`Self::export`].
    fn deliver(
        &self,
        batches: &[Batch],
        receipt: &Receipt,
    ) -> impl Future<Output = Result<(), ExportError>> + Send {
        let _kept_nowhere = receipt;
        self.export(batches)
    }

    /// The same as [`Self::deliver`] for a batch that was refused: the destination gets what it takes of it, and the
    /// rest comes back.
    ///
    /// # Errors
    ///
    /// When the destination can not take anything now.
    fn salvage(
        &self,
        batch: &Batch,
        receipt: &Receipt,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, ExportError>> + Send {
        let _kept_nowhere = receipt;
        apart::sort_out(batch, move |part| async move { self.export(std::slice::from_ref(&part)).await })
    }
}

/// Why a destination did not take some batches.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ExportError {
    /// It can not take anything now; the same batches can be taken later.
    #[error("{reason}")]
    Unavailable {
        /// What is wrong, in a sentence.
        reason: String,
        /// When the destination asked to be tried again, if it did.
        retry_after: Option<Duration>,
    },
    /// It can not take anything until somebody changes something: its settings, our credentials. The batches are
    /// not at fault.
    #[error("{reason}")]
    Unusable {
        /// What is wrong, in a sentence.
        reason: String,
    },
    /// It failed over these batches, and whether they are at fault is not known. They are tried again for a while, and
    /// then taken for refused.
    #[error("{reason}")]
    Failed {
        /// What is wrong, in a sentence.
        reason: String,
    },
    /// It will never take these batches as they are.
    #[error("{reason}")]
    Refused {
        /// What is wrong with them, in a sentence.
        reason: String,
    },
}

impl ExportError {
    /// Whether the same batches may be taken in a moment.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// When the destination asked to be tried again, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Unusable { .. } | Self::Failed { .. } | Self::Refused { .. } => None,
        }
    }
}
