//! How a record is written: length, checksum, position, time, bytes.

use crate::{entry::RECORD_OVERHEAD_BYTES, options::MAX_RECORD_BYTES};

/// Bytes before the record's own.
pub(crate) const FRAME_HEADER: usize = RECORD_OVERHEAD_BYTES as usize;

/// Where the checksummed part begins: after length and checksum.
const CHECKED_FROM: usize = 8;

/// One record in a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) position: u64,
    pub(crate) appended_at_ms: u64,
    pub(crate) record: &'a [u8],
}

impl Frame<'_> {
    /// Bytes that it takes in the file.
    pub(crate) fn length(&self) -> usize {
        FRAME_HEADER + self.record.len()
    }
}

/// Appends a record to a buffer. Its length was checked when it was taken.
pub(crate) fn encode(into: &mut Vec<u8>, frame: &Frame<'_>) {
    let start = into.len();
    let length = u32::try_from(frame.record.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(&frame.position.to_le_bytes());
    into.extend_from_slice(&frame.appended_at_ms.to_le_bytes());
    into.extend_from_slice(frame.record);
    let checksum = crc32fast::hash(&into[start + CHECKED_FROM..]);
    into[start + 4..start + CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
}

/// How long the frame is whose first bytes these are; `None` where no frame is that long.
pub(crate) fn length_of(header: &[u8]) -> Option<usize> {
    let length = u64::from(u32_at(header, 0)?);
    (length <= MAX_RECORD_BYTES).then(|| FRAME_HEADER + usize::try_from(length).unwrap_or(usize::MAX))
}

/// The position that the frame claims whose first bytes these are.
pub(crate) fn position_of(header: &[u8]) -> Option<u64> {
    u64_at(header, CHECKED_FROM)
}

/// The frame at the start of these bytes, if it is whole and right.
pub(crate) fn decode(bytes: &[u8]) -> Option<Frame<'_>> {
    let bytes = bytes.get(..length_of(bytes)?)?;
    let checksum = crc32fast::hash(&bytes[CHECKED_FROM..]);
    (u32_at(bytes, 4)? == checksum).then_some(Frame {
        position: u64_at(bytes, 8)?,
        appended_at_ms: u64_at(bytes, 16)?,
        record: &bytes[FRAME_HEADER..],
    })
}

/// A number in little-endian bytes.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A number in little-endian bytes.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Frame, decode, encode};

    proptest! {
        #[test]
        fn a_frame_is_read_as_it_was_written_and_any_flipped_bit_shows(
            record: Vec<u8>, position: u64, appended_at_ms: u64, rest: Vec<u8>, bit: proptest::sample::Index,
        ) {
            let frame = Frame { position, appended_at_ms, record: &record };
            let mut bytes = Vec::new();
            encode(&mut bytes, &frame);
            let length = bytes.len();
            bytes.extend_from_slice(&rest);
            prop_assert_eq!(decode(&bytes).unwrap(), frame);
            prop_assert_eq!(decode(&bytes[..length - 1]), None);
            let bit = bit.index(length * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decode(&bytes), None);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _frame = decode(&bytes);
        }
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(decode(&[0; 64]), None);
    }
}
