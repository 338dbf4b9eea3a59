//! Where a page of a list ended: the next one begins behind it.
//!
//! A list is ordered by time and, where times are equal, by something that never changes, so that rows that come between two
//! pages move nothing: the id of a trace, the place of a log record or data point in its table.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use crate::{
    error::StoreError,
    time::{PgTimestamp, UnixNanos},
};

/// Bytes of a cursor without its checksum: list, time, nanoseconds, what decides between equal times.
const BYTES: usize = 1 + 8 + 2 + 16;

/// Bytes of the checksum: what was mistyped or cut off is told from what we gave.
const CHECKSUM_BYTES: usize = 4;

/// Which list a cursor is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Traces.
    Traces = 1,
    /// Log records.
    Logs = 2,
    /// Data points.
    Points = 3,
}

/// The last row of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    list: List,
    micros: i64,
    nanos: i16,
    tie: [u8; 16],
}

/// Some rows of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows, newest first. There may be fewer than were asked for though more follow.
    pub items: Vec<T>,
    /// Where the next page begins; `None` where nothing follows.
    pub next: Option<Cursor>,
}

impl Cursor {
    pub(super) fn of_trace(start: PgTimestamp, id: [u8; 16]) -> Self {
        Self { list: List::Traces, micros: start.0, nanos: 0, tie: id }
    }

    /// Of a row at a place in its table, as PostgreSQL writes a `ctid`; a series where rows are of one.
    pub(super) fn of_row(list: List, time: UnixNanos, series: i64, place: &str) -> Option<Self> {
        let (block, offset) = place.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
        let mut tie = [0; 16];
        tie[..8].copy_from_slice(&series.to_be_bytes());
        tie[8..12].copy_from_slice(&block.parse::<u32>().ok()?.to_be_bytes());
        tie[12..14].copy_from_slice(&offset.parse::<u16>().ok()?.to_be_bytes());
        Some(Self { list, micros: time.postgres_micros(), nanos: time.remainder_nanos(), tie })
    }

    /// From its text.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidArgument`] for anything but what a page of this list said.
    pub fn parse(text: &str, list: List) -> Result<Self, StoreError> {
        let wrong = || {
            StoreError::InvalidArgument(
                "this cursor is none of this list: take the one from the Link header of the page before, or leave it out"
                    .to_owned(),
            )
        };
        let mut bytes = [0; BYTES + CHECKSUM_BYTES];
        if text.len() != 2 * bytes.len() || const_hex::decode_to_slice(text, &mut bytes).is_err() {
            return Err(wrong());
        }
        let (body, sum) = bytes.split_at(BYTES);
        if checksum(body) != sum || body[0] != list as u8 {
            return Err(wrong());
        }
        let (mut micros, mut nanos, mut tie) = ([0; 8], [0; 2], [0; 16]);
        micros.copy_from_slice(&body[1..9]);
        nanos.copy_from_slice(&body[9..11]);
        tie.copy_from_slice(&body[11..]);
        Ok(Self { list, micros: i64::from_be_bytes(micros), nanos: i16::from_be_bytes(nanos), tie })
    }

    /// The time of the row.
    pub(super) fn time(&self) -> PgTimestamp {
        PgTimestamp(self.micros)
    }

    /// The nanoseconds beside it.
    pub(super) fn nanos(&self) -> i16 {
        self.nanos
    }

    /// The id of the trace.
    pub(super) fn id(&self) -> uuid::Uuid {
        uuid::Uuid::from_bytes(self.tie)
    }

    /// The series of the row.
    pub(super) fn series(&self) -> i64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.tie[..8]);
        i64::from_be_bytes(bytes)
    }

    /// The place of the row, as PostgreSQL reads a `tid`.
    pub(super) fn place(&self) -> String {
        let block = u32::from_be_bytes([self.tie[8], self.tie[9], self.tie[10], self.tie[11]]);
        let offset = u16::from_be_bytes([self.tie[12], self.tie[13]]);
        format!("({block},{offset})")
    }

    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[0] = self.list as u8;
        bytes[1..9].copy_from_slice(&self.micros.to_be_bytes());
        bytes[9..11].copy_from_slice(&self.nanos.to_be_bytes());
        bytes[11..].copy_from_slice(&self.tie);
        bytes
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes();
        write!(f, "{}{}", const_hex::encode(bytes), const_hex::encode(checksum(&bytes)))
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, ..] = xxh3_64(body).to_be_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_and_nothing_else_is_one() {
        let time = UnixNanos(1_790_000_000_123_456_789);
        let row = Cursor::of_row(List::Points, time, -7, "(4000000000,291)").expect("a place");
        let text = row.to_string();
        assert_eq!(Cursor::parse(&text, List::Points).expect("a cursor"), row);
        assert_eq!((row.series(), row.place().as_str(), row.nanos()), (-7, "(4000000000,291)", 789));
        let trace = Cursor::of_trace(PgTimestamp(-5), [9; 16]);
        assert_eq!(Cursor::parse(&trace.to_string(), List::Traces).expect("a cursor"), trace);

        let mut changed = text.clone();
        changed.replace_range(10..11, if text.as_bytes()[10] == b'0' { "1" } else { "0" });
        for wrong in ["", "0", "zz", &text[1..], &changed, &format!("0x{}", &text[2..]), "\u{e9}\u{e9}"] {
            let refused = Cursor::parse(wrong, List::Points).expect_err(wrong).to_string();
            assert!(refused.contains("Link header"), "{refused}");
        }
        assert!(Cursor::parse(&text, List::Logs).is_err());
        assert_eq!(Cursor::of_row(List::Logs, time, 0, "4,2"), None);
    }
}
