//! What a destination must be able to do.

use std::{future::Future, time::Duration};

use crate::batch::Batch;

pub mod otlp;

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
            Self::Unusable { .. } | Self::Refused { .. } => None,
        }
    }
}
