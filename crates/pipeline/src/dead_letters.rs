//! What a destination refused for good, where the destination has no place for it.
//!
//! Dead letters are kept in a spool of their own, oldest first, until somebody looks: then they are sent again or
//! thrown away. When there are too many the oldest go.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use mahavishnu_spool::{Entry, Mark, ReadError, Spool};

use crate::batch::Batch;

/// The name of the cursor before what was not sent again or thrown away.
pub const READER: &str = "kept";

/// A reason is cut after this: it comes from the destination.
const MAX_REASON_BYTES: usize = 2000;

/// Read at a time.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// One dead letter as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Where it is; rises.
    pub mark: Mark,
    /// When it was put here, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who refused it.
    pub destination: String,
    /// Why.
    pub reason: String,
    /// What.
    pub batch: Batch,
}

/// How a dead letter is kept: two texts, each with its length in two bytes before it, little-endian, and the batch.
pub(crate) fn record(destination: &str, reason: &str, batch: &Batch) -> Bytes {
    let mut record = BytesMut::new();
    for text in [destination, reason] {
        let text = &text[..text.floor_char_boundary(MAX_REASON_BYTES)];
        record.put_u16_le(u16::try_from(text.len()).unwrap_or_default());
        record.put_slice(text.as_bytes());
    }
    record.put_slice(&batch.to_record());
    record.freeze()
}

fn kept(entry: &Entry) -> Option<Kept> {
    let mut record = entry.record.clone();
    let mut text = || {
        let length = usize::from(record.try_get_u16_le().ok()?);
        let text = (record.len() >= length).then(|| record.split_to(length))?;
        String::from_utf8(text.to_vec()).ok()
    };
    let (destination, reason) = (text()?, text()?);
    let batch = Batch::from_record(record)?;
    Some(Kept { mark: entry.mark(), at_ms: entry.appended_at_ms, destination, reason, batch })
}

/// The oldest dead letters, up to `limit`; they stay.
///
/// # Errors
///
/// When they can not be read.
pub async fn list(spool: &Spool, limit: usize) -> Result<Vec<Kept>, ReadError> {
    let Some(mut reader) = spool.reader(READER) else { return Ok(Vec::new()) };
    let (mut letters, mut seen, there) = (Vec::new(), 0, reader.lag_records());
    while seen < there && letters.len() < limit {
        let entries = reader.read(limit - letters.len(), READ_BYTES).await?;
        seen += entries.len() as u64;
        letters.extend(entries.iter().filter_map(kept));
    }
    Ok(letters)
}

/// Forgets the dead letters up to this one.
pub fn forget(spool: &Spool, mark: Mark) {
    if let Some(reader) = spool.reader(READER) {
        reader.advance(mark);
    }
}

/// How many there are.
#[must_use]
pub fn count(spool: &Spool) -> u64 {
    spool.reader(READER).map_or(0, |reader| reader.lag_records())
}
