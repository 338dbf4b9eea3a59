//! The column `extra`: fields that are rarely set, and originals of texts that PostgreSQL can not hold.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::KeyValue;

use crate::attributes::{write_attributes, write_key, write_string};

/// What stands for NUL in a text column: U+FFFD, the replacement character.
const REPLACEMENT: &str = "\u{fffd}";

/// The text as a column can hold it.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&0) { text.replace('\0', REPLACEMENT).into() } else { text.into() }
}

/// The number of an enum as a column of two bytes can hold it: 0 where it does not fit.
pub(crate) fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or(0)
}

/// An object that is built while a row is encoded; it takes no memory as long as it is empty.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    json: Vec<u8>,
}

impl Extra {
    /// The text as a column can hold it. If it holds NUL, the original is kept here under `field`.
    pub(crate) fn text<'a>(&mut self, field: &str, text: &'a str) -> Cow<'a, str> {
        let held = without_nul(text);
        if let Cow::Owned(_) = held {
            self.put(field, |out| write_string(out, text));
        }
        held
    }

    /// A number that is kept where it is not zero.
    pub(crate) fn count(&mut self, field: &str, value: u32) {
        if value != 0 {
            self.number(field, value);
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, field: &str, value: impl std::fmt::Display) {
        self.put(field, |out| out.extend_from_slice(value.to_string().as_bytes()));
    }

    /// A text that is kept where it is not empty.
    pub(crate) fn string(&mut self, field: &str, text: &str) {
        if !text.is_empty() {
            self.put(field, |out| write_string(out, text));
        }
    }

    /// Attributes that are kept where there are any.
    pub(crate) fn attributes(&mut self, field: &str, attributes: &[KeyValue]) {
        if !attributes.is_empty() {
            self.put(field, |out| write_attributes(out, attributes));
        }
    }

    /// The same; what does not fit is kept here.
    pub(crate) fn small(&mut self, field: &str, value: i32) -> i16 {
        if i16::try_from(value).is_err() {
            self.number(field, value);
        }
        small(value)
    }

    /// Whatever `write` writes.
    pub(crate) fn put(&mut self, field: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let first = self.json.is_empty();
        if first {
            self.json.push(b'{');
        }
        write_key(&mut self.json, first, field);
        write(&mut self.json);
    }

    /// Writes the object, or nothing where it is empty.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if !self.json.is_empty() {
            out.extend_from_slice(&self.json);
            out.push(b'}');
        }
    }

    /// The object as text.
    pub(crate) fn into_json(mut self) -> Option<String> {
        if self.json.is_empty() {
            return None;
        }
        self.json.push(b'}');
        Some(String::from_utf8(self.json).expect("JSON that we wrote is UTF-8"))
    }
}
