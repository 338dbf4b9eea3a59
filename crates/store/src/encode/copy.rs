//! PostgreSQL's binary COPY format, value by value (PostgreSQL documentation, COPY, "Binary Format").

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::{attributes::write_array, time::UnixNanos};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Type ids of array elements (`pg_type.oid`).
const OID_INT8: u32 = 20;
const OID_UUID: u32 = 2950;

/// The version byte of `jsonb`'s binary form.
const JSONB_VERSION: u8 = 1;

/// A COPY stream is sent in pieces of this size: large enough to cost few messages, small enough to overlap.
const PIECE_BYTES: usize = 256 * 1024;

/// Memory of pieces that is kept for the next rows: those of two writers with a full group each.
const KEPT_PIECES: usize = 64;

/// Memory that pieces are made of, used again: new pages of memory cost more than what is written into them.
static PIECES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Rows of one table, ready to be sent. Values are pushed in the order of the columns.
#[derive(Debug, Default)]
pub struct CopyBuffer {
    full: Vec<Bytes>,
    bytes: Vec<u8>,
    rows: usize,
}

/// A piece that gives its memory back when it was sent.
struct Piece(Vec<u8>);

impl Piece {
    /// Empty, with room for a piece and the row that goes beyond it.
    fn memory() -> Vec<u8> {
        let kept = PIECES.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 8))
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut memory = std::mem::take(&mut self.0);
        // One that a large row made larger is not kept.
        if memory.capacity() > 2 * PIECE_BYTES {
            return;
        }
        memory.clear();
        let mut pieces = PIECES.lock().unwrap_or_else(PoisonError::into_inner);
        if pieces.len() < KEPT_PIECES {
            pieces.push(memory);
        }
    }
}

impl CopyBuffer {
    /// Rows begun so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The finished stream, in pieces.
    #[must_use]
    pub fn finish(mut self) -> Vec<Bytes> {
        if self.rows == 0 {
            self.head();
        }
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        self.full.push(Bytes::from_owner(Piece(self.bytes)));
        self.full
    }

    pub(crate) fn begin_row(&mut self, columns: i16) {
        if self.rows == 0 {
            self.head();
        } else if self.bytes.len() >= PIECE_BYTES {
            let full = std::mem::replace(&mut self.bytes, Piece::memory());
            self.full.push(Bytes::from_owner(Piece(full)));
        }
        self.rows += 1;
        self.bytes.extend_from_slice(&columns.to_be_bytes());
    }

    fn head(&mut self) {
        self.bytes = Piece::memory();
        self.bytes.extend_from_slice(SIGNATURE);
        // Flags and the length of the header's extension: none.
        self.bytes.extend_from_slice(&[0; 8]);
    }

    pub(crate) fn null(&mut self) {
        self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    /// A value of the type `"char"`: one byte.
    pub(crate) fn char(&mut self, value: u8) {
        self.fixed(&[value]);
    }

    pub(crate) fn int2(&mut self, value: i16) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn int4(&mut self, value: i32) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn int8(&mut self, value: i64) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn float8(&mut self, value: f64) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn uuid(&mut self, value: [u8; 16]) {
        self.fixed(&value);
    }

    pub(crate) fn timestamptz(&mut self, time: UnixNanos) {
        self.int8(time.postgres_micros());
    }

    /// Text without NUL; see [`crate::encode::extra::Extra::text`].
    pub(crate) fn text(&mut self, text: &str) {
        self.fixed(text.as_bytes());
    }

    /// What `write` writes as `jsonb`; NULL where it writes nothing.
    pub(crate) fn jsonb(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.push(JSONB_VERSION);
        write(&mut self.bytes);
        let length = self.bytes.len() - start - 4;
        if length == 1 {
            self.bytes.truncate(start);
            self.null();
        } else {
            self.patch_length(start);
        }
    }

    /// What `write` writes as text, without NUL; NULL where it writes nothing.
    pub(crate) fn written_text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        write(&mut self.bytes);
        if self.bytes.len() == start + 4 {
            self.bytes.truncate(start);
            self.null();
        } else {
            self.patch_length(start);
        }
    }

    /// A list as `jsonb`; NULL where it is empty.
    pub(crate) fn jsonb_array<T>(&mut self, items: &[T], write: impl FnMut(&mut Vec<u8>, &T)) {
        self.jsonb(|out| {
            if !items.is_empty() {
                write_array(out, items, write);
            }
        });
    }

    /// The bits of unsigned integers as `bigint[]`.
    pub(crate) fn int8_array(&mut self, values: &[u64]) {
        self.array(OID_INT8, values, |value| value.to_be_bytes());
    }

    /// `uuid[]`.
    pub(crate) fn uuid_array(&mut self, values: &[[u8; 16]]) {
        self.array(OID_UUID, values, |value| *value);
    }

    pub(crate) fn optional<T>(&mut self, value: Option<T>, push: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => push(self, value),
            None => self.null(),
        }
    }

    fn fixed(&mut self, value: &[u8]) {
        let length =
            i32::try_from(value.len()).expect("a value is within the request limit, far under 2 GiB");
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
    }

    fn array<T, const N: usize>(&mut self, oid: u32, values: &[T], encode: impl Fn(&T) -> [u8; N]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        // One dimension (none when empty), no NULL inside.
        let dimensions = i32::from(!values.is_empty());
        self.bytes.extend_from_slice(&dimensions.to_be_bytes());
        self.bytes.extend_from_slice(&0_i32.to_be_bytes());
        self.bytes.extend_from_slice(&oid.to_be_bytes());
        if !values.is_empty() {
            let length = i32::try_from(values.len()).expect("an array is within the request limit");
            self.bytes.extend_from_slice(&length.to_be_bytes());
            self.bytes.extend_from_slice(&1_i32.to_be_bytes());
            for value in values {
                self.fixed(&encode(value));
            }
        }
        self.patch_length(start);
    }

    fn patch_length(&mut self, start: usize) {
        let length =
            i32::try_from(self.bytes.len() - start - 4).expect("a value is within the request limit");
        self.bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}
