//! What travels from a receiver to an exporter.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::signal::Signal;

/// Signal and count in front of a request that is kept.
const RECORD_HEAD_BYTES: usize = 9;

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

    /// The batch as the spool keeps it: a byte for the signal, the count in 8 bytes, little-endian, and the request.
    pub(crate) fn to_record(&self) -> Bytes {
        let mut record = BytesMut::with_capacity(RECORD_HEAD_BYTES + self.request.len());
        record.put_u8(self.signal as u8);
        record.put_u64_le(self.records as u64);
        record.put_slice(&self.request);
        record.freeze()
    }

    /// What [`Self::to_record`] made; `None` for anything else.
    pub(crate) fn from_record(mut record: Bytes) -> Option<Self> {
        if record.len() < RECORD_HEAD_BYTES {
            return None;
        }
        let signal = *Signal::ALL.get(usize::from(record.get_u8()))?;
        let records = usize::try_from(record.get_u64_le()).ok()?;
        Some(Self { signal, request: record, records })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_comes_back_from_its_record_and_nothing_else_does() {
        for signal in Signal::ALL {
            let batch = Batch::new(signal, Bytes::from_static(b"request"), 7);
            assert_eq!(Batch::from_record(batch.to_record()), Some(batch));
        }
        for record in [&b""[..], &[0; 8], &[3; 20]] {
            assert_eq!(Batch::from_record(Bytes::copy_from_slice(record)), None);
        }
    }
}
