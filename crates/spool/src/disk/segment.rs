//! How a segment begins, and its records one after the other.

use std::io;

use super::{
    Identity,
    frame::{self, FRAME_HEADER, Frame, u32_at, u64_at},
};
use crate::storage::File;

/// The end of a segment's name, after its first position in 20 digits.
const EXTENSION: &str = ".seg";

/// Digits of the largest position, so that names sort as positions do.
const NAME_DIGITS: usize = 20;

/// The first bytes of every segment.
const MAGIC: &[u8; 8] = b"MVSPOOL\n";

/// The version of the format.
const VERSION: u32 = 1;

/// Bytes of a segment before its first record.
pub(crate) const SEGMENT_HEADER: usize = 40;

/// Read at a time: a few large requests, many small ones.
const READ_BYTES: usize = 256 * 1024;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The position of its first record.
    pub(crate) first: u64,
    /// The last position acknowledged before it began: records after that in older segments were never
    /// acknowledged, and are void.
    pub(crate) follows: u64,
    /// Of the log it belongs to.
    pub(crate) identity: Identity,
}

/// Why there is no header.
#[derive(Debug)]
pub(crate) enum HeaderError {
    /// Not a whole and right header.
    Bad,
    /// A whole and right header of a later version.
    Newer,
    /// Not readable.
    Io,
}

impl Header {
    pub(crate) fn encode(&self, into: &mut Vec<u8>) {
        let start = into.len();
        into.extend_from_slice(MAGIC);
        into.extend_from_slice(&VERSION.to_le_bytes());
        into.extend_from_slice(&[0; 4]);
        for number in [self.first, self.follows, self.identity.get()] {
            into.extend_from_slice(&number.to_le_bytes());
        }
        let checksum = checksum(&into[start..]);
        into[start + 12..start + 16].copy_from_slice(&checksum.to_le_bytes());
    }

    fn decode(bytes: &[u8; SEGMENT_HEADER]) -> Result<Self, HeaderError> {
        let number = |at| u64_at(bytes, at).ok_or(HeaderError::Bad);
        if &bytes[..MAGIC.len()] != MAGIC || u32_at(bytes, 12) != Some(checksum(bytes)) {
            return Err(HeaderError::Bad);
        }
        if u32_at(bytes, 8) != Some(VERSION) {
            return Err(HeaderError::Newer);
        }
        let header = Self { first: number(16)?, follows: number(24)?, identity: Identity(number(32)?) };
        // A first position of 0 or one that does not follow was never written.
        if header.first > header.follows { Ok(header) } else { Err(HeaderError::Bad) }
    }

    /// The header of this file.
    pub(crate) fn read(file: &mut dyn File) -> Result<Self, HeaderError> {
        let mut bytes = [0; SEGMENT_HEADER];
        match file.read_at(&mut bytes, 0) {
            Ok(SEGMENT_HEADER) => Self::decode(&bytes),
            Ok(_) => Err(HeaderError::Bad),
            Err(_) => Err(HeaderError::Io),
        }
    }
}

/// Of everything but the checksum itself.
fn checksum(header: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..12]);
    hasher.update(&header[16..]);
    hasher.finalize()
}

/// The name of the segment that begins with this position.
pub(crate) fn name(first: u64) -> String {
    format!("{first:0NAME_DIGITS$}{EXTENSION}")
}

/// The position in a segment's name.
pub(crate) fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(EXTENSION)?;
    (digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    digits.parse().ok()
}

/// Reads one record after the other.
#[derive(Debug)]
pub(crate) struct Scan {
    file: Box<dyn File>,
    buffer: Vec<u8>,
    /// Where in the buffer the next record begins, and where in the file that is.
    start: usize,
    offset: u64,
    /// Where the file ends, as far as it counts.
    end: u64,
}

/// One step of a scan.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Record(Frame<'a>),
    /// The end was reached with a whole record.
    End,
    /// What comes is no whole record.
    Bad,
}

impl Scan {
    /// Begins after the header and goes to `end`.
    pub(crate) fn new(file: Box<dyn File>, end: u64) -> Self {
        Self { file, buffer: Vec::new(), start: 0, offset: SEGMENT_HEADER as u64, end }
    }

    /// The file has grown.
    pub(crate) fn set_end(&mut self, end: u64) {
        self.end = end;
    }

    /// Where the next record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The file again.
    pub(crate) fn into_file(self) -> Box<dyn File> {
        self.file
    }

    /// The next record, which is then behind.
    ///
    /// # Errors
    ///
    /// When the file can not be read; the next call tries again.
    pub(crate) fn step(&mut self) -> io::Result<Step<'_>> {
        match self.fill(FRAME_HEADER)? {
            0 => return Ok(Step::End),
            available if available < FRAME_HEADER => return Ok(Step::Bad),
            _ => {}
        }
        let Some(length) = frame::length_of(&self.buffer[self.start..]) else { return Ok(Step::Bad) };
        if self.fill(length)? < length {
            return Ok(Step::Bad);
        }
        let at = self.start;
        let Some(frame) = frame::decode(&self.buffer[at..at + length]) else { return Ok(Step::Bad) };
        self.start += length;
        self.offset += length as u64;
        Ok(Step::Record(frame))
    }

    /// Goes back by the record of this length that was just read.
    pub(crate) fn step_back(&mut self, length: usize) {
        self.start -= length;
        self.offset -= length as u64;
    }

    /// Sees to it that so many bytes are in the buffer, unless the end comes before; says how many there are.
    fn fill(&mut self, wanted: usize) -> io::Result<usize> {
        let available = self.buffer.len() - self.start;
        let rest = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        // Nothing is allocated for a length that the file can not hold.
        if wanted > rest || available >= wanted {
            return Ok(rest.min(wanted));
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let target = wanted.max(READ_BYTES).min(rest);
        // One large record should not leave a large buffer behind.
        self.buffer.shrink_to(target.max(READ_BYTES));
        self.buffer.resize(target, 0);
        let read = self.file.read_at(&mut self.buffer[available..], self.offset + available as u64);
        self.buffer.truncate(available + read.as_ref().copied().unwrap_or(0));
        read.map(|_| self.buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Header, Identity, frame, name, parse_name};

    #[test]
    fn a_segment_stays_as_it_is_documented() {
        let mut bytes = Vec::new();
        Header { first: 7, follows: 5, identity: Identity(0x0102_0304_0506_0708) }.encode(&mut bytes);
        frame::encode(&mut bytes, &Frame { position: 7, appended_at_ms: 1_700_000_000_000, record: b"abc" });
        let golden: &[&[u8]] = &[
            b"MVSPOOL\n",
            &[1, 0, 0, 0],
            &0x7800_e179_u32.to_le_bytes(),
            &[7, 0, 0, 0, 0, 0, 0, 0],
            &[5, 0, 0, 0, 0, 0, 0, 0],
            &[8, 7, 6, 5, 4, 3, 2, 1],
            &[3, 0, 0, 0],
            &0x0a09_62e2_u32.to_le_bytes(),
            &[7, 0, 0, 0, 0, 0, 0, 0],
            &[0, 0x68, 0xe5, 0xcf, 0x8b, 0x01, 0, 0],
            b"abc",
        ];
        assert_eq!(bytes, golden.concat());
    }

    #[test]
    fn names_sort_as_positions_do() {
        assert_eq!(name(42), "00000000000000000042.seg");
        assert_eq!(parse_name(&name(u64::MAX)), Some(u64::MAX));
        for other in [
            "42.seg",
            "0000000000000000004x.seg",
            "+0000000000000000042.seg",
            "cursors",
            "99999999999999999999.seg",
        ] {
            assert_eq!(parse_name(other), None);
        }
    }
}
