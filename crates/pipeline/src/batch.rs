//! What travels from a receiver to an exporter.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use mahavishnu_spool::Weight;

use crate::{check, signal::Signal};

mod halves;

/// Signal and count in front of a request that is kept.
const RECORD_HEAD_BYTES: usize = 9;

/// Set in the byte of the signal where the name of a destination follows the count.
const ADDRESSED: u8 = 0x80;

/// Set there where the request is known to be plain.
const PLAIN: u8 = 0x40;

/// The longest name of a destination in a record; its length is one byte.
const MAX_NAME_BYTES: usize = 200;

/// One checked OTLP export request. Clones share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    signal: Signal,
    request: Bytes,
    records: usize,
    /// Whether it is known to be plain: who reads it need not walk through it for that.
    plain: bool,
    /// The one destination that it is for, where it is not for all of them.
    only_for: Option<Arc<str>>,
}

impl Batch {
    /// Only [`crate::check`] makes a batch, so that a batch is always decodable and its count is right.
    pub(crate) fn new(signal: Signal, request: Bytes, records: usize) -> Self {
        Self { signal, request, records, plain: false, only_for: None }
    }

    /// The same, of a request that was found to be plain.
    pub(crate) fn plain(self) -> Self {
        Self { plain: true, ..self }
    }

    /// Whether its bytes can be read field by field; see [`check::is_plain`].
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain || check::is_plain(self.signal, &self.request)
    }

    /// The same, but no other destination gets it. A name is cut after 200 bytes.
    #[must_use]
    pub fn only_for(self, destination: &str) -> Self {
        let end = destination.floor_char_boundary(MAX_NAME_BYTES);
        Self { only_for: Some(destination[..end].into()), ..self }
    }

    /// Whether this destination gets it.
    #[must_use]
    pub fn is_for(&self, destination: &str) -> bool {
        self.only_for.as_deref().is_none_or(|only| only == destination)
    }

    /// The batch as the spool keeps it: a byte for the signal and whether the request is plain, the count in 8 bytes,
    /// little-endian, and the request; where it is for one destination alone, the length of its name in a byte and the name before the request.
    pub(crate) fn to_record(&self) -> Bytes {
        let name = self.only_for.as_deref().unwrap_or_default();
        let mut record = BytesMut::with_capacity(RECORD_HEAD_BYTES + 1 + name.len() + self.request.len());
        let plain = if self.plain { PLAIN } else { 0 };
        record.put_u8(self.signal as u8 | plain | if name.is_empty() { 0 } else { ADDRESSED });
        record.put_u64_le(self.records as u64);
        if !name.is_empty() {
            record.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
            record.put_slice(name.as_bytes());
        }
        record.put_slice(&self.request);
        record.freeze()
    }

    /// What a record of [`Self::to_record`] counts for: its records, under its signal.
    pub(crate) fn weigh(mut record: &[u8]) -> Weight {
        let mut weight = Weight::default();
        if record.len() >= RECORD_HEAD_BYTES
            && let Some(count) = weight.0.get_mut(signal_number(record.get_u8()))
        {
            *count = record.get_u64_le();
        }
        weight
    }

    /// What this batch counts for.
    pub(crate) fn weight(&self) -> Weight {
        let mut weight = Weight::default();
        weight.0[self.signal as usize] = self.records as u64;
        weight
    }

    /// What [`Self::to_record`] made; `None` for anything else.
    pub(crate) fn from_record(mut record: Bytes) -> Option<Self> {
        if record.len() < RECORD_HEAD_BYTES {
            return None;
        }
        let head = record.get_u8();
        let signal = *Signal::ALL.get(signal_number(head))?;
        let records = usize::try_from(record.get_u64_le()).ok()?;
        let mut only_for = None;
        if head & ADDRESSED != 0 {
            let length = usize::from(record.try_get_u8().ok()?);
            let name = (record.len() >= length).then(|| record.split_to(length))?;
            only_for = Some(std::str::from_utf8(&name).ok()?.into());
        }
        Some(Self { signal, request: record, records, plain: head & PLAIN != 0, only_for })
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

fn signal_number(head: u8) -> usize {
    usize::from(head & !(ADDRESSED | PLAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_comes_back_from_its_record_and_nothing_else_does() {
        for signal in Signal::ALL {
            let batch = Batch::new(signal, Bytes::from_static(b"request"), 7);
            assert_eq!(Batch::weigh(&batch.to_record()), batch.weight());
            assert_eq!(Batch::from_record(batch.to_record()), Some(batch.clone()));
            let plain = batch.clone().plain();
            assert!(plain.is_plain());
            assert_eq!(Batch::weigh(&plain.to_record()), batch.weight());
            assert_eq!(Batch::from_record(plain.to_record()), Some(plain));
            let addressed = batch.only_for("postgresql");
            assert!(addressed.is_for("postgresql") && !addressed.is_for("otlp"));
            assert_eq!(Batch::weigh(&addressed.to_record()), addressed.weight());
            assert_eq!(Batch::from_record(addressed.to_record()), Some(addressed));
        }
        for record in [&b""[..], &[0; 8], &[3; 20], &[0x80; 12]] {
            assert_eq!(Batch::from_record(Bytes::copy_from_slice(record)), None);
        }
    }
}
