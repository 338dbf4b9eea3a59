//! What travels from a receiver to an exporter.

use bytes::Bytes;

use crate::signal::Signal;

/// One checked OTLP export request. Clones share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    signal: Signal,
    request: Bytes,
    records: usize,
}

impl Batch {
    /// Only [`crate::check`] makes a batch, so that a batch is always decodable and its count is right.
    pub(crate) fn new(signal: Signal, request: Bytes, records: usize) -> Self {
        Self { signal, request, records }
    }

    /// The signal of every record in it.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The `Export*ServiceRequest` in protobuf.
    #[must_use]
    pub fn request(&self) -> &Bytes {
        &self.request
    }

    /// Spans, data points or log records in it.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records
    }
}
